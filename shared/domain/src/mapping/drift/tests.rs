use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::json::Json;

/// One pull of some records: whether each departs, and the watch.
fn pull(before: &Shape, records: &[Value]) -> (Vec<bool>, Watch) {
    let mut watch = Watch::new(before);
    let departs = records.iter().map(|record| look(&mut watch, record)).collect();
    (departs, watch)
}

fn look(watch: &mut Watch, record: &Value) -> bool {
    let text = record.to_string();
    watch.look(&Json::parse(text.as_bytes()).unwrap().members())
}

fn departures(watch: &Watch, record: &Value) -> Vec<String> {
    let text = record.to_string();
    let errors = watch.departures(&Json::parse(text.as_bytes()).unwrap().members());
    errors.into_iter().map(|error| format!("{} {}", error.field, error.message)).collect()
}

fn learnt(records: &[Value]) -> Shape {
    pull(&Shape::default(), records).1.shape_after(SchemaPolicy::Discard, true)
}

fn told(watch: &Watch, complete: bool) -> Vec<String> {
    let mut told: Vec<_> = watch.drift(complete).iter().map(ToString::to_string).collect();
    told.sort();
    told
}

#[test]
fn the_first_pull_only_learns() {
    let (departs, watch) = pull(&Shape::default(), &[json!({"a": 1}), json!({"b": "x", "a": null})]);
    assert_eq!(departs, [false, false]);
    assert!(watch.drift(true).is_empty());
    assert_eq!(watch.shape_after(SchemaPolicy::Freeze, true).len(), 2);
}

#[test]
fn what_appears_vanishes_and_changes_type_is_told() {
    let before = learnt(&[json!({"id": 1, "price": 2.5, "old": "x", "to": {"city": "Reims", "zip": 1}})]);
    let record = json!({"id": 2, "price": "free", "new": true, "to": {"city": "Köln", "country": "DE"}});
    let (departs, watch) = pull(&before, std::slice::from_ref(&record));
    assert_eq!(departs, [true]);
    let expected = [
        "the field new appeared, with true or false",
        "the field old vanished",
        "the field price held numbers, and now texts",
        "the field to.country appeared, with texts",
        "the field to.zip vanished",
    ];
    assert_eq!(told(&watch, true), expected);
    assert!(
        told(&watch, false).iter().all(|one| !one.contains("vanished")),
        "not from a pull of changes alone"
    );
    let errors = [
        "new is a field that earlier records do not have",
        "price held numbers in earlier records, the ERP sent a text",
        "to.country is a field that earlier records do not have",
    ];
    let mut found = departures(&watch, &record);
    found.sort();
    assert_eq!(found, errors);
}

#[test]
fn null_and_the_kind_of_number_are_no_change() {
    let before = learnt(&[json!({"a": 1, "b": null, "c": "x"})]);
    let (departs, watch) =
        pull(&before, &[json!({"a": 1.5, "b": [1], "c": null}), json!({"a": null, "b": null, "c": "y"})]);
    assert_eq!((departs, watch.drift(true)), (vec![false, false], Vec::new()));
    let (departs, _) = pull(&watch.shape_after(SchemaPolicy::Discard, true), &[json!({"b": "x"})]);
    assert_eq!(departs, [true], "what was always null took the type it was first seen with");
}

#[test]
fn a_frozen_shape_stays_and_any_other_goes_along() {
    let before = learnt(&[json!({"a": 1, "gone": 1})]);
    let record = json!({"a": "x", "new": 1});
    let (_, watch) = pull(&before, std::slice::from_ref(&record));
    assert_eq!(watch.shape_after(SchemaPolicy::Freeze, true), before);
    for policy in [SchemaPolicy::Discard, SchemaPolicy::Evolve] {
        let after = watch.shape_after(policy, true);
        let (departs, next) = pull(&after, std::slice::from_ref(&record));
        assert_eq!((departs, next.drift(true)), (vec![false], Vec::new()), "told once");
        assert_eq!(pull(&after, &[json!({"gone": 1})]).0, [true], "what vanished is forgotten");
        assert_eq!(pull(&watch.shape_after(policy, false), &[json!({"gone": 1})]).0, [false]);
    }
}

#[test]
fn a_pull_without_records_says_nothing_of_their_shape() {
    let before = learnt(&[json!({"a": 1})]);
    let (_, watch) = pull(&before, &[]);
    assert!(watch.drift(true).is_empty());
    assert_eq!(watch.shape_after(SchemaPolicy::Discard, true), before);
}

