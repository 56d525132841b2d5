use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::json::Opened;
use crate::mapping::{FieldMapping, Mapper};

fn list(transformations: Value) -> Vec<Transformation> {
    serde_json::from_value(transformations).unwrap()
}

fn errors(data_type: DataType, transformations: Value) -> Vec<(String, String)> {
    let mut checks = Checks::default();
    check_transformations(data_type, &list(transformations), &mut checks);
    let errors = checks.finish().err().map(|invalid| invalid.0).unwrap_or_default();
    errors.into_iter().map(|error| (error.field, error.message)).collect()
}

/// Maps a record under transformations; an error as `field: message`.
fn map(data_type: DataType, transformations: Value, raw: &Value) -> Result<Value, String> {
    assert_eq!(errors(data_type, transformations.clone()), []);
    let mut mapper = Mapper::new(data_type, &FieldMapping::new(), &list(transformations));
    let (raw, mut out) = (raw.to_string(), Vec::new());
    let mapped = mapper.map(&Opened::parse(raw.as_bytes()).unwrap(), &mut out);
    mapped.map_err(|unmapped| format!("{}: {}", unmapped.errors[0].field, unmapped.errors[0].message))?;
    Ok(serde_json::from_slice(&out).unwrap())
}

/// What comes of a product's name.
fn name(operation: &str, value: Value, found: Value) -> Result<Value, String> {
    let mut one = json!({"field": "name", "operation": operation});
    if !value.is_null() {
        one["value"] = value;
    }
    let record =
        map(DataType::Products, json!([one]), &json!({"sku": "A", "name": found, "a": "x", "b": 2}))?;
    Ok(record["name"].clone())
}

#[test]
fn every_operation_on_a_text_does_what_it_says() {
    for (operation, value, found, expected) in [
        ("trim", json!(null), json!("  Chai "), json!("Chai")),
        ("uppercase", json!(null), json!("straße"), json!("STRASSE")),
        ("lowercase", json!(null), json!("CHAI"), json!("chai")),
        ("capitalize", json!(null), json!("cHAI tea"), json!("Chai tea")),
        ("prefix", json!("X-"), json!(7), json!("X-7")),
        ("suffix", json!("!"), json!("a"), json!("a!")),
        ("replace", json!({"find": "-", "with": ""}), json!("a-b-c"), json!("abc")),
        ("substring", json!({"start": 1, "length": 2}), json!("äöüß"), json!("öü")),
        ("substring", json!({"start": 9}), json!("abc"), json!(null)),
        ("split", json!({"by": "/", "index": 1}), json!("a/b/c"), json!("b")),
        ("split", json!({"by": "/", "index": 3}), json!("a/b/c"), json!(null)),
        ("join", json!(", "), json!(["a", 1, true]), json!("a, 1, true")),
        ("concat", json!({"fields": ["a", "b", "none"], "separator": " "}), json!(null), json!("x 2")),
        ("default", json!("none"), json!(null), json!("none")),
        ("default", json!("none"), json!("Chai"), json!("Chai")),
        ("constant", json!("fixed"), json!("Chai"), json!("fixed")),
        ("map", json!({"A": "active", "*": "closed"}), json!("A"), json!("active")),
        ("map", json!({"A": "active", "*": "closed"}), json!("Z"), json!("closed")),
        ("map", json!({"A": "active"}), json!("Z"), json!("Z")),
        ("map", json!({"1": null}), json!(1), json!(null)),
        ("to_string", json!(null), json!(1.50), json!("1.5")),
        ("to_boolean", json!(null), json!("Yes"), json!("true")),
        ("date", json!({"from": "%d.%m.%Y", "to": "%Y/%m/%d"}), json!("31.01.2026"), json!("2026/01/31")),
        ("date", json!({"from": "%d.%m.%Y %H:%M"}), json!("31.01.2026 10:30"), json!("2026-01-31T10:30:00Z")),
        ("date", json!({"to": "%d.%m.%Y"}), json!("20260131"), json!("31.01.2026")),
        ("null_if", json!("NULL"), json!("NULL"), json!(null)),
        ("null_if", json!(["-", 0]), json!("0"), json!(null)),
        ("coalesce", json!(["none", "b", "a"]), json!(null), json!("2")),
        ("coalesce", json!(["a"]), json!("Chai"), json!("Chai")),
    ] {
        assert_eq!(
            name(operation, value.clone(), found.clone()),
            Ok(expected),
            "{operation} {value} {found}"
        );
    }
}

#[test]
fn amounts_are_calculated_as_decimals() {
    let price = |steps: Value, found: Value| {
        map(DataType::Products, steps, &json!({"sku": "A", "price": found}))
            .map(|record| record["price"].clone())
    };
    let of =
        |operation: &str, value: Value| json!([{"field": "price", "operation": operation, "value": value}]);
    assert_eq!(price(of("multiply", json!("3")), json!("0.1")), Ok(json!("0.3")));
    assert_eq!(price(of("add", json!(0.2)), json!(0.1)), Ok(json!("0.3")));
    assert_eq!(price(of("round", json!(2)), json!("2.345")), Ok(json!("2.35")));
    assert_eq!(price(of("to_number", json!(",")), json!("1.234,50")), Ok(json!("1234.50")));
    let both = json!([{"field": "price", "operation": "multiply", "value": "1.19"},
        {"field": "price", "operation": "round", "value": 1}]);
    assert_eq!(price(both, json!("10.01")), Ok(json!("11.9")));
    let too_large =
        price(of("multiply", json!("79228162514264337593543950335")), json!("79228162514264337593543950335"));
    assert_eq!(too_large.unwrap_err(), "price: multiply: makes a number of more than 28 digits");
}

