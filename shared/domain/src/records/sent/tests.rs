use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn read(data_type: DataType, text: &str, key: Option<&str>) -> Result<Sent, Invalid> {
    read_sent(data_type, Json::parse(text.as_bytes()).unwrap(), key, None)
}

fn fields(refused: Result<Sent, Invalid>) -> Vec<String> {
    refused.unwrap_err().0.into_iter().map(|error| error.field).collect()
}

#[test]
fn a_record_is_written_in_the_order_of_its_fields_with_every_digit() {
    let text = r#"{"weight": 1.50, "price": 12345678901234567.8900, "name": "Chai", "unit": "", "brand": null,
        "extra": {"n": 12345678901234567.89, "none": null}, "active": true}"#;
    let sent = read(DataType::Products, text, Some("SKU-1")).unwrap();
    assert_eq!(sent.key, "SKU-1");
    assert_eq!(
        sent.record.get(),
        r#"{"sku":"SKU-1","name":"Chai","price":"12345678901234567.8900","weight":1.50,"active":true,"extra":{"n":12345678901234567.89}}"#
    );
}

#[test]
fn everything_that_is_wrong_is_named_by_its_path() {
    let text = r#"{"colour": "red", "orderedAt": "yesterday", "lines": [{"sku": 1, "quantity": "many"}, 7],
        "shippingAddress": {"planet": "Mars"}, "total": true}"#;
    let named = fields(read(DataType::Orders, text, Some("1")));
    let expected = [
        "colour",
        "total",
        "orderedAt",
        "shippingAddress.planet",
        "lines.0.sku",
        "lines.0.quantity",
        "lines.1",
    ];
    assert_eq!(named, expected);
    assert_eq!(fields(read(DataType::Inventory, "{}", None)), ["sku", "quantity"]);
    assert_eq!(fields(read(DataType::Products, "[]", None)), ["record"]);
    assert_eq!(fields(read(DataType::Products, r#"{"sku":"a","sku":"b"}"#, None)), ["sku"]);
}

#[test]
fn a_key_must_be_the_one_of_the_address() {
    assert_eq!(fields(read(DataType::Products, r#"{"sku": "B"}"#, Some("A"))), ["sku"]);
    let stock = read(DataType::Inventory, r#"{"quantity": 1}"#, Some("A|MAIN")).unwrap();
    assert_eq!(stock.record.get(), r#"{"sku":"A","location":"MAIN","quantity":1}"#);
    let long = format!(r#"{{"sku": "{}"}}"#, "x".repeat(513));
    assert_eq!(fields(read(DataType::Products, &long, None)), ["sku"]);
}

#[test]
fn a_record_that_is_too_large_is_refused() {
    let text = format!(r#"{{"sku": "A", "name": "{}"}}"#, "x".repeat(MAX_RECORD_BYTES));
    assert_eq!(fields(read(DataType::Products, &text, None)), ["record"]);
}

#[test]
fn only_the_erp_says_when_it_changed_a_record() {
    let sent = Json::parse(br#"{"sku":"A","modifiedAt":"2030-01-01T00:00:00Z"}"#).unwrap();
    let current = Json::parse(br#"{"sku":"A","modifiedAt":"2026-01-01T00:00:00Z"}"#).unwrap();
    let read = read_sent(DataType::Products, sent, Some("A"), Some(current)).unwrap();
    assert_eq!(read.record.get(), current.text());
}

#[test]
fn a_record_takes_the_key_the_erp_gave_it() {
    let record = Json::parse(br#"{"orderNumber":"web-1","reference":"web-1","total":"1.0"}"#).unwrap();
    let renamed = with_key(DataType::Orders, record, "5001").unwrap();
    assert_eq!(renamed.record.get(), r#"{"orderNumber":"5001","reference":"web-1","total":"1.0"}"#);
    assert_eq!(renamed.key, "5001");
}

#[test]
fn a_patch_merges_objects_and_null_removes() {
    let of = |text: &'static str| Json::parse(text.as_bytes()).unwrap();
    let merged = patched(
        of(r#"{"a":1.10,"b":{"x":1,"y":2},"c":3}"#),
        of(r#"{"b":{"x":null,"z":{"n":null}},"c":null,"d":[1]}"#),
    );
    assert_eq!(merged, r#"{"a":1.10,"b":{"y":2,"z":{}},"d":[1]}"#);
}

/// Values of all kinds under the names of an order's fields, and some others.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i16>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        prop_oneof![Just("12.50"), Just("2026-01-31"), Just("2026-01-31T10:00:00Z"), Just("1"), Just("")]
            .prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let names = prop_oneof![
        Just("orderNumber"),
        Just("total"),
        Just("orderedAt"),
        Just("requiredOn"),
        Just("shippingAddress"),
        Just("city"),
        Just("lines"),
        Just("quantity"),
        Just("extra"),
        Just("modifiedAt"),
        Just("other"),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_sent_is_refused_by_name_or_read_once_and_for_all(value in anything()) {
        let text = value.to_string();
        match read(DataType::Orders, &text, Some("1")) {
            Err(Invalid(errors)) => prop_assert!(!errors.is_empty()),
            Ok(sent) => {
                let again = read(DataType::Orders, sent.record.get(), Some("1")).unwrap();
                prop_assert_eq!(again.record.get(), sent.record.get());
            }
        }
    }

    #[test]
    fn a_patch_does_what_rfc_7396_says(current in anything(), patch in anything()) {
        fn merged(current: &Value, patch: &Value) -> Value {
            let Value::Object(changes) = patch else { return patch.clone() };
            let mut members = current.as_object().cloned().unwrap_or_default();
            for (name, change) in changes {
                match change {
                    Value::Null => { members.remove(name); }
                    change => {
                        let inner = merged(members.get(name).unwrap_or(&Value::Null), change);
                        members.insert(name.clone(), inner);
                    }
                }
            }
            Value::Object(members)
        }
        let texts = [current.to_string(), patch.to_string()];
        let [now, change] = [&texts[0], &texts[1]].map(|text| Json::parse(text.as_bytes()).unwrap());
        let told: Value = serde_json::from_str(&patched(now, change)).unwrap();
        prop_assert_eq!(told, merged(&current, &patch));
    }
}