#[test]
fn a_name_with_a_dot_is_not_taken_for_a_field_of_an_object() {
    let records = [json!({"a": {"b": 1}, "a.b": "x"})];
    let before = learnt(&records);
    let (departs, watch) = pull(&before, &records);
    assert_eq!((departs, watch.drift(true)), (vec![false], Vec::new()));
}

#[test]
fn the_worker_that_goes_on_knows_what_the_last_one_saw() {
    let before = learnt(&[json!({"a": 1, "b": 1})]);
    let (_, mut first) = pull(&before, &[json!({"a": 1, "new": 1})]);
    let kept = serde_json::to_string(&first.grown()).unwrap();
    assert_eq!(first.grown(), None, "there is no more");
    let mut second = Watch::new(&before);
    second.join(&serde_json::from_str(&kept).unwrap());
    look(&mut second, &json!({"a": 2, "new": 2}));
    assert_eq!(second.grown(), None, "what the first one saw is kept already");
    look(&mut second, &json!({"b": 1, "new": "x"}));
    assert_eq!(told(&second, true), ["the field new appeared, with numbers and texts"]);
    assert_eq!(second.grown().map(|seen| seen.len()), Some(3), "the first one's among them");
}

#[test]
fn an_erp_that_invents_names_is_watched_up_to_a_bound() {
    let records: Vec<_> = (0..600).map(|n| json!({format!("f{n}"): {format!("g{n}"): n}})).collect();
    let shape = learnt(&records);
    assert_eq!(shape.len(), MAX_WATCHED_FIELDS);
    let (_, mut watch) = pull(&shape, &records);
    assert_eq!(watch.grown().map(|seen| seen.len()), Some(MAX_WATCHED_FIELDS));
    let (departs, mut watch) = pull(&shape, &[json!({"x".repeat(201): 1})]);
    assert_eq!((departs, watch.grown()), (vec![false], None), "nor are names without end");
}

/// What a plain table says of the fields of some records: names, and types by name of kind.
fn table(records: &[BTreeMap<String, Value>]) -> BTreeMap<String, BTreeSet<Kind>> {
    let mut table = BTreeMap::<_, BTreeSet<_>>::new();
    for (name, value) in records.iter().flatten() {
        table.entry(name.clone()).or_default().extend(kind(value));
    }
    table
}

type Kind = &'static str;

fn kind(value: &Value) -> Option<Kind> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some("flag"),
        Value::Number(_) => Some("number"),
        Value::String(_) => Some("text"),
        Value::Array(_) => Some("list"),
        Value::Object(_) => Some("object"),
    }
}

fn records() -> impl Strategy<Value = Vec<BTreeMap<String, Value>>> {
    let value = prop_oneof![
        Just(json!(null)),
        Just(json!(1)),
        Just(json!(2.5)),
        Just(json!("x")),
        Just(json!([1])),
        Just(json!(true)),
    ];
    let record = proptest::collection::btree_map("[a-f]", value, 0..6);
    proptest::collection::vec(record, 0..8)
}

proptest! {
    #[test]
    fn a_record_departs_just_when_a_plain_table_says_so(earlier in records(), later in records()) {
        let known = table(&earlier);
        let values = |records: &[BTreeMap<String, Value>]| -> Vec<Value> {
            records.iter().map(|record| json!(record)).collect()
        };
        let before = learnt(&values(&earlier));
        let (departs, mut watch) = pull(&before, &values(&later));
        for (record, departs) in later.iter().zip(departs) {
            let expected: Vec<_> = record.iter().filter(|(name, value)| {
                let Some(types) = known.get(*name) else { return true };
                !types.is_empty() && kind(value).is_some_and(|kind| !types.contains(kind))
            }).collect();
            let learning = known.is_empty();
            prop_assert_eq!(departs, !learning && !expected.is_empty());
            let named = departures(&watch, &json!(record)).len();
            prop_assert_eq!(named, if learning { 0 } else { expected.len() });
        }
        let seen = watch.grown().unwrap_or_default();
        let kept: Shape = serde_json::from_str(&serde_json::to_string(&seen).unwrap()).unwrap();
        prop_assert_eq!(kept.len(), table(&later).len());
        let after = watch.shape_after(SchemaPolicy::Discard, true);
        let (departs, next) = pull(&after, &values(&later));
        prop_assert!(departs.iter().all(|departs| !departs), "what was seen once is known");
        prop_assert!(later.is_empty() || next.drift(true).is_empty());
    }
}
