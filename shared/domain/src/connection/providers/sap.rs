//! SAP: S/4HANA, in the cloud and on premises, and SuccessFactors, which has the employees.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SignIn;
use crate::data_type::DataType;
use crate::validation::Checks;

/// Longest path of a service or navigation property, in bytes.
const LONGEST_PATH: usize = 512;

/// S/4HANA takes all but the assertion, SuccessFactors the assertion and a token.
pub(super) const SIGN_INS: &[SignIn] = &[
    SignIn { title: "a communication user", needs: &["apiUrl", "username", "password"], takes: &[] },
    SignIn {
        title: "OAuth 2.0 client credentials",
        needs: &["apiUrl", "tokenUrl", "clientId", "clientSecret"],
        takes: &["scope"],
    },
    SignIn {
        title: "SuccessFactors and a SAML assertion",
        needs: &["apiUrl", "company", "clientId", "username", "privateKey"],
        takes: &["privateKeyPassphrase", "certificate", "tokenUrl"],
    },
    SignIn { title: "an API key", needs: &["apiUrl", "apiKey"], takes: &[] },
    SignIn { title: "a token obtained elsewhere", needs: &["apiUrl", "oauthToken"], takes: &[] },
];

/// What is particular to an SAP connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SapSettings {
    /// What is at `apiUrl`.
    pub system: SapSystem,
    /// The client (`sap-client`), three digits; the system's own default if left out. The cloud has one only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "100")]
    pub client: Option<String>,
    /// The language of product names and of what SAP says (`sap-language`), two letters.
    #[schema(example = "EN")]
    pub language: String,
    /// Services that are elsewhere, or in another version, than usual.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<SapService, SapServiceSettings>,
    /// Navigation properties to read along with the records of a data type, such as `to_Valuation` for products.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub expand: BTreeMap<DataType, Vec<String>>,
    /// What stock is summed up by.
    pub stock_by: StockBy,
    /// Whether the status of an order tells when it was shipped, and by which bill of lading: takes the service of
    /// deliveries.
    pub deliveries: bool,
    /// S/4HANA: the role of the business partners that are employees; every person if empty.
    pub employee_role: String,
    /// What new orders get that ours do not tell.
    pub order: SapOrderSettings,
}

impl Default for SapSettings {
    fn default() -> Self {
        Self {
            system: SapSystem::default(),
            client: None,
            language: "EN".to_owned(),
            services: BTreeMap::new(),
            expand: BTreeMap::new(),
            stock_by: StockBy::default(),
            deliveries: false,
            employee_role: "BUP003".to_owned(),
            order: SapOrderSettings::default(),
        }
    }
}

/// A system of SAP's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SapSystem {
    /// S/4HANA, with everything; employees are business partners.
    #[default]
    S4hana,
    /// SuccessFactors, with employees alone.
    SuccessFactors,
}

/// What stock is summed up by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StockBy {
    /// The plant; `location` is `1710`.
    #[default]
    Plant,
    /// The storage location within the plant; `location` is `1710/171A`.
    StorageLocation,
}

/// A service that is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SapService {
    /// `API_PRODUCT_SRV`; in V4 `CE_PRODUCT_0002`.
    Products,
    /// `API_MATERIAL_STOCK_SRV`
    Stock,
    /// `API_SALES_ORDER_SRV`; in V4 `CE_SALESORDER_0001`.
    Orders,
    /// `API_OUTBOUND_DELIVERY_SRV;v=0002`
    Deliveries,
    /// `API_BILLING_DOCUMENT_SRV`
    Invoices,
    /// `API_BUSINESS_PARTNER`
    BusinessPartners,
    /// SuccessFactors: its OData V2 API.
    Users,
}

/// Where a service is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SapServiceSettings {
    /// Its path under `apiUrl`; SAP's own if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/sap/opu/odata/sap/API_PRODUCT_SRV")]
    pub path: Option<String>,
    /// The version of OData it speaks. `products` and `orders` are there in both.
    pub odata: ODataVersion,
}

/// A version of OData.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ODataVersion {
    /// OData V2, which every release has.
    #[default]
    V2,
    /// OData V4.
    V4,
}

/// What a new order gets that ours does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SapOrderSettings {
    /// `SalesOrderType`
    pub order_type: String,
    /// `SalesOrganization`; needed to send new orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "1710")]
    pub sales_organization: Option<String>,
    /// `DistributionChannel`; needed to send new orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "10")]
    pub distribution_channel: Option<String>,
    /// `OrganizationDivision`; needed to send new orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "00")]
    pub organization_division: Option<String>,
    /// The condition type that carries our unit prices, such as `PPR0`; SAP's own prices hold if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "PPR0")]
    pub price_condition: Option<String>,
    /// The partner function that gets our shipping address as a one-time address, such as `SH`; the customer's own
    /// address holds if left out. OData V2 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "SH")]
    pub ship_to_function: Option<String>,
}

impl Default for SapOrderSettings {
    fn default() -> Self {
        Self {
            order_type: "OR".to_owned(),
            sales_organization: None,
            distribution_channel: None,
            organization_division: None,
            price_condition: None,
            ship_to_function: None,
        }
    }
}

