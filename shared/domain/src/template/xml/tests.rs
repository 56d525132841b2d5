use serde_json::{Value, json};

use super::{Query, XmlTemplate, XmlValues};
use crate::change::Operation;
use crate::connection::NumberForm;
use crate::data_type::DataType;
use crate::json::Json;
use crate::template::{Outgoing, UTC};

fn sent(xml: &str, record: &Value) -> Result<String, String> {
    let text = record.to_string();
    let outgoing = Outgoing {
        data_type: DataType::Orders,
        operation: Operation::Create,
        record: Json::parse(text.as_bytes()).ok(),
        key: "K-1",
        reference: "WEB-1",
        idempotency_key: "chg_1-1",
        numbers: NumberForm::Number,
        zone: &UTC,
    };
    let template = XmlTemplate::of_record(DataType::Orders, xml)?;
    template.render(XmlValues::Record(&outgoing), Some("C & Co"))
}

fn asked(xml: &str, query: &Query<'_>) -> String {
    XmlTemplate::of_query(xml).unwrap().render(XmlValues::Query(query), None).unwrap()
}

#[test]
fn values_are_escaped_in_texts_and_attributes() {
    let order = json!({"notes": "a < b & \"c\"\r\n]]> \u{1F6D2}", "email": "'x'\t"});
    let xml =
        sent(r#"<o xmlns="urn:a&amp;b" note="{{notes}}"><n>{{notes}}</n>{{company}} {{email}}</o>"#, &order);
    let notes = "a &lt; b &amp; &quot;c&quot;&#13;&#10;]]&gt; 🛒";
    let expected = format!(r#"<o xmlns="urn:a&amp;b" note="{notes}"><n>{notes}</n>C &amp; Co 'x'&#9;</o>"#);
    assert_eq!(xml, Ok(expected));
    let refused = sent("<o>{{notes}}</o>", &json!({"notes": "a\u{1}b"})).unwrap_err();
    assert!(refused.starts_with("notes holds a control character"), "{refused}");
}

#[test]
fn sections_come_for_each_line_and_know_the_record() {
    let order = json!({"currency": "GBP", "lines": [
        {"sku": "A", "quantity": 2.50, "unitPrice": "12345678901234567.89"}, {"sku": "B"},
    ]});
    let xml = "<o>\n <ls>{{#lines}}\n <l c='{{$.currency}}'><s>{{sku}}</s><q>{{quantity}}</q>\
               <p>{{unitPrice}}</p></l>\n {{/lines}}</ls></o>";
    let expected = r#"<o><ls><l c="GBP"><s>A</s><q>2.5</q><p>12345678901234567.89</p></l><l c="GBP"><s>B</s></l></ls></o>"#;
    assert_eq!(sent(xml, &order).as_deref(), Ok(expected));
    assert_eq!(sent(xml, &json!({})).as_deref(), Ok("<o></o>"));
}

#[test]
fn what_asks_for_values_and_gets_none_is_left_out() {
    let xml = "<o><a x='{{notes}}'/><b><c>{{email}}</c></b><d>{{key}}</d><e><f/><g>{{notes}}</g></e>\
               {{#shippingAddress}}<h><kind>ship</kind><i>{{shippingAddress.city}}</i></h>{{/shippingAddress}}</o>";
    assert_eq!(sent(xml, &json!({})).as_deref(), Ok("<o><d>K-1</d><e><f></f></e></o>"));
    let in_attributes =
        "<o><p c='{{currency}}'>{{total}}</p><q c='{{currency}}'/><r c='{{notes}}'><s/></r></o>";
    let expected = "<o><q c=\"GBP\"></q><r><s></s></r></o>";
    assert_eq!(sent(in_attributes, &json!({"currency": "GBP"})).as_deref(), Ok(expected));
    let with_city = json!({"shippingAddress": {"city": "Leeds"}});
    assert!(sent(xml, &with_city).unwrap().ends_with("<h><kind>ship</kind><i>Leeds</i></h></o>"));
}

#[test]
fn a_page_is_asked_for_by_what_is_known() {
    let xml = "<Get><Page>{{page}}</Page><Size>{{pageSize}}</Size>\
               {{#since}}<If><Field>changed</Field><After>{{since}}</After></If>{{/since}}</Get>";
    let whole = Query { page: Some(2), page_size: 10, ..Query::default() };
    assert_eq!(asked(xml, &whole), "<Get><Page>2</Page><Size>10</Size></Get>");
    let changed = Query { since: Some("2026-11-20"), ..whole };
    assert!(asked(xml, &changed).contains("<If><Field>changed</Field><After>2026-11-20</After></If>"));
    let template = XmlTemplate::of_query(xml).unwrap();
    assert!(template.asks_for("since") && !template.asks_for("cursor"));
    assert!(template.asks_only_for(&["since", "page", "pageSize"]) && !template.asks_only_for(&["page"]));
}

#[test]
fn what_is_wrong_with_a_template_is_told() {
    let cases = [
        ("", "must be one XML element"),
        ("<a/><b/>", "must be one XML element"),
        ("<a/>text", "must be one XML element"),
        ("{{#lines}}<a/>{{/lines}}", "must be one XML element"),
        ("<a>", "it ends inside the element a"),
        ("<a></b>", "is no well-formed XML: near byte"),
        ("<a b='1' b='2'/>", "is no well-formed XML"),
        ("<s:a/>", "the prefix s is not declared"),
        ("<a s:b='1'/>", "the prefix s is not declared"),
        ("<!DOCTYPE a><a/>", "a document type (DTD) is not accepted"),
        ("<a>&own;</a>", "the entity &own; is not accepted"),
        ("<a>{{colour}}</a>", "colour is no field of orders"),
        ("<a>{{lines}}</a>", "lines is no single value"),
        ("<a>{{key</a>", "has {{ without }}"),
        ("<a>{{#lines}}</a>", "has {{#lines}} without {{/lines}}"),
        ("<a>{{#lines}}<b>{{/lines}}</b></a>", "has {{/lines}} where no {{#lines}} is open"),
        ("<a>{{#lines}}{{#$.lines}}<b/>{{/$.lines}}{{/lines}}</a>", "cannot stand inside another one"),
        ("<a b='{{#key}}'/>", "has a section in the attribute b"),
        ("<a>{{#lines}}{{city}}{{/lines}}</a>", "city is no field of an item"),
    ];
    for (xml, words) in cases {
        let sentence = sent(xml, &json!({})).unwrap_err();
        assert!(sentence.contains(words), "{xml}: {sentence}");
    }
    let deep = format!("{}{}", "<a>".repeat(5000), "</a>".repeat(5000));
    assert!(sent(&deep, &json!({})).unwrap_err().contains("more than 64 deep"));
    assert!(
        XmlTemplate::of_query("<a>{{key}}</a>")
            .unwrap_err()
            .contains("key is unknown here: use company, since")
    );
}
