//! The form in which they take orders, in either version of OData, unless `settings.api.push.orders` has another. Pure.

use domain::connection::providers::sap::{ODataVersion, SapOrderSettings, SapService, SapSettings};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use transport::ErpError;

use super::config::misconfigured;

/// How V2 writes a moment: milliseconds since 1970 stand between these.
const DATE: (&str, &str) = ("/Date(", ")/");

/// A new order, with its lines.
///
/// # Errors
/// `Misconfigured`, naming the setting that lacks.
pub(super) fn new_order(settings: &SapSettings) -> Result<Value, ErpError> {
    let order = &settings.order;
    let needed = |code: &Option<String>, name: &str| {
        code.clone().ok_or_else(|| {
            misconfigured(&format!("settings.sap.order.{name} is needed: new orders belong to a sales area"))
        })
    };
    let version = settings.version(SapService::Orders);
    let mut template = header(version);
    template.insert("SalesOrderType".to_owned(), json!(order.order_type));
    for (name, field, code) in [
        ("SalesOrganization", "salesOrganization", &order.sales_organization),
        ("DistributionChannel", "distributionChannel", &order.distribution_channel),
        ("OrganizationDivision", "organizationDivision", &order.organization_division),
    ] {
        template.insert(name.to_owned(), json!(needed(code, field)?));
    }
    template.insert("SoldToParty".to_owned(), json!("{{customerId}}"));
    template.insert("TransactionCurrency".to_owned(), json!("{{currency}}"));
    match version {
        ODataVersion::V2 => {
            template.insert("to_Item".to_owned(), json!({"results": lines(item_of_v2(order))}));
            if let Some(function) = &order.ship_to_function {
                template.insert("to_Partner".to_owned(), json!({"results": [ship_to(function)]}));
            }
        }
        ODataVersion::V4 => {
            template.insert("_Item".to_owned(), lines(item_of_v4(order)));
        }
    }
    Ok(Value::Object(template))
}

/// A changed order: its lines and its customer cannot be changed with it.
pub(super) fn changed_order(settings: &SapSettings) -> Value {
    Value::Object(header(settings.version(SapService::Orders)))
}

/// What may be set at any time.
fn header(version: ODataVersion) -> Map<String, Value> {
    let day = |field: &str| match version {
        ODataVersion::V2 => format!("{}{{{{{field}}}}}{}", DATE.0, DATE.1),
        ODataVersion::V4 => format!("{{{{{field}}}}}"),
    };
    let fields = [
        ("PurchaseOrderByCustomer", "{{reference}}".to_owned()),
        ("CustomerPurchaseOrderDate", day("orderedAt|date")),
        ("RequestedDeliveryDate", day("requiredOn")),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

fn lines(item: Value) -> Value {
    json!({"$each": "lines", "item": item})
}

fn item_of_v2(order: &SapOrderSettings) -> Value {
    let mut item = json!({
        "Material": "{{sku}}",
        "RequestedQuantity": "{{quantity}}",
        "RequestedQuantityUnit": "{{unit}}",
    });
    if let Some(condition) = &order.price_condition {
        let price = json!({
            "ConditionType": condition,
            "ConditionRateValue": "{{unitPrice}}",
            "ConditionCurrency": "{{$.currency}}",
            "ConditionQuantity": "1",
            "ConditionQuantityUnit": "{{unit}}",
        });
        item["to_PricingElement"] = json!({"results": [price]});
    }
    item
}

fn item_of_v4(order: &SapOrderSettings) -> Value {
    let mut item = json!({
        "Product": "{{sku}}",
        "RequestedQuantity": "{{quantity}}",
        "RequestedQuantitySAPUnit": "{{unit}}",
    });
    if let Some(condition) = &order.price_condition {
        let price = json!({
            "ConditionType": condition,
            "ConditionRateAmount": "{{unitPrice}}",
            "ConditionCurrency": "{{$.currency}}",
            "ConditionQuantity": 1,
            "ConditionQuantitySAPUnit": "{{unit}}",
        });
        item["_ItemPricingElement"] = json!([price]);
    }
    item
}

/// The shipping address, as a one-time address of the partner who gets the goods.
fn ship_to(function: &str) -> Value {
    let address = json!({
        "OrganizationName1": "{{shippingAddress.name}}",
        "StreetName": "{{shippingAddress.street}}",
        "StreetSuffixName1": "{{shippingAddress.street2}}",
        "CityName": "{{shippingAddress.city}}",
        "Region": "{{shippingAddress.region}}",
        "PostalCode": "{{shippingAddress.postalCode}}",
        "Country": "{{shippingAddress.country}}",
    });
    json!({"PartnerFunction": function, "to_Address": {"results": [address]}})
}

/// The body with each `/Date(2026-11-21)/` in milliseconds since 1970.
pub(super) fn in_milliseconds(body: &str) -> String {
    let mut pieces = body.split(DATE.0);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(DATE.0);
        match piece.split_once(DATE.1).and_then(|(day, rest)| Some((milliseconds(day)?, rest))) {
            Some((milliseconds, rest)) => out.push_str(&format!("{milliseconds}{}{rest}", DATE.1)),
            None => out.push_str(piece),
        }
    }
    out
}

fn milliseconds(day: &str) -> Option<i64> {
    let day: Date = day.parse().ok()?;
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_milliseconds_and_the_rest_stays() {
        let body = r#"{"a":"/Date(2025-12-01)/","b":"/Date(7)/","c":"/Date(","d":"/Date(1969-12-31)/ x"}"#;
        let expected =
            r#"{"a":"/Date(1764547200000)/","b":"/Date(7)/","c":"/Date(","d":"/Date(-86400000)/ x"}"#;
        assert_eq!(in_milliseconds(body), expected);
    }
}
