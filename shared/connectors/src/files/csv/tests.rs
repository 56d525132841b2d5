use domain::connection::{CsvSettings, FileSettings};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::files::tests::{Outcome, northwind, read, read_text};

fn with(csv: CsvSettings, text: impl Into<Vec<u8>>) -> Outcome {
    let settings = FileSettings { csv, ..FileSettings::default() };
    read("products.csv", std::io::Cursor::new(text.into()), &settings)
}

fn csv(text: &str) -> Outcome {
    read_text("products.csv", text)
}

#[test]
fn northwind_s_orders_all_come_out_mended_where_a_comma_was_not_quoted() {
    let orders = read_text("orders.csv", northwind("orders.csv"));
    assert_eq!(orders.warnings, ["176 lines of orders.csv had an unquoted comma in a text and were mended"]);
    let orders = orders.clean();
    assert_eq!(orders.len(), 830);
    let torn = orders.iter().find(|order| order["orderID"] == "10250").unwrap();
    assert_eq!(torn["shipAddress"], "Rua do Paço, 67");
    assert_eq!(torn["shipCity"], "Rio de Janeiro");
    assert_eq!(torn["shipCountry"], "Brazil");
    assert_eq!(orders[0]["shipRegion"], Value::Null);
    assert_eq!(orders[0]["freight"], "32.38");
}

#[test]
fn northwind_s_products_and_employees_come_out_whole() {
    let products = read_text("products.csv", northwind("products.csv")).clean();
    assert_eq!(products.len(), 77);
    assert_eq!(products[0]["productName"], "Chai");
    let employees = read_text("employees.csv", northwind("employees.csv")).clean();
    assert_eq!(employees.len(), 9);
    assert_eq!(employees[1]["title"], "Vice President, Sales");
    assert_eq!(employees[1]["reportsTo"], Value::Null);
}

#[test]
fn a_line_with_too_few_or_too_many_fields_fails_alone() {
    let read = csv("sku,name,price\n1,Chai,18\n2,Chang\n3,a,b,c\n4,Syrup,10\n");
    assert_eq!(read.records.len(), 2);
    assert_eq!(
        read.broken,
        [
            ("2,Chang".to_owned(), "line 3: it has 2 fields instead of 3".to_owned()),
            ("3,a,b,c".to_owned(), "line 4: it has 4 fields instead of 3".to_owned()),
        ]
    );
}

#[test]
fn a_quote_that_is_never_closed_costs_its_own_line_only() {
    let read = csv("sku,name\n1,Chai\n2,\"Chang\n3,Syrup\n4,\"Mix, \"\"Cajun\"\"\"\n5,Jam\n");
    let skus: Vec<_> = read.records.iter().map(|record| record["sku"].clone()).collect();
    assert_eq!(skus, ["1", "3", "4", "5"]);
    assert_eq!(read.records[2]["name"], "Mix, \"Cajun\"");
    assert_eq!(read.broken.len(), 1);
    assert!(read.broken[0].1.starts_with("line 3: a quote is opened and not closed"), "{:?}", read.broken);
}

#[test]
fn an_open_quote_in_the_last_line_fails_that_line() {
    let read = csv("sku,name\n1,Chai\n2,\"Chang");
    assert_eq!((read.records.len(), read.broken.len()), (1, 1));
}

#[test]
fn text_after_a_closing_quote_fails_its_line_and_names_the_field() {
    let read = csv("sku,name\n1,\"3\" disk\n2,7\" pipe\n");
    assert_eq!(read.broken[0].1, "line 2: field 2 goes on after its closing quote");
    assert_eq!(read.records, [json!({"sku": "2", "name": "7\" pipe"})]);
}

#[test]
fn a_quoted_field_may_span_lines() {
    let records = csv("sku,name\r\n1,\"two\r\nlines\r\n\r\nand a gap\"\r\n\r\n2,b\r\n").clean();
    assert_eq!(records[0]["name"], "two\nlines\n\nand a gap");
    assert_eq!(records[1]["sku"], "2");
}

#[test]
fn delimiters_are_found_and_trailing_ones_forgiven() {
    for delimiter in [",", ";", "\t", "|"] {
        let text = "sku,name,price,\n1,Chai,18,\n2,Chang,19,\n".replace(',', delimiter);
        let records = csv(&text).clean();
        assert_eq!(records[1], json!({"sku": "2", "name": "Chang", "price": "19"}), "{delimiter:?}");
    }
    assert_eq!(csv("sep=;\nsku;a,b\n1;2\n").clean(), [json!({"sku": "1", "a,b": "2"})]);
    assert_eq!(csv("sku\n1\n2\n").clean().len(), 2);
    assert_eq!(csv("sku,a\r1,b\r2,c\r").clean().len(), 2);
}

