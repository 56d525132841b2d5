//! Amounts, prices and orders of invoices that came by themselves.

use domain::DataType;
use serde_json::{Value, json};

use super::inbox::{mapped, tax, ubl_invoice};

async fn read(head: &str, totals: &str, line: &str) -> Value {
    mapped(DataType::Invoices, &ubl_invoice(head, totals, line)).await.remove(0)
}

#[tokio::test]
async fn taxes_of_one_currency_are_added_up() {
    let code = "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>";
    let eur = |amount: &str| tax(amount, " currencyID='EUR'");
    let totals = format!("{}{}{}", eur("19.00"), eur("5.00"), tax("215.46", " currencyID='SEK'"));
    assert_eq!(read(code, &totals, "").await["tax"], json!("24.00"));
}

#[tokio::test]
async fn a_price_for_several_becomes_the_price_of_one_where_that_has_an_end() {
    for (price, base, one) in [
        ("200", "2", json!("100")),
        ("1.00", "100", json!("0.01")),
        ("12.50", "1", json!("12.50")),
        ("10", "3", Value::Null),
        ("10", "0", Value::Null),
    ] {
        let line = format!(
            "<cac:Item><cac:SellersItemIdentification><cbc:ID>A</cbc:ID></cac:SellersItemIdentification></cac:Item>\
             <cac:Price><cbc:PriceAmount currencyID='EUR'>{price}</cbc:PriceAmount><cbc:BaseQuantity>{base}</cbc:BaseQuantity>\
             </cac:Price>"
        );
        assert_eq!(read("", "", &line).await["lines"][0]["unitPrice"], one, "{price} for {base}");
    }
}

#[tokio::test]
async fn one_sum_stands_in_for_another_only_where_nothing_lies_between_them() {
    let sums = |sums: &str| {
        ubl_invoice("", "", "").replace(
            "<cbc:TaxInclusiveAmount currencyID='EUR'>119.00</cbc:TaxInclusiveAmount>",
            &format!("<cbc:PayableAmount currencyID='EUR'>69.00</cbc:PayableAmount>{sums}"),
        )
    };
    let plain = &mapped(DataType::Invoices, &sums("")).await[0];
    assert_eq!((&plain["total"], &plain["balance"]), (&json!("69.00"), &json!("69.00")));
    let prepaid = "<cbc:PrepaidAmount currencyID='EUR'>50.00</cbc:PrepaidAmount>";
    let prepaid = &mapped(DataType::Invoices, &sums(prepaid)).await[0];
    assert_eq!((&prepaid["total"], &prepaid["balance"]), (&Value::Null, &json!("69.00")));
}

#[tokio::test]
async fn an_invoice_is_of_an_order_only_if_all_of_its_lines_are() {
    let order = "<cac:OrderLineReference><cac:OrderReference><cbc:ID>PO-1</cbc:ID></cac:OrderReference>\
        </cac:OrderLineReference>";
    assert_eq!(read("", "", order).await["orderNumber"], json!("PO-1"));
    let beside = format!("{order}</cac:InvoiceLine><cac:InvoiceLine><cbc:ID>2</cbc:ID>");
    let invoice = read("", "", &beside).await;
    assert_eq!(invoice["orderNumber"], Value::Null);
    assert_eq!(
        (&invoice["lines"][0]["orderNumber"], &invoice["lines"][1]["orderNumber"]),
        (&json!("PO-1"), &Value::Null)
    );
}
