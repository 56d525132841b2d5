//! Where the records of each data type are, and how they are asked for in either version of OData. Pure.

use domain::DataType;
use domain::connection::providers::sap::{ODataVersion, SapService, SapSettings, SapSystem};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::mapping::quoted;

/// The most records S/4HANA gives at a time (SAP note 3626726).
const LARGEST_PAGE: u32 = 5_000;

/// The most records SuccessFactors gives at a time (SAP note 3308165).
const LARGEST_PAGE_OF_USERS: u32 = 1_000;

/// What is read of a user of SuccessFactors, who has many hundreds of fields.
const USER_FIELDS: &str = "userId,username,firstName,lastName,defaultFullName,email,empId,hireDate,department,division,\
                           location,title,jobTitle,status,businessPhone,lastModifiedDateTime,manager/userId";

/// How a list tells what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    /// By the moment of the last change.
    Moment(&'static str),
    /// By the day of the last change, which is empty until there is one, and the day of the creation.
    Day,
    /// Not at all.
    None,
}

/// A list of theirs that holds the records of a data type.
#[derive(Debug)]
pub(super) struct List {
    pub(super) service: SapService,
    /// Its name in addresses.
    pub(super) set: &'static str,
    /// What it is ordered by: while records change, each keeps its place.
    pub(super) key: &'static str,
    pub(super) version: ODataVersion,
    stamp: Stamp,
    select: Option<&'static str>,
    expand: Vec<String>,
    /// A condition that always holds.
    filter: Option<&'static str>,
}

impl List {
    /// The list of a data type; none where the system has none.
    pub(super) fn of(settings: &SapSettings, data_type: DataType) -> Option<Self> {
        let mut list = match settings.system {
            SapSystem::S4hana => Self::of_s4hana(settings, data_type),
            SapSystem::SuccessFactors => Self::of_success_factors(data_type)?,
        };
        list.expand.extend(settings.expand.get(&data_type).into_iter().flatten().cloned());
        Some(list)
    }

    fn of_s4hana(settings: &SapSettings, data_type: DataType) -> Self {
        let (service, in_v2, in_v4, key) = match data_type {
            DataType::Products => (SapService::Products, "A_Product", "Product", "Product"),
            DataType::Inventory => (SapService::Stock, "A_MatlStkInAcctMod", "", "Material"),
            DataType::Orders | DataType::OrderStatus => {
                (SapService::Orders, "A_SalesOrder", "SalesOrder", "SalesOrder")
            }
            DataType::Invoices => (SapService::Invoices, "A_BillingDocument", "", "BillingDocument"),
            DataType::Employees => (SapService::BusinessPartners, "A_BusinessPartner", "", "BusinessPartner"),
        };
        let version = settings.version(service);
        let (set, expand): (_, &[&str]) = match (data_type, version) {
            (DataType::Products, ODataVersion::V2) => (in_v2, &["to_Description"]),
            (DataType::Products, ODataVersion::V4) => (in_v4, &["_ProductDescription"]),
            (DataType::Orders, ODataVersion::V2) => (in_v2, &["to_Item"]),
            (DataType::Orders, ODataVersion::V4) => (in_v4, &["_Item"]),
            (DataType::OrderStatus, ODataVersion::V4) => (in_v4, &[]),
            (DataType::Invoices, _) => (in_v2, &["to_Item"]),
            (DataType::Employees, _) => {
                (in_v2, &["to_BusinessPartnerRole", "to_BusinessPartnerAddress/to_EmailAddress"])
            }
            (DataType::Inventory | DataType::OrderStatus, _) => (in_v2, &[]),
        };
        let (select, filter) = match data_type {
            DataType::OrderStatus => (
                Some(
                    "SalesOrder,PurchaseOrderByCustomer,OverallSDProcessStatus,OverallDeliveryStatus,\
                     OverallSDDocumentRejectionSts,LastChangeDateTime",
                ),
                None,
            ),
            DataType::Inventory => (
                Some("Material,Plant,StorageLocation,Batch,MaterialBaseUnit,MatlWrhsStkQtyInMatlBaseUnit"),
                // What may be used freely, and is ours.
                Some("InventoryStockType eq '01' and InventorySpecialStockType eq ''"),
            ),
            DataType::Employees => (None, Some("BusinessPartnerCategory eq '1'")),
            DataType::Products | DataType::Orders | DataType::Invoices => (None, None),
        };
        let stamp = match data_type {
            DataType::Inventory => Stamp::None,
            DataType::Employees => Stamp::Day,
            _ => Stamp::Moment("LastChangeDateTime"),
        };
        let expand = expand.iter().map(|property| (*property).to_owned()).collect();
        Self { service, set, key, version, stamp, select, expand, filter }
    }

    fn of_success_factors(data_type: DataType) -> Option<Self> {
        (data_type == DataType::Employees).then(|| Self {
            service: SapService::Users,
            set: "User",
            key: "userId",
            version: ODataVersion::V2,
            stamp: Stamp::Moment("lastModifiedDateTime"),
            select: Some(USER_FIELDS),
            expand: vec!["manager".to_owned()],
            // Unless asked for, those who left are left out (SAP note 2736579).
            filter: Some("status in 't','f'"),
        })
    }

    /// How many records may be asked for at a time.
    pub(super) fn page_size(&self, wanted: u32) -> u32 {
        wanted.min(if self.is_of_users() { LARGEST_PAGE_OF_USERS } else { LARGEST_PAGE })
    }

    /// Whether it is SuccessFactors', which keeps a snapshot to page through.
    pub(super) fn is_of_users(&self) -> bool {
        self.service == SapService::Users
    }

    /// The query that asks for all of it, or for what changed since a moment.
    pub(super) fn query(&self, since: Option<Timestamp>) -> Vec<(&'static str, String)> {
        let mut query = Vec::new();
        let changed = since.and_then(|since| self.changed(since));
        let conditions: Vec<String> = changed.into_iter().chain(self.filter.map(str::to_owned)).collect();
        if !conditions.is_empty() {
            query.push(("$filter", conditions.join(" and ")));
        }
        let order =
            if self.service == SapService::Stock { "Material,Plant,StorageLocation,Batch" } else { self.key };
        query.push(("$orderby", order.to_owned()));
        if let Some(select) = self.select {
            query.push(("$select", select.to_owned()));
        }
        if !self.expand.is_empty() {
            query.push(("$expand", self.expand.join(",")));
        }
        query
    }

    fn changed(&self, since: Timestamp) -> Option<String> {
        // Seconds are cut off, so that what is asked for only ever begins earlier.
        let second = Timestamp::from_second(since.as_second()).unwrap_or(since);
        match (self.stamp, self.version) {
            (Stamp::Moment(field), ODataVersion::V2) => Some(format!("{field} gt datetimeoffset'{second}'")),
            (Stamp::Moment(field), ODataVersion::V4) => Some(format!("{field} gt {second}")),
            (Stamp::Day, _) => {
                // Days are those of the system's own time zone.
                let before = since.checked_sub(SignedDuration::from_hours(24)).unwrap_or(since);
                let day = before.to_zoned(TimeZone::UTC).date();
                let from = format!("ge datetime'{day}T00:00:00'");
                Some(format!("(LastChangeDate {from} or CreationDate {from})"))
            }
            (Stamp::None, _) => None,
        }
    }
}

/// A condition that a field has one of these values.
pub(super) fn one_of<'v>(field: &str, values: impl IntoIterator<Item = &'v str>) -> String {
    let each = values.into_iter().map(|value| format!("{field} eq {}", quoted(value)));
    each.collect::<Vec<_>>().join(" or ")
}