#[test]
fn decimal_commas_become_points_and_what_is_no_number_stays() {
    let text = "sku;price;stock;code\n007,5;12,50;1.234,56;1.234\n0815;-0,5;1.234;1.234\n9;1.000.000;3;A,5\n";
    let records = csv(text).clean();
    assert_eq!(records[0], json!({"sku": "007,5", "price": "12.50", "stock": "1234.56", "code": "1.234"}));
    assert_eq!(records[1], json!({"sku": "0815", "price": "-0.5", "stock": "1234", "code": "1.234"}));
    assert_eq!(records[2], json!({"sku": "9", "price": "1000000", "stock": "3", "code": "A,5"}));
}

#[test]
fn decimal_points_are_left_alone() {
    let records = csv("sku;price;note\n1;12.50;1,5 kg\n2;3;4,5\n").clean();
    assert_eq!(records[1], json!({"sku": "2", "price": "3", "note": "4,5"}));
    let forced = CsvSettings { decimal_sign: Some(','), ..CsvSettings::default() };
    assert_eq!(with(forced, "sku;price\n1;2,500\n").clean()[0]["price"], "2.500");
}

#[test]
fn names_are_taken_from_the_first_line_unless_it_holds_values() {
    let records = csv("1,Chai,18\n2,Chang,19\n").clean();
    assert_eq!(records[0], json!({"column1": "1", "column2": "Chai", "column3": "18"}));
    let no_header = CsvSettings { header: Some(false), ..CsvSettings::default() };
    assert_eq!(with(no_header, "sku,name\n").clean(), [json!({"column1": "sku", "column2": "name"})]);
    assert!(csv("sku,name\n").clean().is_empty());
}

#[test]
fn two_columns_of_one_name_are_an_error_of_the_file() {
    let read = csv("sku,name,sku\n1,2,3\n");
    assert_eq!(read.fault.as_deref(), Some("its first line names two columns \"sku\""));
    assert!(read.records.is_empty());
}

#[test]
fn nulls_are_what_the_settings_say() {
    assert_eq!(csv("a,b,c\n,NULL,null\n").clean(), [json!({"a": null, "b": null, "c": "null"})]);
    let dash = CsvSettings { null_values: Some(vec!["-".to_owned()]), ..CsvSettings::default() };
    assert_eq!(with(dash, "a,b\n-,\n").clean(), [json!({"a": null, "b": ""})]);
}

#[test]
fn bytes_that_mean_nothing_fail_their_line_alone() {
    let mut text = "sku,name\n1,Käse\n2,Größe\n".as_bytes().to_vec();
    text.extend_from_slice(b"3,K\xe4se\n4,fin\n");
    let read = read_text("products.csv", text);
    assert_eq!(read.records.len(), 3);
    assert!(read.broken[0].1.starts_with("line 4: it holds bytes that mean nothing"), "{:?}", read.broken);
}

#[test]
fn windows_and_utf_16_files_read_like_utf_8() {
    let latin = read_text("products.csv", &b"sku;name\n1;K\xe4se \x80\n"[..]).clean();
    assert_eq!(latin[0]["name"], "Käse €");
    let utf16: Vec<u8> = "\u{FEFF}sku;name\r\n1;Käse\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read_text("products.csv", utf16).clean(), [json!({"sku": "1", "name": "Käse"})]);
    let utf8 = read_text("products.csv", "\u{FEFF}sku,name\n1,Käse\n").clean();
    assert_eq!(utf8, [json!({"sku": "1", "name": "Käse"})]);
}

/// A row as RFC 4180 writes it.
fn rfc4180(row: &[String]) -> String {
    let quote = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
    row.iter().map(quote).collect::<Vec<_>>().join(",") + "\r\n"
}

proptest! {
    #[test]
    fn whatever_rfc_4180_can_write_is_read_as_it_was(
        rows in prop::collection::vec(prop::collection::vec("[a-zä\",;\n 0-9.]{1,12}", 3), 0..20),
    ) {
        let text = rows.iter().fold("alpha,beta,gamma\r\n".to_owned(), |text, row| text + &rfc4180(row));
        let explicit = CsvSettings {
            delimiter: Some(','), decimal_sign: Some('.'), header: Some(true), ..CsvSettings::default()
        };
        let records = with(explicit, text).clean();
        let expected: Vec<Value> =
            rows.iter().map(|row| json!({"alpha": row[0], "beta": row[1], "gamma": row[2]})).collect();
        prop_assert_eq!(records, expected);
    }

    #[test]
    fn no_bytes_at_all_make_the_reader_lose_a_good_line(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        let noise: Vec<u8> = noise.into_iter().filter(|byte| !b"\n\"".contains(byte)).collect();
        let text = [&b"sku,name\n1,a\n"[..], &noise, b"\n2,b\n"].concat();
        let explicit = CsvSettings { delimiter: Some(','), encoding: Some("utf-8".into()), ..CsvSettings::default() };
        let read = with(explicit, text);
        let has = |sku: &str| read.records.iter().any(|record| record["sku"] == sku);
        prop_assert!(has("1") && has("2"), "{:?}", read);
    }
}
