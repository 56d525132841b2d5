use serde_json::json;

use super::*;

fn takes(filters: Value, record: &str) -> bool {
    let filters: Filters = serde_json::from_value(filters).unwrap();
    let mut checks = Checks::default();
    check_filters("filters", &filters, &mut checks);
    checks.finish().unwrap();
    Filter::new(&filters).takes(&Opened::parse(record.as_bytes()).unwrap(), &Notations::default())
}

const RECORD: &str = r#"{"price": "10.50", "stock": 3, "code": "0010", "blocked": "0", "tags": ["new", "green"],
    "changed": "2026-01-31 10:00:00", "address": {"city": "Reims"}, "empty": "", "none": null}"#;

#[test]
fn each_operator_takes_what_it_says_and_nothing_else() {
    for (field, test) in [
        ("price", json!(10.5)),
        ("price", json!({"eq": "10.50"})),
        ("price", json!({"gt": 9})),
        ("price", json!({"gte": "10.5", "lt": 11, "ne": 10})),
        ("stock", json!({"in": [1, 2, 3]})),
        ("stock", json!({"not_in": [1, 2], "lte": 3})),
        ("code", json!("0010")),
        ("blocked", json!(false)),
        ("tags", json!({"contains": "green", "exists": true})),
        ("code", json!({"contains": "01", "starts_with": "00"})),
        ("changed", json!({"gt": "2026-01-31T09:59:59Z", "lt": "2026-02-01"})),
        ("address.city", json!({"starts_with": "Re"})),
        ("$.tags[0]", json!("new")),
        ("none", json!({"exists": false, "ne": "x", "not_in": ["y"]})),
        ("empty", json!({"exists": false})),
    ] {
        assert!(takes(json!({field: test}), RECORD), "{field} {test}");
    }
    for (field, test) in [
        ("price", json!({"gt": 10.5})),
        ("price", json!({"lt": 9})),
        ("price", json!({"ne": 10.5})),
        ("stock", json!({"in": [1, 2]})),
        ("stock", json!({"not_in": [3]})),
        ("code", json!("10")),
        ("blocked", json!(true)),
        ("tags", json!({"contains": "gre"})),
        ("changed", json!({"gte": "2026-02-01"})),
        ("address.street", json!({"starts_with": ""  .to_owned() + "R"})),
        ("none", json!({"gt": 0})),
        ("price", json!({"exists": false})),
    ] {
        assert!(!takes(json!({field: test}), RECORD), "{field} {test}");
    }
}

#[test]
fn all_filters_must_hold_and_what_is_no_object_is_left_to_the_mapping() {
    assert!(!takes(json!({"price": 10.5, "stock": 4}), RECORD));
    assert!(takes(json!({"price": 1}), "[1]"));
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    let filters = json!({
        "a": {"like": "x"}, "b": {"in": []}, "c": {"exists": 1}, "d": {}, "e": [1], "f": {"gt": {"x": 1}},
        "$[": 1, "g": {"starts_with": ""},
    });
    let mut checks = Checks::default();
    check_filters("filters", &serde_json::from_value(filters).unwrap(), &mut checks);
    let errors = checks.finish().unwrap_err().0;
    let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    let expected = [
        "filters.$[",
        "filters.a.like",
        "filters.b.in",
        "filters.c.exists",
        "filters.d",
        "filters.e",
        "filters.f.gt",
        "filters.g.starts_with",
    ];
    assert_eq!(fields, expected);
    assert!(errors[1].message.contains("not_in"), "{}", errors[1].message);
}
