use domain::connection::{CsvSettings, FileSettings};
use domain::notation::{Notation, Notations};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::dialect::Dialect;
use crate::files::tests::{Outcome, each_chunk, northwind, read, read_text};

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
    assert_eq!(
        orders.warnings,
        [
            "176 lines of orders.csv had an unquoted comma or a quote that was not doubled in a text and were mended"
        ]
    );
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
fn a_quote_that_was_not_doubled_belongs_to_the_text_where_the_field_still_ends() {
    let read = csv("sku,name,price\n1,\"Pipe 7\" long\",5.00\n2,\"Nut\",1\n");
    assert_eq!(read.records[0], json!({"sku": "1", "name": "Pipe 7\" long", "price": "5.00"}));
    assert!(read.broken.is_empty() && read.warnings[0].contains("a quote that was not doubled"), "{read:?}");
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

/// How the numbers of the columns of a file are written.
fn notations(text: &str) -> Notations {
    let mut notations = Notations::default();
    each_chunk("products.csv", std::io::Cursor::new(text.to_owned()), &FileSettings::default(), |chunk| {
        notations = (*chunk.unwrap().page.notations).clone();
    });
    notations
}

#[test]
fn numbers_come_out_as_they_were_sent_and_the_file_tells_their_decimal_sign() {
    let text = "sku;price;stock\nA;12,50;1.250\nB;1.234,56;800\n";
    assert_eq!(csv(text).clean()[0], json!({"sku": "A", "price": "12,50", "stock": "1.250"}));
    assert_eq!(notations(text), Notations::all(Notation::Comma));
    assert_eq!(notations("sku,price\nA,\"1,234.56\"\nB,0.05\n"), Notations::all(Notation::Point));
    assert_eq!(notations("sku;price\nA;1.250\n"), Notations::all(Notation::Unknown));
    assert_eq!(
        notations("sku,price\nA,\"1,250\"\n"),
        Notations::all(Notation::Point),
        "a comma separates the fields"
    );
    let forced = CsvSettings { decimal_sign: Some(','), ..CsvSettings::default() };
    let dialect = Dialect::of(&forced, b"sku;price\nA;1.50\n");
    assert_eq!(dialect.notations(&forced, &["sku".to_owned()]), Notations::all(Notation::Comma));
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
fn a_second_column_of_one_name_is_renamed_and_told() {
    let read = csv("sku,name,sku\n1,2,3\n");
    assert_eq!(read.records, [json!({"sku": "1", "name": "2", "sku_2": "3"})]);
    assert_eq!(
        read.warnings,
        ["products.csv has more than one column \"sku\": the second one is called sku_2"]
    );
}

#[test]
fn titles_before_the_names_of_the_columns_are_passed_over_and_told() {
    let text = "Price list;;;\nAs of: 01.12.2026;;;\n\nItem No;Name;Price;Stock\n1001;Hammer;12,50;5\n1002;Saw;8,00;7\n";
    let read = csv(text);
    assert_eq!(read.records[1], json!({"Item No": "1002", "Name": "Saw", "Price": "8,00", "Stock": "7"}));
    assert_eq!(read.warnings, ["2 lines before the names of the columns of products.csv were passed over"]);
    let bare = csv("Stock list of plant 7\nsku,name,price\n1,a,2\n2,b,3\n");
    assert_eq!(bare.records.len(), 2);
    let set = CsvSettings { skip_lines: Some(2), ..CsvSettings::default() };
    assert_eq!(with(set, "a,b\nc,d\nsku,name\n1,x\n").clean(), [json!({"sku": "1", "name": "x"})]);
    let set = CsvSettings { header_row: Some(3), ..CsvSettings::default() };
    assert_eq!(with(set, "a,b\nc,d\n1,2\n3,4\n").clean(), [json!({"1": "3", "2": "4"})]);
}

#[test]
fn a_row_that_may_be_a_record_is_no_title() {
    let read = csv("sku,name\n1,a,x\n2,b,y\n");
    assert!(read.records.is_empty() && read.broken.len() == 2, "{read:?}");
    let read = csv("1,\n2,b\n3,c\n");
    assert_eq!(read.records.len() + read.broken.len(), 3, "{read:?}");
}

#[test]
fn quotes_may_be_escaped_or_be_apostrophes() {
    let escaped =
        csv("sku,name,price\n1,\"Pipe 7\\\" long\",5.00\n2,\"Nut\",\\N\n3,\"plain\",1.00\n").clean();
    assert_eq!(escaped[0]["name"], "Pipe 7\" long");
    assert_eq!(escaped[1]["price"], Value::Null);
    let apostrophes = csv("'sku','name'\n'1','a, b'\n'2','O''Neil'\n").clean();
    assert_eq!(apostrophes[0], json!({"sku": "1", "name": "a, b"}));
    assert_eq!(apostrophes[1]["name"], "O'Neil");
    let set = CsvSettings { escape: Some('~'), ..CsvSettings::default() };
    assert_eq!(with(set, "sku,name\n1,\"a ~\"b~\" ~~\"\n").clean()[0]["name"], "a \"b\" ~");
}

#[test]
fn delimiters_of_more_than_one_sign_and_rare_ones_are_found() {
    for delimiter in ["||", ";;", "^", "~", "\u{1}", " "] {
        let text = "sku,name,price\n1,Chai,18\n2,Chang,19\n".replace(',', delimiter);
        assert_eq!(
            csv(&text).clean()[1],
            json!({"sku": "2", "name": "Chang", "price": "19"}),
            "{delimiter:?}"
        );
    }
    let spaced = csv("sku, name, price\n1, \"a, b\", 2\n2, \"c\", 3\n").clean();
    assert_eq!(spaced[0], json!({"sku": "1", "name": "a, b", "price": "2"}));
    let set = CsvSettings { delimiter: Some("<>".to_owned()), ..CsvSettings::default() };
    assert_eq!(with(set, "sku<>name\n1<>a\n").clean(), [json!({"sku": "1", "name": "a"})]);
}

#[test]
fn a_line_of_totals_at_the_end_is_no_record() {
    let read = csv("sku;name;price\n1001;Hammer;12,50\n1002;Saw;8,00\nTotal;;20,50\n");
    assert_eq!(read.records.len(), 2);
    assert!(read.broken[0].1.contains("total of the others"), "{read:?}");
    assert_eq!(csv("sku;name\nTotal;a\n2;b\n").clean().len(), 2, "elsewhere it is an article");
}

#[test]
fn appended_exports_are_read_as_one() {
    let read = csv("\u{feff}sku,name\n1,a\n\u{feff}sku,name\n2,b\n\u{feff}3,c\n");
    let skus: Vec<_> = read.records.iter().map(|record| record["sku"].clone()).collect();
    assert_eq!(skus, ["1", "2", "3"]);
    assert_eq!(read.warnings, ["products.csv names its columns again in 1 lines, which were passed over"]);
}

#[test]
fn what_is_no_csv_is_refused_by_what_it_is() {
    for (content, said) in [
        (&b"PK\x03\x04..."[..], "zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel workbook"),
        (b"%PDF-1.4\n%\xe2\xe3", "a PDF"),
        (b"\x1f\x8b\x08\x00", "packed by gzip"),
        (b"<html><body><table>", "HTML or XML"),
        (b"<!DOCTYPE html><html>", "HTML or XML"),
        (b"[{\"sku\":\"A1\"}]", "JSON"),
        (b"{ \"data\": [] }", "JSON"),
        (b"502 Bad Gateway\n", "holds one line and no field that is known"),
        (b"a\x00b\x01,c\nd,e\n", "control characters"),
    ] {
        let read = read_text("products.csv", content);
        assert!(read.fault.as_deref().is_some_and(|fault| fault.contains(said)), "{said}: {read:?}");
        assert!(read.records.is_empty());
    }
    let empty = csv("sku,name\n");
    assert_eq!(empty.warnings, ["products.csv holds the names of columns and no rows"]);
    assert_eq!(csv("# made by us\nsku,name\n1,a\n").records.len(), 1);
    let set = CsvSettings { comment: Some('#'), ..CsvSettings::default() };
    assert_eq!(with(set, "sku,name\n# a,b\n1,a\n").clean().len(), 1);
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
            delimiter: Some(",".to_owned()), decimal_sign: Some('.'), header: Some(true), ..CsvSettings::default()
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
        let explicit = CsvSettings { delimiter: Some(",".to_owned()), encoding: Some("utf-8".into()), ..CsvSettings::default() };
        let read = with(explicit, text);
        let has = |sku: &str| read.records.iter().any(|record| record["sku"] == sku);
        prop_assert!(has("1") && has("2"), "{:?}", read);
    }
}

#[test]
fn one_delimiter_too_many_among_the_names_is_told_and_left_out() {
    for head in ["sku,,name,price", ",sku,name,price"] {
        let read = csv(&format!("{head}\n1,Chai,18\n2,Chang,19\n"));
        assert_eq!(read.records[1], json!({"sku": "2", "name": "Chang", "price": "19"}), "{head}");
        assert_eq!(
            read.warnings,
            ["the names of the columns of products.csv have one comma too many, which was left out"]
        );
    }
    let unnamed = csv("sku,,name\n1,a,Chai\n2,b,Chang\n");
    assert_eq!(unnamed.records[0], json!({"sku": "1", "column2": "a", "name": "Chai"}));
}

#[test]
fn a_second_line_of_names_is_no_record() {
    let read = csv("sku,name,price,stock\nNr.,Text,EUR,pcs\nA1,Chai,18,3\nA2,Chang,19,4\nA3,Syrup,10,0\n");
    assert_eq!(read.records.len(), 3);
    assert!(read.broken[0].1.contains("looks like a second line of column names"), "{:?}", read.broken);
    for first in ["A0,Tea,on request,4", "A0,Tea,,", "A0,Tea,1,n/a"] {
        let read = csv(&format!("sku,name,price,stock\n{first}\nA1,Chai,18,3\nA2,Chang,19,4\n"));
        assert_eq!((read.records.len(), read.broken.len()), (3, 0), "{first}");
    }
}
