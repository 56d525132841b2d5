use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::difference::{difference, same_record};
use crate::json::Json;
use crate::sync_config::ConflictResolution::{self, ErpWins, Manual, NewestWins, SystemWins};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Decides about orders given as JSON values; `null` is no record.
fn decided(rule: ConflictResolution, [base, theirs, ours]: [&Value; 3]) -> Decision {
    decided_at(rule, [base, theirs, ours], Some(at(10)), at(20))
}

fn decided_at(
    rule: ConflictResolution,
    records: [&Value; 3],
    their_modified_at: Option<Timestamp>,
    our_updated_at: Timestamp,
) -> Decision {
    let texts = records.map(|record| (!record.is_null()).then(|| record.to_string()));
    let [base, theirs, ours] = [&texts[0], &texts[1], &texts[2]]
        .map(|text| text.as_deref().map(|text| Json::parse(text.as_bytes()).unwrap()));
    let data_type = DataType::Orders;
    decide(rule, &Versions { data_type, base, theirs, ours, their_modified_at, our_updated_at })
}

fn sent(decision: Decision) -> Value {
    let Decision::Send(record) = decision else { panic!("{decision:?}") };
    serde_json::from_str(&record).unwrap()
}

fn fields(decision: Decision) -> Vec<String> {
    let Decision::Conflict { fields } = decision else { panic!("{decision:?}") };
    fields
}

#[test]
fn changes_of_unlike_fields_merge_by_themselves() {
    let base = json!({"orderNumber": "1", "status": "open", "notes": "a", "shippingAddress": {"city": "Bern", "street": "A"}});
    let theirs = json!({"orderNumber": "1", "status": "shipped", "notes": "a", "shippingAddress": {"city": "Rom", "street": "A"}});
    let ours = json!({"orderNumber": "1", "status": "open", "shippingAddress": {"city": "Bern", "street": "B"}, "email": "x@y.z"});
    let merged = json!({"orderNumber": "1", "status": "shipped", "email": "x@y.z", "shippingAddress": {"city": "Rom", "street": "B"}});
    for rule in [ErpWins, SystemWins, NewestWins, Manual] {
        assert_eq!(sent(decided(rule, [&base, &theirs, &ours])), merged, "{rule:?}");
    }
}

#[test]
fn what_both_changed_goes_by_the_rule() {
    let order = |status: &str, notes: &str| json!({"orderNumber": "1", "status": status, "notes": notes});
    let (base, theirs, ours) = (order("open", "a"), order("shipped", "a"), order("cancelled", "b"));
    let of = |rule| decided(rule, [&base, &theirs, &ours]);
    assert_eq!(fields(of(Manual)), ["status"]);
    assert_eq!(sent(of(ErpWins)), order("shipped", "b"));
    assert_eq!(sent(of(SystemWins)), order("cancelled", "b"));
    assert_eq!(sent(of(NewestWins)), order("cancelled", "b"), "ours is newer");
    let later = decided_at(NewestWins, [&base, &theirs, &ours], Some(at(30)), at(20));
    assert_eq!(sent(later), order("shipped", "b"));
    let untold = decided_at(NewestWins, [&base, &theirs, &ours], None, at(20));
    assert_eq!(sent(untold), order("shipped", "b"), "an ERP that tells no time wins");
}

#[test]
fn lists_conflict_as_a_whole() {
    let order = |lines: Value| json!({"orderNumber": "1", "lines": lines});
    let (base, theirs, ours) = (
        order(json!([{"sku": "a"}])),
        order(json!([{"sku": "b"}])),
        order(json!([{"sku": "a"}, {"sku": "c"}])),
    );
    assert_eq!(fields(decided(Manual, [&base, &theirs, &ours])), ["lines"]);
}

