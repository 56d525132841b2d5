use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::json::Opened;
use crate::mapping::{FieldMapping, Mapper};

const ORDER: &str = r#"{"orderNumber":"10/24?8","reference":"WEB-1","customerName":"Ada \"L\"","total":"1234567890123456789.10",
    "shippingAddress":{"city":"Graz","country":"AT"},"orderedAt":"2026-11-21T06:00:00Z","notes":null,
    "lines":[{"sku":"A","quantity":2.50,"unitPrice":"0.10"},{"sku":"B","quantity":1,"description":"two\nlines"}],
    "extra":{"colour":"red","a.b":[1,2]},"modifiedAt":"2026-11-21T05:00:00Z"}"#;

fn order(text: &str) -> Outgoing<'_> {
    Outgoing {
        data_type: DataType::Orders,
        operation: Operation::Create,
        record: Some(Json::parse(text.as_bytes()).unwrap()),
        key: "ours|1",
        reference: "ref-1",
        idempotency_key: "chg_1-1",
        numbers: NumberForm::Number,
        zone: &UTC,
    }
}

fn body(template: Value) -> String {
    BodyTemplate::parse(DataType::Orders, &template).unwrap().render(&order(ORDER))
}

fn path(template: &str, outgoing: &Outgoing<'_>) -> Result<String, Unfilled> {
    PathTemplate::parse(outgoing.data_type, template).unwrap().render(outgoing)
}

fn mapping(entries: Value) -> FieldMapping {
    serde_json::from_value(entries).unwrap()
}

#[test]
fn a_string_that_is_a_placeholder_becomes_the_value_with_every_digit() {
    assert_eq!(
        body(
            json!({"total": "{{total}}", "city": "{{ shippingAddress.city }}", "own": "{{extra.a.b}}", "type": 7})
        ),
        r#"{"city":"Graz","own":[1,2],"total":1234567890123456789.10,"type":7}"#
    );
    assert_eq!(
        body(json!(["{{key}}", "{{reference}}", "{{idempotencyKey}}"])),
        r#"["ours|1","WEB-1","chg_1-1"]"#
    );
}