#[test]
fn an_error_names_the_field_and_the_operation() {
    let step = json!([{"field": "price", "operation": "multiply", "value": 2}]);
    let error = map(DataType::Products, step, &json!({"sku": "A", "price": "free"})).unwrap_err();
    assert_eq!(error, "price: multiply: must be a decimal number of at most 28 digits, not \"free\"");
    let step = json!([{"field": "sku", "operation": "trim"}]);
    let error = map(DataType::Products, step, &json!({"sku": {}})).unwrap_err();
    assert_eq!(error, "sku: trim: must be a text, not an object");
}

#[test]
fn keys_inner_fields_lines_and_extras_are_transformed_wherever_they_are_found() {
    let steps = json!([
        {"field": "orderNumber", "operation": "prefix", "value": "WEB-"},
        {"field": "shippingAddress.city", "operation": "uppercase"},
        {"field": "lines.sku", "operation": "trim"},
        {"field": "extra.origin", "operation": "constant", "value": "erp"},
    ]);
    let line = json!([{"sku": " A ", "qty": 1}, {"sku": "B", "qty": 2}]);
    let lines = json!([{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 2}]);
    for address in [json!({"shipCity": "Reims"}), json!({"shippingAddress": {"city": "Reims"}})] {
        let mut raw = json!({"id": 1, "lines": line});
        raw.as_object_mut().unwrap().extend(address.as_object().unwrap().clone());
        let order = map(DataType::Orders, steps.clone(), &raw).unwrap();
        assert_eq!(
            order,
            json!({"orderNumber": "WEB-1", "shippingAddress": {"city": "REIMS"}, "lines": lines,
            "extra": {"origin": "erp"}})
        );
    }
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    let wrong = json!([
        {"field": "colour", "operation": "trim"},
        {"field": "price", "operation": "multiply", "value": "many"},
        {"field": "price", "operation": "multiply", "value": 0.123_456_789_012_345_68},
        {"field": "name", "operation": "replace", "value": {"find": "", "with": "x"}},
        {"field": "name", "operation": "trim", "value": 1},
        {"field": "name", "operation": "date", "value": {"from": "%H:%M"}},
        {"field": "name", "operation": "date", "value": {"to": "%!"}},
        {"field": "name", "operation": "coalesce", "value": ["$["]},
        {"field": "price", "operation": "round", "value": 29},
        {"field": "name", "operation": "prefix"},
    ]);
    let errors = errors(DataType::Products, wrong);
    let fields: Vec<_> = errors.iter().map(|(field, _)| field.as_str()).collect();
    let values = (1..10).map(|n| format!("transformations.{n}.value"));
    let expected: Vec<_> = std::iter::once("transformations.0.field".to_owned()).chain(values).collect();
    assert_eq!(fields, expected, "{errors:?}");
    let whole = super::target(DataType::Orders, "lines").err().unwrap();
    assert!(whole.contains("lines.<field>"), "{whole}");
}

proptest! {
    #[test]
    fn done_twice_is_as_done_once(text in "\\PC{0,40}") {
        for operation in ["trim", "uppercase", "lowercase", "capitalize", "to_string"] {
            let one = json!({"field": "name", "operation": operation});
            let raw = json!({"sku": "A", "name": text});
            let once = map(DataType::Products, json!([one]), &raw).unwrap();
            prop_assert_eq!(&once, &map(DataType::Products, json!([one, one]), &raw).unwrap(), "{}", operation);
        }
    }

    #[test]
    fn rounding_twice_is_rounding_once(number in -1_000_000_000i64.., places in 0u32..6) {
        let one = json!({"field": "price", "operation": "round", "value": places});
        let raw = json!({"sku": "A", "price": rust_decimal::Decimal::new(number, 5).to_string()});
        let once = map(DataType::Products, json!([one]), &raw).unwrap();
        prop_assert_eq!(once, map(DataType::Products, json!([one, one]), &raw).unwrap());
    }

    #[test]
    fn nothing_panics(operation in operations(), value in values(), found in values(), twice in any::<bool>()) {
        let mut all = vec![Transformation { field: "name".to_owned(), operation, value: Some(value) }];
        if twice {
            all.push(Transformation { field: "name".to_owned(), operation: Operation::Trim, value: None });
        }
        let raw = json!({"sku": "A", "name": found}).to_string();
        let mut mapper = Mapper::new(DataType::Products, &FieldMapping::new(), &all);
        let mut out = Vec::new();
        if mapper.map(&Opened::parse(raw.as_bytes()).unwrap(), &mut out).is_ok() {
            prop_assert!(serde_json::from_slice::<Value>(&out).is_ok());
        }
    }
}

fn operations() -> impl Strategy<Value = Operation> {
    const NAMES: [&str; 21] = [
        "trim",
        "uppercase",
        "capitalize",
        "prefix",
        "replace",
        "substring",
        "split",
        "join",
        "concat",
        "default",
        "constant",
        "map",
        "multiply",
        "add",
        "round",
        "to_number",
        "to_string",
        "to_boolean",
        "date",
        "null_if",
        "coalesce",
    ];
    proptest::sample::select(&NAMES[..]).prop_map(|name| serde_json::from_value(json!(name)).unwrap())
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        "[-+0-9.,e]{0,30}".prop_map(Value::from),
        proptest::collection::vec("\\PC{0,5}", 0..4).prop_map(Value::from),
        ("[%a-zA-Z .:]{0,10}", "[%a-zA-Z .:]{0,10}").prop_map(|(from, to)| json!({"from": from, "to": to})),
        ("\\PC{1,3}", "\\PC{0,5}").prop_map(|(find, with)| json!({"find": find, "with": with})),
        any::<(usize, usize)>().prop_map(|(start, length)| json!({"start": start, "length": length})),
    ]
}
