//! Theirs and ours: where the records of each data type are, which of their fields are asked for and fill which of
//! ours, and how they word a refusal. Pure.

use domain::DataType;
use domain::json::Json;

use crate::offer::{BOTH_WAYS, Offer, PULLED};

/// What can be synced. Lists within a record are collections of their own, with the records in `items`.
pub(crate) const OFFERS: &[Offer] = &[
    Offer {
        data_type: DataType::Products,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("sku", "ItemNumber"),
            ("name", "ItemDescription"),
            ("unit", "PrimaryUOMValue"),
            ("category", "ItemClass"),
            ("modifiedAt", "LastUpdateDateTime"),
        ],
    },
    Offer {
        data_type: DataType::Inventory,
        directions: PULLED,
        // Balances have no time of change.
        pulls_changes: false,
        mapping: &[("sku", "ItemNumber"), ("location", "SubinventoryCode"), ("quantity", "PrimaryQuantity")],
    },
    Offer {
        data_type: DataType::Orders,
        directions: BOTH_WAYS,
        pulls_changes: true,
        mapping: &[
            ("orderNumber", "OrderNumber"),
            ("reference", "SourceTransactionNumber"),
            ("customerId", "BuyingPartyNumber"),
            ("customerName", "BuyingPartyName"),
            ("status", "StatusCode"),
            ("currency", "TransactionalCurrencyCode"),
            ("orderedAt", "TransactionOn"),
            ("requiredOn", "RequestedShipDate"),
            ("notes", "Comments"),
            ("netTotal", "$.totals.items[?@.TotalCode=='QP_TOTAL_NET_PRICE'].TotalAmount"),
            ("tax", "$.totals.items[?@.TotalCode=='QP_TOTAL_TAX'].TotalAmount"),
            ("shippingCost", "$.totals.items[?@.TotalCode=='QP_TOTAL_SHIP_CHARGE'].TotalAmount"),
            ("total", "$.totals.items[?@.TotalCode=='QP_TOTAL_PAY_NOW'].TotalAmount"),
            ("shippingAddress.name", "shipToCustomer.items.0.PartyName"),
            ("shippingAddress.street", "shipToCustomer.items.0.Address1"),
            ("shippingAddress.street2", "shipToCustomer.items.0.Address2"),
            ("shippingAddress.city", "shipToCustomer.items.0.City"),
            ("shippingAddress.region", "shipToCustomer.items.0.State"),
            ("shippingAddress.postalCode", "shipToCustomer.items.0.PostalCode"),
            ("shippingAddress.country", "shipToCustomer.items.0.Country"),
            ("lines", "lines.items"),
        ],
    },
    Offer {
        data_type: DataType::OrderStatus,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("orderNumber", "OrderNumber"),
            ("reference", "SourceTransactionNumber"),
            ("status", "StatusCode"),
            ("shippedAt", "$.lines.items[?@.ActualShipDate!=null].ActualShipDate"),
            ("trackingNumber", "$.lines.items[*].lineDetails.items[?@.TrackingNumber!=null].TrackingNumber"),
        ],
    },
    Offer {
        data_type: DataType::Invoices,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("invoiceNumber", "TransactionNumber"),
            ("orderNumber", "$.receivablesInvoiceLines.items[?@.SalesOrder!=null].SalesOrder"),
            ("reference", "PurchaseOrder"),
            ("customerId", "BillToCustomerNumber"),
            ("customerName", "BillToCustomerName"),
            ("status", "InvoiceStatus"),
            ("currency", "InvoiceCurrencyCode"),
            ("total", "EnteredAmount"),
            ("balance", "InvoiceBalanceAmount"),
            ("issuedOn", "TransactionDate"),
            ("dueOn", "DueDate"),
            ("lines", "receivablesInvoiceLines.items"),
        ],
    },
    Offer {
        data_type: DataType::Employees,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("employeeId", "PersonNumber"),
            ("firstName", "names.items.0.FirstName"),
            ("lastName", "names.items.0.LastName"),
            ("name", "names.items.0.DisplayName"),
            ("email", "$.emails.items[?@.PrimaryFlag==true].EmailAddress"),
            ("hiredOn", "workRelationships.items.0.StartDate"),
            ("leftOn", "workRelationships.items.0.TerminationDate"),
            ("jobTitle", "workRelationships.items.0.assignments.items.0.JobCode"),
            ("department", "workRelationships.items.0.assignments.items.0.DepartmentName"),
            ("status", "workRelationships.items.0.assignments.items.0.AssignmentStatusType"),
        ],
    },
];