#[test]
fn a_delete_on_one_side_stands_unless_the_other_changed_it() {
    let (base, changed) = (json!({"orderNumber": "1"}), json!({"orderNumber": "1", "status": "new"}));
    let none = Value::Null;
    for rule in [ErpWins, SystemWins, NewestWins, Manual] {
        assert_eq!(decided(rule, [&base, &none, &none]), Decision::Agreed);
        assert_eq!(decided(rule, [&base, &base, &none]), Decision::Delete);
        assert_eq!(decided(rule, [&base, &none, &base]), Decision::Nothing);
        assert_eq!(sent(decided(rule, [&none, &none, &base])), base);
    }
    let (deleted_here, deleted_there) = ([&base, &changed, &none], [&base, &none, &changed]);
    assert_eq!(decided(ErpWins, deleted_here), Decision::Nothing);
    assert_eq!(decided(SystemWins, deleted_here), Decision::Delete);
    assert_eq!(fields(decided(Manual, deleted_here)), ["status"]);
    assert_eq!(decided(ErpWins, deleted_there), Decision::Nothing);
    assert_eq!(sent(decided(SystemWins, deleted_there)), changed);
    assert_eq!(fields(decided(Manual, deleted_there)), ["status"]);
}

#[test]
fn when_the_erp_changed_a_record_is_no_change_of_its_content() {
    let order = |status: &str, at: &str| json!({"orderNumber": "1", "status": status, "modifiedAt": at});
    let (base, theirs) = (order("open", "2026-01-01T00:00:00Z"), order("open", "2026-01-02T00:00:00Z"));
    let ours = json!({"orderNumber": "1", "status": "closed"});
    assert_eq!(sent(decided(Manual, [&base, &theirs, &ours])), order("closed", "2026-01-02T00:00:00Z"));
    assert_eq!(decided(Manual, [&base, &theirs, &base]), Decision::Agreed);
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..3i64).prop_map(|n| json!(n)),
        prop_oneof![Just("a"), Just("b")].prop_map(|text| json!(text)),
        prop::collection::vec((0..2i64).prop_map(|n| json!(n)), 0..2).prop_map(Value::from),
    ]
}

/// Orders that often have like fields: flat ones, inner ones, and objects where others have a value.
fn order() -> impl Strategy<Value = Value> {
    let address = prop::collection::btree_map(prop_oneof![Just("city"), Just("street")], leaf(), 0..3);
    let inner = prop::collection::btree_map(prop_oneof![Just("x"), Just("y"), Just("z.w")], leaf(), 0..3);
    let extra_value = prop_oneof![leaf(), inner.prop_map(|inner| json!(inner))];
    let extra = prop::collection::btree_map(prop_oneof![Just("p"), Just("q")], extra_value, 0..3);
    let flat =
        prop::collection::btree_map(prop_oneof![Just("status"), Just("notes"), Just("total")], leaf(), 0..4);
    (flat, address, extra).prop_map(|(flat, address, extra)| {
        let mut order: Map<String, Value> =
            flat.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        order.insert("orderNumber".to_owned(), json!("1"));
        order.insert("shippingAddress".to_owned(), json!(address));
        order.insert("extra".to_owned(), json!(extra));
        Value::Object(order)
    })
}

fn perhaps_order() -> impl Strategy<Value = Value> {
    prop_oneof![9 => order(), 1 => Just(Value::Null)]
}

/// Every value of an order that is no object, by its path.
fn leaves(order: &Value) -> BTreeMap<Vec<String>, Value> {
    fn walk(at: &[String], value: &Value, found: &mut BTreeMap<Vec<String>, Value>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(name, inner)| {
                walk(&[at, std::slice::from_ref(name)].concat(), inner, found);
            }),
            other => {
                found.insert(at.to_vec(), other.clone());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&[], order, &mut found);
    found
}

fn same(a: &Value, b: &Value) -> bool {
    let (a, b) = (a.to_string(), b.to_string());
    same_record(DataType::Orders, Json::parse(a.as_bytes()).unwrap(), Json::parse(b.as_bytes()).unwrap())
}

/// What the ERP has after a decision.
fn outcome(decision: &Decision, theirs: &Value, ours: &Value) -> Value {
    match decision {
        Decision::Agreed => ours.clone(),
        Decision::Nothing | Decision::Conflict { .. } => theirs.clone(),
        Decision::Send(record) => serde_json::from_str(record).unwrap(),
        Decision::Delete => Value::Null,
    }
}

fn rules() -> impl Strategy<Value = ConflictResolution> {
    prop_oneof![Just(ErpWins), Just(SystemWins), Just(NewestWins), Just(Manual)]
}

