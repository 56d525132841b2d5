//! The form in which orders are sent, unless `settings.api.push.orders` has another. Pure.

use std::borrow::Cow;

use domain::connection::OracleSettings;
use domain::json::{Json, Kind};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::children::with_member;

/// The lines of an order, as we call them and as they do.
const LINES: &str = "lines";

/// A new order. Fusion makes neither customers nor addresses: sites are named by their ids, which only `extra` can hold.
pub(super) fn order(settings: &OracleSettings, business_unit: &str, record: Json<'_>) -> Value {
    let mut template = header(settings);
    let fixed = [
        ("SourceTransactionNumber", json!("{{reference}}")),
        ("SourceTransactionId", json!("{{reference}}")),
        ("SourceTransactionSystem", json!(settings.source_system)),
        ("SourceTransactionRevisionNumber", json!(1)),
        ("BusinessUnitName", json!(business_unit)),
        ("TransactionOn", json!("{{orderedAt}}")),
        ("FreezePriceFlag", json!(false)),
        ("FreezeShippingChargeFlag", json!(false)),
        ("FreezeTaxFlag", json!(false)),
        (LINES, json!({"$each": "lines", "item": line(settings)})),
    ];
    template.extend(fixed.map(|(name, value)| (name.to_owned(), value)));
    if let Some(code) = &settings.transaction_type {
        template.insert("TransactionTypeCode".to_owned(), json!(code));
    }
    for (name, decisive, party) in parties() {
        if record.at(decisive).is_some_and(|value| value.kind() != Kind::Null) {
            template.insert(name.to_owned(), json!([party]));
        }
    }
    Value::Object(template)
}

/// A changed order: what of it can change without its lines.
pub(super) fn change(settings: &OracleSettings) -> Value {
    Value::Object(header(settings))
}

fn header(settings: &OracleSettings) -> Map<String, Value> {
    let fields = [
        ("BuyingPartyNumber", json!("{{customerId}}")),
        ("TransactionalCurrencyCode", json!("{{currency}}")),
        ("RequestedShipDate", json!("{{requiredOn}}T00:00:00+00:00")),
        ("Comments", json!("{{notes}}")),
        ("SubmittedFlag", json!(settings.submit_orders)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn line(settings: &OracleSettings) -> Value {
    let mut line = json!({
        "SourceTransactionLineId": "{{lineNumber}}",
        "SourceTransactionLineNumber": "{{lineNumber}}",
        "SourceTransactionScheduleId": "1",
        "SourceScheduleNumber": "1",
        "TransactionCategoryCode": "ORDER",
        "ProductNumber": "{{sku}}",
        "OrderedQuantity": "{{quantity}}",
        "OrderedUOMCode": "{{unit}}",
    });
    if let Some(warehouse) = &settings.warehouse {
        line["RequestedFulfillmentOrganizationCode"] = json!(warehouse);
    }
    line
}

/// Who pays and who receives: the member, the field without which it is left out, and its form.
fn parties() -> [(&'static str, &'static str, Value); 2] {
    let bill_to = json!({
        "CustomerAccountId": "{{extra.billToAccountId}}",
        "SiteUseId": "{{extra.billToSiteUseId}}",
    });
    let ship_to = json!({"PartyId": "{{extra.shipToPartyId}}", "SiteId": "{{extra.shipToSiteId}}"});
    [("billToCustomer", "extra.billToSiteUseId", bill_to), ("shipToCustomer", "extra.shipToSiteId", ship_to)]
}

/// The record with a number on each line, by which Fusion tells them apart: by position, unless each has one of its own.
pub(super) fn numbered(record: &RawValue) -> Cow<'_, RawValue> {
    let json = Json::from(record);
    let lines = json.get(LINES).map(Json::items).unwrap_or_default();
    let has_number =
        |line: &Json<'_>| line.get("lineNumber").is_some_and(|number| number.kind() != Kind::Null);
    if lines.iter().all(has_number) {
        return Cow::Borrowed(record);
    }
    let numbered = |(position, line): (usize, Json<'_>)| {
        let members = line.members().into_iter().filter(|(name, _)| name != "lineNumber");
        let others = members.map(|(name, value)| format!(",{}:{}", Value::from(name.as_ref()), value.text()));
        format!("{{\"lineNumber\":\"{}\"{}}}", position + 1, others.collect::<String>())
    };
    let lines: Vec<_> = lines.into_iter().enumerate().map(numbered).collect();
    let record_text = with_member(json, LINES, &format!("[{}]", lines.join(",")));
    RawValue::from_string(record_text).map_or(Cow::Borrowed(record), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(record: &str) -> String {
        numbered(&RawValue::from_string(record.to_owned()).unwrap()).get().to_owned()
    }

    #[test]
    fn lines_are_numbered_by_position_unless_each_has_a_number_and_no_digit_is_lost() {
        let plain = r#"{"a":1.10,"lines":[{"sku":"A","quantity":12345678901234567.89},{"lineNumber":"1"}]}"#;
        let with_numbers = concat!(
            r#"{"a":1.10,"lines":[{"lineNumber":"1","sku":"A","quantity":12345678901234567.89},"#,
            r#"{"lineNumber":"2"}]}"#
        );
        assert_eq!(numbers(plain), with_numbers);
        let own = r#"{"lines":[{"lineNumber":"10"},{"lineNumber":"20"}]}"#;
        assert_eq!(numbers(own), own);
        assert_eq!(numbers(r#"{"a":1}"#), r#"{"a":1}"#);
    }
}