/// A resource that holds the records of a data type.
#[derive(Debug)]
pub(super) struct Resource {
    /// The API it belongs to, as its addresses have it.
    pub(super) api: &'static str,
    /// Its name in addresses.
    pub(super) name: &'static str,
    /// The field with a number that no other record has, which is also its key in addresses.
    pub(super) key: Option<&'static str>,
    /// The fields it is ordered by, so that no record is on two pages.
    pub(super) order: &'static [&'static str],
    /// What is asked for: `fields`, then those of its lists.
    pub(super) fields: &'static str,
    /// A condition that always holds.
    pub(super) filter: Option<&'static str>,
    /// Whether there is one record for each inventory organization.
    pub(super) of_organization: bool,
    /// The fields that tell when a record was changed.
    pub(super) changed: &'static [&'static str],
    /// The list within a record that may be longer than what comes with it, and what it is ordered by.
    pub(super) child: Option<Child>,
}

/// A list within a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Child {
    pub(super) name: &'static str,
    pub(super) order: &'static str,
}

/// Where the records of a data type are.
pub(super) const fn resource(data_type: DataType) -> &'static Resource {
    match data_type {
        DataType::Orders => &ORDERS,
        DataType::Products => &PRODUCTS,
        DataType::OrderStatus => &ORDER_STATUS,
        DataType::Inventory => &INVENTORY,
        DataType::Employees => &EMPLOYEES,
        DataType::Invoices => &INVOICES,
    }
}

const PLAIN: Resource = Resource {
    api: "fscmRestApi",
    name: "",
    key: None,
    order: &[],
    fields: "",
    filter: None,
    of_organization: false,
    changed: &["LastUpdateDate"],
    child: None,
};

const ORDERS: Resource = Resource {
    name: "salesOrdersForOrderHub",
    key: Some("HeaderId"),
    order: &["HeaderId"],
    fields: "HeaderId,OrderNumber,SourceTransactionNumber,SourceTransactionSystem,BuyingPartyNumber,BuyingPartyName,\
             StatusCode,TransactionalCurrencyCode,TransactionOn,RequestedShipDate,Comments,LastUpdateDate;\
             lines:FulfillLineId,LineNumber,ProductNumber,ProductDescription,OrderedQuantity,OrderedUOMCode,\
             UnitSellingPrice,StatusCode;totals:TotalCode,TotalAmount;\
             shipToCustomer:PartyName,Address1,Address2,City,State,PostalCode,Country",
    child: Some(Child { name: "lines", order: "FulfillLineId" }),
    ..PLAIN
};

const ORDER_STATUS: Resource = Resource {
    fields: "HeaderId,OrderNumber,SourceTransactionNumber,StatusCode,LastUpdateDate;\
             lines:FulfillLineId,StatusCode,ActualShipDate;lines.lineDetails:TrackingNumber",
    ..ORDERS
};

const PRODUCTS: Resource = Resource {
    name: "itemsV2",
    key: Some("ItemId"),
    order: &["ItemId"],
    fields: "ItemId,ItemNumber,ItemDescription,ItemClass,ItemStatusValue,PrimaryUOMValue,LastUpdateDateTime",
    of_organization: true,
    changed: &["LastUpdateDateTime"],
    ..PLAIN
};