#[test]
fn of_a_moment_the_day_alone_can_be_asked_for() {
    assert_eq!(
        body(json!({"on": "{{orderedAt|date}}", "at": "{{orderedAt}}"})),
        r#"{"at":"2026-11-21T06:00:00Z","on":"2026-11-21"}"#
    );
    let template = json!({"on": "{{orderedAt|date}}"});
    let template = BodyTemplate::parse(DataType::Orders, &template).unwrap();
    for (zone, moment, day) in [
        ("Pacific/Auckland", "2026-11-21T11:30:00Z", "2026-11-22"),
        ("America/New_York", "2026-11-21T04:30:00Z", "2026-11-20"),
        ("Europe/Berlin", "2026-03-28T23:30:00Z", "2026-03-29"),
        ("Europe/Berlin", "2026-11-21", "2026-11-21"),
    ] {
        let (zone, record) = (TimeZone::get(zone).unwrap(), format!(r#"{{"orderedAt":"{moment}"}}"#));
        let there = Outgoing { zone: &zone, ..order(&record) };
        assert_eq!(template.render(&there), format!(r#"{{"on":"{day}"}}"#), "{moment} in {zone:?}");
    }
    let errors = BodyTemplate::parse(DataType::Orders, &json!({"on": "{{total|date}}"})).unwrap_err();
    assert!(errors[0].message.contains("total has no day"), "{errors:?}");
}

#[test]
fn decimals_may_be_written_as_texts() {
    let template =
        BodyTemplate::parse(DataType::Orders, &json!({"t": "{{total}}", "l": "{{lines}}"})).unwrap();
    let outgoing =
        Outgoing { numbers: NumberForm::Text, ..order(r#"{"total":"12.50","lines":[{"quantity":2.50}]}"#) };
    assert_eq!(template.render(&outgoing), r#"{"l":[{"quantity":"2.50"}],"t":"12.50"}"#);
}

#[test]
fn texts_hold_values_and_what_is_missing_is_left_out() {
    assert_eq!(
        body(json!({
            "text": "for {{customerName}} in {{shippingAddress.city}}{{notes}}",
            "email": "{{email}}",
            "mail": "mailto:{{email}}",
            "list": ["{{email}}", "{{currency}}", 1],
            "fixed": "plain } text",
        })),
        r#"{"fixed":"plain } text","list":[1],"text":"for Ada \"L\" in Graz"}"#
    );
}

#[test]
fn a_list_is_written_item_by_item() {
    assert_eq!(
        body(json!({"rows": {"$each": "lines", "item": {
            "no": "{{sku}}", "qty": "{{quantity}}", "price": "{{unitPrice}}", "text": "{{description}}", "of": "{{$.reference}}",
        }}})),
        r#"{"rows":[{"no":"A","of":"WEB-1","price":0.10,"qty":2.50},{"no":"B","of":"WEB-1","qty":1,"text":"two\nlines"}]}"#
    );
    let template =
        BodyTemplate::parse(DataType::Orders, &json!({"$each": "lines", "item": "{{sku}}"})).unwrap();
    assert_eq!(template.render(&order("{}")), "[]");
}

#[test]
fn what_is_wrong_with_a_template_is_told_with_its_place() {
    let errors = |template: Value| -> Vec<String> {
        let errors = BodyTemplate::parse(DataType::Orders, &template).unwrap_err();
        errors.into_iter().map(|error| format!("{} {}", error.field, error.message)).collect()
    };
    let found = errors(json!({
        "a": {"b": ["{{nothing}}"]},
        "c": "x {{lines}}",
        "d": "{{total",
        "e": {"$each": "notes", "item": 1},
        "f": {"$each": "lines"},
        "g": {"$each": "lines", "item": {"h": "{{orderNumber}}"}},
        "{{total}}": 1,
    }));
    let begins = [
        "a.b.0 nothing is no field of orders: use key, reference, idempotencyKey, orderNumber,",
        "c lines is no single value",
        "d has {{ without }}",
        "e.$each notes is no list",
        "f must be {\"$each\"",
        "g.item.h orderNumber is no field of an item: use one of lineNumber,",
        "{{total}} must have no placeholder in its name",
    ];
    for begin in begins {
        assert!(found.iter().any(|error| error.starts_with(begin)), "{begin}: {found:#?}");
    }
    assert_eq!(found.len(), begins.len());
    assert_eq!(errors(json!("{{total}}")), [" must be a JSON object or list"]);
}

#[test]
fn a_path_is_filled_in_escaped() {
    let outgoing = order(ORDER);
    assert_eq!(path("/o/{key}", &outgoing).unwrap(), "/o/ours%7C1");
    assert_eq!(
        path("/o('{orderNumber}')?ref={reference}&c={shippingAddress.country}", &outgoing).unwrap(),
        "/o('10%2F24%3F8')?ref=WEB-1&c=AT"
    );
    assert_eq!(path("/o/{reference}", &order("{}")).unwrap(), "/o/ref-1");
    assert_eq!(path("/o/{email}", &outgoing), Err(Unfilled::Missing("email".to_owned())));
    assert!(PathTemplate::parse(DataType::Orders, "/o/{lines}").is_err());
    assert!(PathTemplate::parse(DataType::Orders, "o/{key}").is_err());
}

#[test]
fn a_key_made_of_dots_leads_nowhere_else() {
    for key in [".", ".."] {
        let outgoing = Outgoing { key, ..order("{}") };
        assert!(matches!(path("/o/{key}", &outgoing), Err(Unfilled::Astray(_))), "{key}");
        assert!(matches!(path("/o/{key}/lines?x=1", &outgoing), Err(Unfilled::Astray(_))), "{key}");
        assert!(path("/o?id={key}", &outgoing).is_ok());
    }
}

#[test]
fn without_a_template_fields_go_where_they_are_mapped_from() {
    let entries = json!({
        "orderNumber": "id",
        "customerName": "$.customer.name",
        "shippingAddress.city": "ShipCity",
        "extra.colour": "attributes.colour",
        "orderedAt": null,
    });
    assert_eq!(
        renamed(&order(ORDER), &mapping(entries)).unwrap(),
        concat!(
            r#"{"id":"10/24?8","reference":"WEB-1","customer":{"name":"Ada \"L\""},"total":1234567890123456789.10,"#,
            r#""ShipCity":"Graz","shippingAddress":{"country":"AT"},"#,
            r#""lines":[{"sku":"A","quantity":2.50,"unitPrice":0.10},{"sku":"B","quantity":1,"description":"two\nlines"}],"#,
            r#""attributes":{"colour":"red"},"a.b":[1,2]}"#
        )
    );
}

#[test]
fn a_new_record_carries_our_reference_and_a_changed_one_its_key_at_the_erp() {
    let new = order(r#"{"orderNumber":"1"}"#);
    let named = mapping(json!({"reference": "externalId"}));
    assert_eq!(renamed(&new, &named).unwrap(), r#"{"orderNumber":"1","externalId":"ref-1"}"#);
    let changed = Outgoing { operation: Operation::Update, key: "SO-7", ..new };
    assert_eq!(renamed(&changed, &named).unwrap(), r#"{"orderNumber":"SO-7"}"#);
    let stock = Outgoing { data_type: DataType::Inventory, ..changed };
    let stock = Outgoing { record: Some(Json::parse(br#"{"sku":"A"}"#).unwrap()), ..stock };
    assert_eq!(renamed(&stock, &FieldMapping::new()).unwrap(), r#"{"sku":"A"}"#);
}

#[test]
fn what_cannot_be_written_to_is_told() {
    for source in ["$..name", "$.names[0]", "names.0.first", "$['name']"] {
        let refused = renamed(&order(ORDER), &mapping(json!({"customerName": source}))).unwrap_err();
        assert!(refused.starts_with(&format!("customerName is mapped from {source}, which")), "{refused}");
    }
    let twice = mapping(json!({"customerName": "id", "orderNumber": "id"}));
    assert!(renamed(&order(ORDER), &twice).unwrap_err().contains("another field with another value"));
    let inside = mapping(json!({"customerName": "id.name", "orderNumber": "id"}));
    assert!(renamed(&order(ORDER), &inside).is_err());
    assert!(renamed(&order(r#"{"orderNumber":"1","customerName":"1"}"#), &twice).is_ok());
}

#[test]
fn what_was_renamed_is_mapped_back_to_what_it_was() {
    let entries = mapping(json!({
        "orderNumber": "doc.no", "reference": "ext", "total": "sum", "shippingAddress.city": "to.town",
        "shippingAddress.country": "to.land", "lines": "rows", "customerName": "who", "extra.colour": "paint",
    }));
    let text = r#"{"orderNumber":"1","reference":"W","customerName":"A","total":"12.50","shippingAddress":{"city":"Graz","country":"AT"},"lines":[{"sku":"A","quantity":2.50}],"extra":{"colour":"red"}}"#;
    let theirs = renamed(&order(text), &entries).unwrap();
    let mut ours = Vec::new();
    let mut mapper = Mapper::new(DataType::Orders, &entries, &[]);
    mapper.map(&Opened::parse(theirs.as_bytes()).unwrap(), &mut ours).unwrap();
    assert_eq!(String::from_utf8(ours).unwrap(), text);
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z{}$.\"\\\\\u{0}-\u{1f}é]{0,12}",
        "(\\{\\{)?(key|reference|total|lines|sku|quantity|extra\\.a|shippingAddress|shippingAddress\\.city|\\$\\.total)(\\}\\})?",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        let name =
            prop_oneof![text.clone().boxed(), "total|lines|sku|extra|shippingAddress|city|a|name".boxed()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name, inner.clone(), 0..5).prop_map(|members| json!(members)),
            inner.prop_map(|item| json!({"$each": "lines", "item": item})),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_the_template_and_the_record_the_body_is_json(template in any_json(), record in any_json(), text: bool) {
        let record = record.to_string();
        let numbers = if text { NumberForm::Text } else { NumberForm::Number };
        let outgoing = Outgoing { numbers, ..order(&record) };
        if let Ok(template) = BodyTemplate::parse(DataType::Orders, &template) {
            let body = template.render(&outgoing);
            prop_assert!(Json::parse(body.as_bytes()).is_ok(), "{}", body);
        }
        if let Ok(body) = renamed(&outgoing, &FieldMapping::new()) {
            prop_assert!(Json::parse(body.as_bytes()).is_ok(), "{}", body);
        }
    }

    #[test]
    fn whatever_a_value_holds_it_stays_one_part_of_its_path(key in "\\PC{1,20}") {
        let outgoing = Outgoing { key: &key, ..order("{}") };
        if let Ok(path) = path("/a/{key}/b", &outgoing) {
            let url = url::Url::parse("http://erp.example.com").unwrap().join(&path).unwrap();
            let segments: Vec<_> = url.path().split('/').collect();
            prop_assert_eq!(segments.len(), 4, "{}", url);
            let decoded = percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap();
            prop_assert_eq!(decoded, key);
        }
    }
}
