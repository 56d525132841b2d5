use super::*;
use crate::notation::Notation;

fn mapper(data_type: DataType, mapping: &[(&str, Option<&str>)]) -> Mapper {
    let mapping = mapping.iter().map(|(to, from)| ((*to).to_owned(), from.map(str::to_owned))).collect();
    let mut checks = Checks::default();
    check(data_type, &mapping, &mut checks);
    checks.finish().unwrap();
    Mapper::new(data_type, &mapping, &[])
}

fn map(mapper: &mut Mapper, raw: &str) -> Result<(String, String), Unmapped> {
    let mut out = Vec::new();
    let mapped = mapper.map(&Opened::parse(raw.as_bytes()).unwrap(), &mut out)?;
    Ok((mapped.key, String::from_utf8(out).unwrap()))
}

#[test]
fn usual_names_map_by_themselves() {
    let raw = r#"{"productID": 1, "productName": "Chai", "unitPrice": 18.00, "discontinued": "0", "picture": null}"#;
    let (key, json) = map(&mut mapper(DataType::Products, &[]), raw).unwrap();
    assert_eq!(key, "1");
    assert_eq!(json, r#"{"sku":"1","name":"Chai","price":"18.00","discontinued":false}"#);
}

#[test]
fn the_most_telling_name_wins_whatever_the_order() {
    let mut mapper = mapper(DataType::Products, &[]);
    let first = map(&mut mapper, r#"{"id": 7, "sku": "A"}"#).unwrap();
    assert_eq!(first, map(&mut mapper, r#"{"sku": "A", "id": 7}"#).unwrap());
    assert_eq!(first.0, "A");
}

#[test]
fn a_mapping_overrules_the_usual_names_and_null_leaves_empty() {
    let mut mapper = mapper(
        DataType::Products,
        &[
            ("sku", Some("ids.1")),
            ("name", None),
            ("extra.tags", Some("$.tags[?@ != 'x']")),
            ("price", Some("a.b")),
        ],
    );
    let raw = r#"{"sku": "no", "ids": ["x", "yes"], "name": "n", "tags": ["x", "green"], "a.b": "3"}"#;
    assert_eq!(map(&mut mapper, raw).unwrap().1, r#"{"sku":"yes","price":"3","extra":{"tags":"green"}}"#);
}

#[test]
fn decimals_keep_every_digit() {
    let raw = r#"{"sku": "a", "price": 12345678901234567.8900, "weight": "1e-3"}"#;
    let (_, json) = map(&mut mapper(DataType::Products, &[]), raw).unwrap();
    assert_eq!(json, r#"{"sku":"a","price":"12345678901234567.8900","weight":0.001}"#);
}

#[test]
fn an_address_is_found_flat_or_whole() {
    let mut mapper = mapper(DataType::Orders, &[]);
    let flat = r#"{"orderID": "1", "shipName": "Vins", "shipAddress": "59 rue", "shipCity": "Reims", "shipVia": "3"}"#;
    let whole = r#"{"orderID": "1", "shipVia": 3, "shippingAddress": {"name": "Vins", "street": "59 rue", "city": "Reims"}}"#;
    let (_, json) = map(&mut mapper, flat).unwrap();
    assert_eq!(
        json,
        r#"{"orderNumber":"1","shippingMethod":"3","shippingAddress":{"name":"Vins","street":"59 rue","city":"Reims"}}"#
    );
    assert_eq!(json, map(&mut mapper, whole).unwrap().1);
}

#[test]
fn lines_are_mapped_one_by_one() {
    let raw = r#"{"id": 1, "items": [{"productId": "A", "qty": 2}, {"productId": "B", "qty": "x"}]}"#;
    let unmapped = map(&mut mapper(DataType::Orders, &[]), raw).unwrap_err();
    assert_eq!(unmapped.key.as_deref(), Some("1"));
    assert_eq!(unmapped.errors[0].field, "lines.1.quantity");
}

#[test]
fn times_of_every_usual_form_are_read() {
    let mut mapper = mapper(DataType::Orders, &[]);
    for (theirs, ours) in [
        ("1996-07-04 00:00:00.000", "1996-07-04T00:00:00Z"),
        ("1996-07-04", "1996-07-04T00:00:00Z"),
        ("19960704", "1996-07-04T00:00:00Z"),
        ("2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00Z"),
        ("/Date(1492098664000+0060)/", "2017-04-13T15:51:04Z"),
    ] {
        let (_, json) = map(&mut mapper, &format!(r#"{{"id": 1, "orderDate": "{theirs}"}}"#)).unwrap();
        assert_eq!(json, format!(r#"{{"orderNumber":"1","orderedAt":"{ours}"}}"#));
    }
}

#[test]
fn everything_wrong_is_named_at_once() {
    let raw = r#"{"unitPrice": "free", "discontinued": "maybe", "description": ["a", "b"]}"#;
    let unmapped = map(&mut mapper(DataType::Products, &[]), raw).unwrap_err();
    let fields: Vec<_> = unmapped.errors.iter().map(|e| e.field.as_str()).collect();
    assert_eq!(fields, ["sku", "discontinued", "description", "price"]);
    assert!(unmapped.errors[3].message.contains("\"free\""), "{unmapped:?}");
}

#[test]
fn a_stock_level_of_a_location_has_a_key_of_its_own() {
    let raw = r#"{"sku": "A", "warehouse": "MAIN", "qty": 3}"#;
    assert_eq!(map(&mut mapper(DataType::Inventory, &[]), raw).unwrap().0, "A|MAIN");
}

#[test]
fn a_key_with_a_control_character_is_refused() {
    assert!(map(&mut mapper(DataType::Products, &[]), r#"{"sku": "a\u0000b"}"#).is_err());
}

#[test]
fn a_mapping_to_nothing_known_is_refused_by_name() {
    let mapping = [("colour".to_owned(), Some("c".to_owned())), ("sku".to_owned(), Some("$[".to_owned()))];
    let mut checks = Checks::default();
    check(DataType::Products, &mapping.into(), &mut checks);
    let errors = checks.finish().unwrap_err().0;
    assert_eq!(errors[0].field, "fieldMapping.colour");
    assert_eq!(errors[1].field, "fieldMapping.sku");
}

#[test]
fn the_word_null_is_no_number_and_no_time() {
    let raw = r#"{"orderID": 1, "shippedDate": "NULL", "freight": "NULL", "shipRegion": "NULL"}"#;
    let (_, json) = map(&mut mapper(DataType::Orders, &[]), raw).unwrap();
    assert_eq!(json, r#"{"orderNumber":"1","shippingAddress":{"region":"NULL"}}"#);
}

fn notes(mapper: &mut Mapper, raw: &str) -> Vec<(String, NoteKind)> {
    let mapped = mapper.map(&Opened::parse(raw.as_bytes()).unwrap(), &mut Vec::new()).unwrap();
    mapped.notes.into_iter().map(|note| (note.field, note.what)).collect()
}

#[test]
fn an_optional_field_that_cannot_be_read_costs_itself() {
    let raw = r#"{"sku": "A", "price": "on request", "modifiedAt": "soon", "name": ["a", "b"]}"#;
    let mut mapper = mapper(DataType::Products, &[]);
    assert_eq!(map(&mut mapper, raw).unwrap().1, r#"{"sku":"A"}"#);
    let left_out = ["name", "price", "modifiedAt"];
    assert_eq!(notes(&mut mapper, raw), left_out.map(|field| (field.to_owned(), NoteKind::LeftOut)));
}

#[test]
fn a_number_with_two_readings_sets_the_record_aside_unless_the_source_says_which() {
    let raw = r#"{"sku": "A", "price": "1,250"}"#;
    let mut mapper = mapper(DataType::Products, &[]);
    let unmapped = map(&mut mapper, raw).unwrap_err();
    assert!(unmapped.errors[0].message.contains("1.250 and as 1250"), "{unmapped:?}");
    for (notation, price) in [(Notation::Comma, "1.250"), (Notation::Point, "1250")] {
        mapper.set_notations(Arc::new(Notations::all(notation)));
        assert_eq!(map(&mut mapper, raw).unwrap().1, format!(r#"{{"sku":"A","price":"{price}"}}"#));
    }
    let columns = vec![("price".to_owned(), Notation::Comma)];
    mapper.set_notations(Arc::new(Notations { whole: Notation::Point, columns }));
    assert_eq!(
        map(&mut mapper, raw).unwrap().1,
        r#"{"sku":"A","price":"1.250"}"#,
        "a column goes before the whole"
    );
}

#[test]
fn a_line_whose_number_cannot_be_read_sets_the_order_aside_and_its_text_costs_itself() {
    let mut mapper = mapper(DataType::Orders, &[]);
    let unmapped = map(&mut mapper, r#"{"id": 1, "lines": [{"sku": "A", "quantity": "many"}]}"#).unwrap_err();
    assert_eq!(unmapped.errors[0].field, "lines.0.quantity");
    let raw =
        r#"{"id": 1, "lines": [{"sku": "A", "quantity": 2, "description": {"de": "Säge", "en": "saw"}}]}"#;
    assert_eq!(map(&mut mapper, raw).unwrap().1, r#"{"orderNumber":"1","lines":[{"sku":"A","quantity":2}]}"#);
    assert_eq!(notes(&mut mapper, raw), [("lines.0.description".to_owned(), NoteKind::LeftOut)]);
}

#[test]
fn lines_are_found_in_every_form_and_never_made_up() {
    let mut mapper = mapper(DataType::Orders, &[]);
    let two = r#"{"orderNumber":"1","lines":[{"sku":"A","quantity":2},{"sku":"B","quantity":1}]}"#;
    for lines in [
        r#"[{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]"#,
        r#"{"17": {"sku": "A", "quantity": 2}, "18": {"sku": "B", "quantity": 1}}"#,
        r#"{"data": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]}"#,
        r#"{"count": 2, "results": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]}"#,
        r#"{"d": {"results": [{"sku": "A", "quantity": 2}, {"sku": "B", "quantity": 1}]}}"#,
        r#"[{"item": {"sku": "A", "quantity": 2}}, {"item": {"sku": "B", "quantity": 1}}]"#,
    ] {
        let (_, json) = map(&mut mapper, &format!(r#"{{"id": 1, "lines": {lines}}}"#)).unwrap();
        assert_eq!(json, two, "{lines}");
    }
    let one = r#"{"orderNumber":"1","lines":[{"sku":"A","quantity":2}]}"#;
    for lines in [r#"{"sku": "A", "quantity": 2}"#, r#"{"17": {"sku": "A", "quantity": 2}}"#] {
        assert_eq!(map(&mut mapper, &format!(r#"{{"id": 1, "lines": {lines}}}"#)).unwrap().1, one, "{lines}");
    }
    for none in [r#""""#, "null", "{}", "false"] {
        let (_, json) = map(&mut mapper, &format!(r#"{{"id": 1, "lines": {none}}}"#)).unwrap();
        assert_eq!(json, r#"{"orderNumber":"1"}"#, "{none}");
    }
    for (lines, said) in [
        (r#"{"__deferred": {"uri": "https://x.example/1/lines"}}"#, "not sent along"),
        (r#"{"href": "https://x.example/1/lines"}"#, "not sent along"),
        (r#"{"colour": "red"}"#, "holds none"),
        (r#"[{"colour": "red"}]"#, "no field that is known"),
        (r#"[{"sku": "A", "quantity": 2}, {}]"#, "no field that is known"),
        (r#"[7]"#, "must be an object"),
        (r#""A;2""#, "must be a list"),
    ] {
        let unmapped = map(&mut mapper, &format!(r#"{{"id": 1, "lines": {lines}}}"#)).unwrap_err();
        assert!(unmapped.errors[0].message.contains(said), "{lines}: {unmapped:?}");
    }
}

#[test]
fn values_are_taken_out_of_what_wraps_them() {
    let mut mapper = mapper(DataType::Products, &[]);
    let raw = r##"{"sku": {"text": "A", "scheme": "own"}, "name": ["Saw"], "price": {"currency": "EUR", "amount": 12.50},
        "weight": {"#text": "3"}, "active": {"value": "x"}, "imageUrl": false}"##;
    let (key, json) = map(&mut mapper, raw).unwrap();
    assert_eq!(key, "A");
    assert_eq!(json, r#"{"sku":"A","name":"Saw","price":"12.50","weight":3,"active":true}"#);
    let raw = r#"{"sku": "A", "price": {"amount": 1, "value": 2}}"#;
    assert_eq!(
        notes(&mut mapper, raw),
        [("price".to_owned(), NoteKind::LeftOut)],
        "which one is meant is not guessed"
    );
}

#[test]
fn words_for_yes_and_no_are_read_where_they_mean_nothing_else() {
    let mut mapper = mapper(DataType::Products, &[]);
    let mut flag =
        |word: &str| map(&mut mapper, &format!(r#"{{"sku": "A", "discontinued": {word}}}"#)).unwrap().1;
    for yes in [
        r#""X""#,
        r#""x""#,
        r#""-1""#,
        "-1",
        "1",
        r#""Ja""#,
        r#""WAHR""#,
        r#""oui""#,
        r#""on""#,
        r#""1.0""#,
        "true",
    ] {
        assert_eq!(flag(yes), r#"{"sku":"A","discontinued":true}"#, "{yes}");
    }
    for none in [r#""""#, "null", r#""NULL""#] {
        assert_eq!(flag(none), r#"{"sku":"A"}"#, "{none}");
    }
    for no in [r#""0""#, "0", r#""Nein""#, r#""FALSCH""#, r#""non""#, r#""off""#, "false"] {
        assert_eq!(flag(no), r#"{"sku":"A","discontinued":false}"#, "{no}");
    }
    for unknown in [r#""aktiv""#, r#""ne""#, r#""2""#, r#""maybe""#] {
        let raw = format!(r#"{{"sku": "A", "discontinued": {unknown}}}"#);
        assert!(map(&mut mapper, &raw).is_err(), "{unknown}: without the flag it could be sold");
    }
}

#[test]
fn a_time_for_ever_is_clamped_and_told() {
    let mut mapper = mapper(DataType::Orders, &[]);
    let raw = r#"{"id": 1, "shippedDate": "9999-12-31T23:59:59Z", "requiredDate": "99991231", "orderDate": "00000000"}"#;
    let (_, json) = map(&mut mapper, raw).unwrap();
    assert_eq!(json, r#"{"orderNumber":"1","requiredOn":"9999-12-31","shippedAt":"9999-12-30T22:00:00Z"}"#);
    assert_eq!(notes(&mut mapper, raw), [("shippedAt".to_owned(), NoteKind::Clamped)]);
}

#[test]
fn times_without_a_zone_are_in_the_zone_of_the_connection() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let mut mapper = mapper(DataType::Orders, &[]).in_zone(zone);
    let raw = r#"{"id": 1, "orderDate": "2026-07-01 00:30:00", "requiredDate": "2026-07-01"}"#;
    let (_, json) = map(&mut mapper, raw).unwrap();
    assert_eq!(json, r#"{"orderNumber":"1","orderedAt":"2026-06-30T22:30:00Z","requiredOn":"2026-07-01"}"#);
}
