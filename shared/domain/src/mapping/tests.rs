use super::*;

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
    let raw = r#"{"unitPrice": "free", "discontinued": "maybe", "description": ["a"]}"#;
    let unmapped = map(&mut mapper(DataType::Products, &[]), raw).unwrap_err();
    let fields: Vec<_> = unmapped.errors.iter().map(|e| e.field.as_str()).collect();
    assert_eq!(fields, ["sku", "description", "price", "discontinued"]);
    assert!(unmapped.errors[2].message.contains("\"free\""), "{unmapped:?}");
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