impl SapSettings {
    /// The version of OData that a service speaks.
    #[must_use]
    pub fn version(&self, service: SapService) -> ODataVersion {
        self.services.get(&service).map(|service| service.odata).unwrap_or_default()
    }

    pub(in crate::connection) fn check(&self, checks: &mut Checks) {
        let is_client = |client: &String| client.len() == 3 && client.bytes().all(|b| b.is_ascii_digit());
        checks.require(
            self.client.as_ref().is_none_or(is_client),
            "settings.sap.client",
            "must be three digits, such as 100",
        );
        checks.require(
            self.language.len() == 2 && self.language.bytes().all(|b| b.is_ascii_alphabetic()),
            "settings.sap.language",
            "must be two letters, such as EN",
        );
        checks.require(
            self.employee_role.is_empty() || is_code(&self.employee_role, 6),
            "settings.sap.employeeRole",
            "must be a role of at most 6 letters and digits, such as BUP003, or empty",
        );
        for (service, at) in &self.services {
            at.check(*service, checks);
        }
        for (data_type, properties) in &self.expand {
            checks.require(
                properties.len() <= 20 && properties.iter().all(|property| is_property(property)),
                &format!("settings.sap.expand.{data_type}"),
                "must be at most 20 navigation properties, such as to_Valuation or to_Partner/to_Address",
            );
        }
        self.order.check(self.version(SapService::Orders), checks);
    }
}

impl SapServiceSettings {
    fn check(&self, service: SapService, checks: &mut Checks) {
        let name = serde_json::to_string(&service).unwrap_or_default();
        let at = format!("settings.sap.services.{}", name.trim_matches('"'));
        let sound = |path: &String| {
            let plain = !path.chars().any(|c| c.is_control() || "?#".contains(c));
            path.starts_with('/') && path.len() <= LONGEST_PATH && plain
        };
        checks.require(
            self.path.as_ref().is_none_or(sound),
            &format!("{at}.path"),
            "must begin with / and hold neither ? nor #, such as /sap/opu/odata/sap/API_PRODUCT_SRV",
        );
        checks.require(
            self.odata == ODataVersion::V2 || matches!(service, SapService::Products | SapService::Orders),
            &format!("{at}.odata"),
            "must be v2: only products and orders are spoken to in v4",
        );
    }
}

impl SapOrderSettings {
    fn check(&self, version: ODataVersion, checks: &mut Checks) {
        let codes = [
            ("orderType", Some(&self.order_type), 4),
            ("salesOrganization", self.sales_organization.as_ref(), 4),
            ("distributionChannel", self.distribution_channel.as_ref(), 2),
            ("organizationDivision", self.organization_division.as_ref(), 2),
            ("priceCondition", self.price_condition.as_ref(), 4),
            ("shipToFunction", self.ship_to_function.as_ref(), 2),
        ];
        for (name, code, longest) in codes {
            checks.require(
                code.is_none_or(|code| is_code(code, longest)),
                &format!("settings.sap.order.{name}"),
                &format!("must be a code of 1 to {longest} letters and digits"),
            );
        }
        checks.require(
            self.ship_to_function.is_none() || version == ODataVersion::V2,
            "settings.sap.order.shipToFunction",
            "goes with orders in v2 only: set settings.sap.services.orders.odata to v2",
        );
    }
}

fn is_code(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a text can stand in `$expand`.
fn is_property(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_/".contains(&byte);
    (1..=LONGEST_PATH).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::connection::wrong;

    /// What is wrong with the settings, each with its field.
    fn wrong(sap: Value) -> Vec<String> {
        wrong::texts(wrong::settings(json!({"sap": sap})))
    }

    #[test]
    fn settings_that_fit_are_accepted() {
        let sap = json!({
            "system": "s4hana", "client": "100", "language": "DE", "stockBy": "storage_location", "employeeRole": "",
            "services": {"orders": {"odata": "v4"}, "products": {"path": "/sap/opu/odata/sap/ZAPI;v=0002"}},
            "expand": {"orders": ["to_Partner/to_Address"]},
            "order": {"salesOrganization": "1710", "distributionChannel": "10", "organizationDivision": "00"},
        });
        assert_eq!(wrong(sap), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_field() {
        let found = wrong(json!({
            "client": "1000", "language": "english", "employeeRole": "a role",
            "services": {"orders": {"odata": "v4", "path": "sap"}, "stock": {"odata": "v4"}},
            "expand": {"orders": ["to_Partner?x=1"]},
            "order": {"salesOrganization": "17100", "shipToFunction": "SH"},
        }));
        let begins = [
            "settings.sap.client must be three digits",
            "settings.sap.language must be two letters",
            "settings.sap.employeeRole must be a role",
            "settings.sap.services.stock.odata must be v2",
            "settings.sap.services.orders.path must begin with /",
            "settings.sap.expand.orders must be at most 20 navigation properties",
            "settings.sap.order.salesOrganization must be a code of 1 to 4",
            "settings.sap.order.shipToFunction goes with orders in v2 only",
        ];
        for begin in begins {
            assert!(found.iter().any(|error| error.starts_with(begin)), "{begin}: {found:#?}");
        }
        assert_eq!(found.len(), begins.len(), "{found:#?}");
    }
}
