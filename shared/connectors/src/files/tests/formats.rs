use domain::connection::{FileFormat, FileSettings};
use serde_json::{Value, json};

use super::{Outcome, read, read_text};

fn at(path: &str, name: &str, text: &str) -> Outcome {
    let settings = FileSettings { record_path: Some(path.to_owned()), ..FileSettings::default() };
    read(name, std::io::Cursor::new(text.to_owned().into_bytes()), &settings)
}

#[test]
fn json_records_are_found_at_the_top_or_under_a_usual_member() {
    let expected = [json!({"sku": "1"}), json!({"sku": "2"})];
    let list = r#"[{"sku":"1"},{"sku":"2"}]"#;
    assert_eq!(read_text("products.json", list).clean(), expected);
    for member in ["data", "items", "results", "records", "value", "products"] {
        let text = format!(r#"{{"count": 2, "tags": ["x"], "{member}": {list}, "next": null}}"#);
        assert_eq!(read_text("products.json", text).clean(), expected, "{member}");
    }
    let odata = format!(r#"{{"d": {{"__count": "2", "results": {list}}}}}"#);
    assert_eq!(read_text("products.json", odata).clean(), expected);
    let deep = format!(r#"{{"a": {{"b": {list}, "data": [{{"sku": "3"}}]}}}}"#);
    assert_eq!(at("a.b", "products.json", &deep).clean(), expected);
    assert!(read_text("products.json", "[]").clean().is_empty());
}

#[test]
fn json_numbers_keep_every_digit() {
    let mut raw = Vec::new();
    super::each_chunk(
        "products.json",
        &br#"[{"price": 12345678901234567.89}]"#[..],
        &FileSettings::default(),
        |chunk| raw.extend(chunk.unwrap().page.body),
    );
    assert_eq!(raw, br#"{"price": 12345678901234567.89}"#);
}

#[test]
fn json_without_a_list_says_what_to_set() {
    for text in [r#"{"sku": "1"}"#, r#""text""#, r#"{"rows": [{"sku": 1}]}"#] {
        let fault = read_text("products.json", text).fault.unwrap();
        assert!(fault.contains("settings.files.recordPath"), "{fault}");
    }
    let fault = at("a.b", "products.json", r#"{"a": {"b": 1}}"#).fault.unwrap();
    assert!(fault.contains("a.b"), "{fault}");
}

#[test]
fn a_json_document_that_breaks_off_keeps_the_records_before_and_tells_where() {
    let read = read_text("products.json", "[{\"sku\":\"1\"},\n{\"sku\":\"2\"},\n{\"sku\":");
    assert_eq!(read.records.len(), 2);
    let fault = read.fault.unwrap();
    assert!(fault.contains("line 3"), "{fault}");
    assert!(read_text("products.json", "[] x").fault.is_some());
    assert!(read_text("products.json", "").fault.is_some());
    assert!(read_text("products.json", "<html>").fault.is_some());
}

#[test]
fn an_element_that_is_no_object_is_set_aside_alone() {
    let read = read_text("products.json", r#"[{"sku":"1"}, 7, null, {"sku":"2"}]"#);
    assert_eq!(read.records.len(), 2);
    assert_eq!(read.broken[0], ("7".to_owned(), "it is no object".to_owned()));
}

#[test]
fn a_bad_json_line_fails_alone() {
    let read = read_text("products.jsonl", "{\"sku\":\"1\"}\n\n{\"sku\":\r\n[1]\n{\"sku\":\"2\"}");
    assert_eq!(read.records, [json!({"sku": "1"}), json!({"sku": "2"})]);
    assert!(read.broken[0].1.starts_with("line 3: it is no JSON"), "{:?}", read.broken);
    assert_eq!(read.broken[1].1, "line 4: it is a list, not an object");
}

#[test]
fn objects_come_one_after_the_other_however_they_are_laid_out() {
    for text in [
        "{\"sku\":\"1\"},\n{\"sku\":\"2\"},\n{\"sku\":\"3\"}\n",
        "{\n \"sku\": \"1\",\n \"name\": \"{\"\n}\n{\n \"sku\": \"2\"\n}\n{\"sku\":\"3\"}",
        "{\"sku\":\"1\"}{\"sku\":\"2\"}\n{\"sku\":\"3\"}",
        "{\"sku\":\"1\",\"name\":\"a\u{2028}b\"}\r\n\r\n{\"sku\":\"2\",\"weight\":NaN}\r\n{\"sku\":\"3\"}",
    ] {
        for name in ["products.jsonl", "products.json"] {
            let records = read_text(name, text).clean();
            let skus: Vec<_> = records.iter().map(|record| record["sku"].as_str().unwrap()).collect();
            assert_eq!(skus, ["1", "2", "3"], "{name} {text}");
        }
    }
}

#[test]
fn an_object_that_does_not_end_costs_itself_only() {
    let read =
        read_text("products.jsonl", "{\"sku\":\"1\",\n\"name\":\"x\"\n{\"sku\":\"2\"}\n{\"sku\":\"3\"}\n{\n");
    let skus: Vec<_> = read.records.iter().map(|record| record["sku"].as_str().unwrap()).collect();
    assert_eq!(skus, ["2", "3"]);
    assert_eq!(read.broken.len(), 3, "{read:?}");
}

#[test]
fn numbers_that_json_does_not_have_are_no_value() {
    let text = r#"{"data":[{"sku":"A1","weight":NaN},{"sku":"A2","price":-Infinity,"name":"NaN"}]}"#;
    let records = read_text("products.json", text).clean();
    assert_eq!(records[0], json!({"sku": "A1", "weight": null}));
    assert_eq!(records[1], json!({"sku": "A2", "price": null, "name": "NaN"}));
}

#[test]
fn objects_keyed_by_their_ids_are_records_in_a_file_too() {
    let text = r#"{"data":{"17":{"name":"Saw","price":5},"18":{"name":"Nut","price":1}}}"#;
    let by_path = |path: &str| {
        let settings = FileSettings { record_path: Some(path.to_owned()), ..FileSettings::default() };
        read_as("products.json", text, &settings).clean()
    };
    let expected = [
        json!({"@key": "17", "id": "17", "name": "Saw", "price": 5}),
        json!({"@key": "18", "id": "18", "name": "Nut", "price": 1}),
    ];
    assert_eq!(read_text("products.json", text).clean(), expected);
    for path in ["data", "data.*", "$.data[*]"] {
        assert_eq!(by_path(path), expected, "{path}");
    }
    let one = FileSettings { record_path: Some("product".to_owned()), ..FileSettings::default() };
    assert_eq!(
        read_as("p.json", r#"{"product":{"sku":"A","name":"a"}}"#, &one).clean(),
        [json!({"sku": "A", "name": "a"})]
    );
    assert!(read_text("products.json", r#"{"data":{"meta":{"page":1},"17":{"name":"a"}}}"#).fault.is_some());
}

#[test]
fn json_lines_are_known_whatever_their_file_is_called() {
    let read = read_text("products.json", "{\"sku\":\"1\"}\n{\"sku\":\"2\"}\n");
    assert_eq!(read.clean().len(), 2);
    let settings = FileSettings { format: Some(FileFormat::Jsonl), ..FileSettings::default() };
    let read = read_as("products.dat", "{\"sku\":\"1\"}", &settings);
    assert_eq!(read.clean().len(), 1);
}

fn read_as(name: &str, text: &str, settings: &FileSettings) -> Outcome {
    read(name, std::io::Cursor::new(text.to_owned().into_bytes()), settings)
}

#[test]
fn an_xml_element_becomes_the_object_a_person_would_write() {
    let xml = r#"<?xml version="1.0"?>
        <p:Catalog xmlns:p="urn:x" made="today"><!-- two of them -->
          <p:Product sku="1" name="attribute">
            <p:name>Tom &amp; Jerry&#39;s <![CDATA[<best>]]></p:name>
            <price currency="EUR">12.50</price><tag>a</tag><empty/><tag>b</tag>
            <stock><place>A</place><count>3</count></stock>
          </p:Product>
          <p:Product sku="2"/>
        </p:Catalog>"#;
    let records = read_text("products.xml", xml).clean();
    let expected = json!({
        "sku": "1", "@name": "attribute", "name": "Tom & Jerry's <best>",
        "price": {"currency": "EUR", "text": "12.50"}, "tag": ["a", "b"], "empty": null,
        "stock": {"place": "A", "count": "3"},
    });
    assert_eq!(records, [expected, json!({"sku": "2"})]);
}

#[test]
fn xml_records_are_taken_from_the_path_that_is_set() {
    let xml = "<A><B><C><id>1</id></C></B><B><C><id>2</id></C><C><id>3</id></C></B></A>";
    let ids = |records: Vec<Value>| records.iter().map(|record| record["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(at("A.B.C", "products.xml", xml).clean()), ["1", "2", "3"]);
    assert_eq!(ids(at("B.C", "products.xml", xml).clean()), ["1", "2", "3"]);
    assert_eq!(
        ids(read_text("products.xml", "<Products><Product><id>1</id></Product></Products>").clean()),
        ["1"]
    );
    assert!(read_text("products.xml", "<Products/>").clean().is_empty());
}

#[test]
fn xml_that_would_expand_or_fetch_is_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY x \"ha\">]><a><b>&x;</b><b/></a>";
    assert!(read_text("products.xml", bomb).fault.unwrap().contains("document type"));
    let entity = read_text("products.xml", "<a><b>&secret;</b><b/></a>").fault.unwrap();
    assert!(entity.contains("&secret; is not accepted"), "{entity}");
    let deep = format!("<a>{}{}<b/></a>", "<b>".repeat(500), "</b>".repeat(500));
    assert!(read_text("products.xml", deep).fault.unwrap().contains("nested"));
}

#[test]
fn xml_that_is_broken_tells_where() {
    let read = read_text("products.xml", "<a><b><id>1</id></b><b><id>2</b></a>");
    assert_eq!(read.records, [json!({"id": "1"})]);
    assert!(read.fault.unwrap().contains("near byte"));
    let cut = read_text("products.xml", "<a><b>1</b><b>2</b>").fault.unwrap();
    assert!(cut.contains("ends inside"), "{cut}");
    assert!(read_text("products.xml", "hello").fault.unwrap().contains("no XML element"));
}