proptest! {
    #[test]
    fn what_both_say_is_agreed(rule in rules(), base in perhaps_order(), both in perhaps_order()) {
        prop_assert_eq!(decided(rule, [&base, &both, &both]), Decision::Agreed);
    }

    #[test]
    fn what_only_one_side_changed_stands(rule in rules(), base in order(), changed in order()) {
        prop_assume!(!same(&base, &changed));
        let ours = decided(rule, [&base, &base, &changed]);
        prop_assert!(same(&sent(ours), &changed));
        prop_assert_eq!(decided(rule, [&base, &changed, &base]), Decision::Nothing);
    }

    #[test]
    fn a_merged_record_holds_every_change_of_one_side_alone(
        rule in rules(), base in order(), theirs in order(), ours in order(),
    ) {
        let decision = decided(rule, [&base, &theirs, &ours]);
        prop_assume!(!matches!(decision, Decision::Conflict { .. }));
        let merged = leaves(&outcome(&decision, &theirs, &ours));
        let [base, theirs, ours] = [base, theirs, ours].map(|order| leaves(&order));
        let touches = |path: &Vec<String>, side: &BTreeMap<Vec<String>, Value>| {
            // A value where the other side has an object, or the other way round, belongs to a change of both.
            side.keys().any(|other| other != path && (other.starts_with(path) || path.starts_with(other)))
        };
        for (path, value) in &ours {
            let theirs_unchanged = theirs.get(path) == base.get(path) && !touches(path, &theirs) && !touches(path, &base);
            if theirs_unchanged && !touches(path, &ours) {
                prop_assert_eq!(merged.get(path), Some(value), "{:?}", path);
            }
        }
        for (path, value) in &theirs {
            let ours_unchanged = ours.get(path) == base.get(path) && !touches(path, &ours) && !touches(path, &base);
            if ours_unchanged && !touches(path, &theirs) {
                prop_assert_eq!(merged.get(path), Some(value), "{:?}", path);
            }
        }
    }

    #[test]
    fn a_conflict_is_the_same_from_either_side(base in order(), theirs in order(), ours in order()) {
        let (here, there) = (decided(Manual, [&base, &theirs, &ours]), decided(Manual, [&base, &ours, &theirs]));
        match (here, there) {
            (Decision::Conflict { fields: mut here }, Decision::Conflict { fields: mut there }) => {
                here.sort_unstable();
                there.sort_unstable();
                prop_assert_eq!(here, there);
            }
            (here, there) => {
                let (here, there) = (outcome(&here, &theirs, &ours), outcome(&there, &ours, &theirs));
                prop_assert!(same(&here, &there), "{} {}", here, there);
            }
        }
    }

    #[test]
    fn only_the_manual_rule_asks_a_person(
        rule in prop_oneof![Just(ErpWins), Just(SystemWins), Just(NewestWins)],
        base in perhaps_order(), theirs in perhaps_order(), ours in perhaps_order(),
    ) {
        let decision = decided(rule, [&base, &theirs, &ours]);
        let asks = matches!(decision, Decision::Conflict { .. });
        prop_assert!(!asks);
        if let Decision::Conflict { fields } = decided(Manual, [&base, &theirs, &ours]) {
            prop_assert!(!fields.is_empty());
        }
    }

    #[test]
    fn what_was_decided_and_done_stays_decided(
        rule in rules(), base in perhaps_order(), theirs in perhaps_order(), ours in perhaps_order(),
    ) {
        let decision = decided(rule, [&base, &theirs, &ours]);
        prop_assume!(!matches!(decision, Decision::Conflict { .. }));
        let done = outcome(&decision, &theirs, &ours);
        prop_assert_eq!(decided(rule, [&theirs, &done, &done]), Decision::Agreed);
        let again = decided(rule, [&base, &done, &ours]);
        prop_assert!(matches!(again, Decision::Agreed | Decision::Nothing), "{:?}", again);
    }

    #[test]
    fn a_difference_is_empty_only_between_like_records(a in order(), b in order()) {
        let (left, right) = (a.to_string(), b.to_string());
        let of = |text: &str| difference(
            DataType::Orders, None, Some(Json::parse(text.as_bytes()).unwrap()),
            Some(Json::parse(right.as_bytes()).unwrap()),
        ).len();
        prop_assert_eq!(of(&left) == 0, same(&a, &b));
        prop_assert_eq!(of(&right), 0);
    }
}