const INVENTORY: Resource = Resource {
    name: "inventoryOnhandBalances",
    order: &["ItemNumber", "SubinventoryCode"],
    fields: "OrganizationCode,ItemNumber,SubinventoryCode,PrimaryQuantity",
    filter: Some("SummaryLevel = 'Subinventory'"),
    of_organization: true,
    changed: &[],
    ..PLAIN
};

const INVOICES: Resource = Resource {
    name: "receivablesInvoices",
    key: Some("CustomerTransactionId"),
    order: &["CustomerTransactionId"],
    fields: "CustomerTransactionId,TransactionNumber,TransactionDate,DueDate,BillToCustomerNumber,\
             BillToCustomerName,InvoiceCurrencyCode,EnteredAmount,InvoiceBalanceAmount,InvoiceStatus,PurchaseOrder,\
             LastUpdateDate;receivablesInvoiceLines:CustomerTransactionLineId,LineNumber,ItemNumber,Description,\
             Quantity,UnitSellingPrice,LineAmount,SalesOrder",
    child: Some(Child { name: "receivablesInvoiceLines", order: "CustomerTransactionLineId" }),
    ..PLAIN
};

const EMPLOYEES: Resource = Resource {
    api: "hcmRestApi",
    name: "workers",
    key: Some("PersonId"),
    order: &["PersonId"],
    fields: "PersonId,PersonNumber,LastUpdateDate;names:FirstName,LastName,DisplayName;\
             emails:EmailAddress,PrimaryFlag;workRelationships:StartDate,TerminationDate;\
             workRelationships.assignments:AssignmentStatusType,DepartmentName,JobCode",
    ..PLAIN
};

/// The fields of a list within a record, and of the lists in it, out of those that are asked for with the record.
pub(super) fn fields_of_child(fields: &str, child: &str) -> String {
    let of_child = |part: &str| {
        let rest = part.strip_prefix(child)?;
        rest.strip_prefix(':').or_else(|| rest.strip_prefix('.')).map(str::to_owned)
    };
    fields.split(';').filter_map(of_child).collect::<Vec<_>>().join(";")
}

/// A text as conditions have it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Their sentences, each with its code and with what it is about; the title alone says nothing.
pub(super) fn words(refusal: Json<'_>) -> Option<String> {
    let details = refusal.get("o:errorDetails")?.items();
    let sentence = |detail: &Json<'_>| {
        let text = |name| detail.get(name).and_then(Json::as_string).filter(|text| !text.is_empty());
        let said = text("detail")?;
        let about: Vec<_> = ["o:errorCode", "o:errorPath"].into_iter().filter_map(text).collect();
        Some(if about.is_empty() { said.into_owned() } else { format!("{said} ({})", about.join(", ")) })
    };
    let sentences: Vec<_> = details.iter().filter_map(sentence).take(5).collect();
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_list_within_a_record_are_told_apart() {
        let fields = "HeaderId;lines:LineId,StatusCode;lines.lineDetails:TrackingNumber;linesOfOthers:X";
        assert_eq!(fields_of_child(fields, "lines"), "LineId,StatusCode;lineDetails:TrackingNumber");
        assert_eq!(fields_of_child(fields, "totals"), "");
    }

    #[test]
    fn a_refusal_is_told_with_its_codes_and_paths() {
        let refusal = br#"{"title": "Bad Request", "status": "400", "o:errorDetails": [
            {"detail": "The item isn't valid.", "o:errorCode": "DOO-1", "o:errorPath": "/lines[1]"},
            {"detail": "Try again.", "o:errorCode": ""}]}"#;
        let said = words(Json::parse(refusal).unwrap()).unwrap();
        assert_eq!(said, "The item isn't valid. (DOO-1, /lines[1]); Try again.");
        assert_eq!(words(Json::parse(br#"{"title": "Gone"}"#).unwrap()), None);
    }
}
