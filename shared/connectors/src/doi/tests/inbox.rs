//! Documents that came by themselves.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::DataType;
use domain::json::Opened;
use domain::mapping::{FieldMapping, Mapper};
use serde_json::{Value, json};
use transport::ErpError;

use super::erp::order_response;
use super::validity;
use crate::doi::incoming::{self, Envelope};
use crate::doi::pull::Documents;
use crate::{Inbox, Item, Pages, Waiting};

/// An inbox in memory.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Vec<Waiting>>);

impl Kept {
    fn with(documents: &[String]) -> Arc<Self> {
        let waiting = documents.iter().enumerate();
        let waiting =
            waiting.map(|(n, document)| Waiting { id: format!("{n:03}"), document: document.clone() });
        Arc::new(Self(Mutex::new(waiting.collect())))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[async_trait]
impl Inbox for Kept {
    async fn waiting(&self, _: DataType, after: Option<&str>, limit: u32) -> Result<Vec<Waiting>, ErpError> {
        let all = self.0.lock().unwrap();
        let behind = all.iter().filter(|waiting| after.is_none_or(|after| *waiting.id > *after));
        Ok(behind.take(limit as usize).cloned().collect())
    }

    async fn forget(&self, _: DataType, ids: &[String]) -> Result<(), ErpError> {
        self.0.lock().unwrap().retain(|waiting| !ids.contains(&waiting.id));
        Ok(())
    }
}

/// A cXML request, as a supplier sends one.
fn cxml(request: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><!DOCTYPE cXML SYSTEM \"http://xml.cxml.org/schemas/cXML/1.2.063/Fulfill.dtd\">\
         <cXML payloadID=\"1@supplier\" timestamp=\"2026-11-20T10:00:00+01:00\"><Header><From/><To/><Sender><Credential \
         domain=\"x\"><Identity>y</Identity><SharedSecret>s3cret!</SharedSecret></Credential></Sender></Header>\
         <Request>{request}</Request></cXML>"
    )
}

/// The canonical records of one document.
pub(super) async fn mapped(data_type: DataType, document: &str) -> Vec<Value> {
    let taken = incoming::receive(document.as_bytes(), None).unwrap();
    assert_eq!(taken.data_type, data_type);
    let inbox = Kept::with(&[document.to_owned()]);
    let mut pages = Documents::open(inbox, data_type, false, None).await.unwrap();
    let page = pages.next().await.unwrap().unwrap();
    let mut mapper = Mapper::new(data_type, &FieldMapping::default(), &[]);
    let mut map = |item: &Item| {
        let Item::Record(range) = item else { panic!("{item:?}") };
        let mut out = Vec::new();
        mapper.map(&Opened::parse(&page.body[range.clone()]).unwrap(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    };
    page.items.iter().map(&mut map).collect()
}

#[tokio::test]
async fn confirmations_and_ship_notices_tell_how_far_an_order_has_come() {
    let confirmation = cxml(
        "<ConfirmationRequest><ConfirmationHeader type='accept' noticeDate='2026-11-20T10:00:00+01:00'/>\
         <OrderReference orderID='10248'><DocumentReference payloadID='chg_1-1@causeway'/></OrderReference>\
         </ConfirmationRequest>",
    );
    let accepted = json!({"orderNumber": "10248", "status": "accept", "modifiedAt": "2026-11-20T09:00:00Z"});
    assert_eq!(mapped(DataType::OrderStatus, &confirmation).await, [accepted]);
    let portion =
        |order| format!("<ShipNoticePortion><OrderReference orderID='{order}'/></ShipNoticePortion>");
    let notice = cxml(&format!(
        "<ShipNoticeRequest><ShipNoticeHeader shipmentID='S1' noticeDate='2026-11-21T10:00:00+00:00' \
         shipmentDate='2026-11-21T08:00:00+00:00' fulfillmentType='partial'/><ShipControl><CarrierIdentifier \
         domain='SCAC'>UPSN</CarrierIdentifier><CarrierIdentifier domain='companyName'>UPS</CarrierIdentifier>\
         <ShipmentIdentifier trackingURL='https://t.example.com/1Z'>1Z</ShipmentIdentifier></ShipControl>{}{}\
         </ShipNoticeRequest>",
        portion("10248"),
        portion("10249")
    ));
    let shipped = |order| {
        json!({"orderNumber": order, "status": "partially_shipped", "carrier": "UPS", "trackingNumber": "1Z",
            "trackingUrl": "https://t.example.com/1Z", "shippedAt": "2026-11-21T08:00:00Z",
            "modifiedAt": "2026-11-21T10:00:00Z"})
    };
    assert_eq!(mapped(DataType::OrderStatus, &notice).await, [shipped("10248"), shipped("10249")]);
    let response = order_response("10248", "RE", "sold out");
    let rejected =
        json!({"orderNumber": "10248", "status": "rejected", "modifiedAt": "2026-11-20T00:00:00Z"});
    assert_eq!(mapped(DataType::OrderStatus, &response).await, [rejected]);
}

#[tokio::test]
async fn an_invoice_keeps_every_digit() {
    let invoice = cxml(
        "<InvoiceDetailRequest><InvoiceDetailRequestHeader invoiceID='INV-1' purpose='standard' operation='new' \
         invoiceDate='2026-11-22T00:00:00+00:00'/><InvoiceDetailOrder><InvoiceDetailOrderInfo><OrderReference \
         orderID='10248'/></InvoiceDetailOrderInfo><InvoiceDetailItem invoiceLineNumber='1' quantity='2'><UnitPrice>\
         <Money currency='EUR'>12.50</Money></UnitPrice><InvoiceDetailItemReference lineNumber='10'><ItemID>\
         <SupplierPartID>SKU-1</SupplierPartID></ItemID><Description xml:lang='en'>Chai</Description>\
         </InvoiceDetailItemReference><SubtotalAmount><Money currency='EUR'>25.00</Money></SubtotalAmount>\
         </InvoiceDetailItem></InvoiceDetailOrder><InvoiceDetailSummary><SubtotalAmount><Money currency='EUR'>25.00\
         </Money></SubtotalAmount><Tax><Money currency='EUR'>4.75</Money></Tax><NetAmount><Money \
         currency='EUR'>12345678901234567.89</Money></NetAmount><DueAmount><Money currency='EUR'>29.75</Money>\
         </DueAmount></InvoiceDetailSummary></InvoiceDetailRequest>",
    );
    let expected = json!({"invoiceNumber": "INV-1", "orderNumber": "10248", "status": "standard", "currency": "EUR",
        "netTotal": "25.00", "tax": "4.75", "total": "12345678901234567.89", "balance": "29.75",
        "issuedOn": "2026-11-22", "lines": [{"lineNumber": "1", "sku": "SKU-1", "description": "Chai", "quantity": 2,
            "unitPrice": "12.50", "total": "25.00"}]});
    assert_eq!(mapped(DataType::Invoices, &invoice).await, [expected]);
}

#[tokio::test]
async fn what_is_stored_is_forgotten_and_what_comes_meanwhile_stays() {
    let documents: Vec<String> = (0..25).map(|n| order_response(&n.to_string(), "AP", "")).collect();
    let inbox = Kept::with(&documents);
    let open = async |keeps, resume: Option<String>| {
        let inbox: Arc<dyn Inbox> = inbox.clone();
        Documents::open(inbox, DataType::OrderStatus, keeps, resume.as_deref()).await.unwrap()
    };
    let mut looking = open(true, None).await;
    let page = looking.next().await.unwrap().unwrap();
    looking.stored(&page.resume, &domain::run::Files::default()).await.unwrap();
    assert_eq!(inbox.left(), 25, "who only looks takes nothing away");
    let mut pages = open(false, None).await;
    let first = pages.next().await.unwrap().unwrap();
    let second = pages.next().await.unwrap().unwrap();
    assert_eq!((first.items.len(), second.items.len()), (10, 10));
    pages.stored(&first.resume, &domain::run::Files::default()).await.unwrap();
    assert_eq!(inbox.left(), 15);
    let early = Waiting { id: "0005".to_owned(), document: documents[0].clone() };
    inbox.0.lock().unwrap().insert(0, early);
    let mut again = open(false, Some(second.resume)).await;
    assert_eq!(inbox.left(), 6, "what a worker had stored when it died is forgotten by the next");
    assert_eq!(again.next().await.unwrap().unwrap().items.len(), 6, "one that came late is not overlooked");
    assert!(again.next().await.unwrap().is_none() && !again.complete());
}

#[test]
fn a_document_is_the_same_however_often_it_comes() {
    let id = |document: &str| incoming::receive(document.as_bytes(), None).unwrap().id;
    let (one, other) = (order_response("1", "AP", "x"), order_response("2", "AP", "x"));
    assert_eq!(id(&one), id(&one));
    assert_ne!(id(&one), id(&other));
    let confirmation = cxml("<ConfirmationRequest/>");
    assert_ne!(
        id(&confirmation),
        id(&cxml("<ShipNoticeRequest/>")),
        "what differs is another, whatever it is called"
    );
    let later = confirmation.replace("2026-11-20T10:00:00+01:00", "2026-11-21T10:00:00+01:00");
    assert_eq!(id(&confirmation), id(&later), "it was sent again");
}

#[test]
fn what_is_not_for_us_is_refused_in_words() {
    let secret = "s3cret!".to_owned().into();
    let cases = [
        (cxml("<OrderRequest/>"), 450, "OrderRequest is not implemented here"),
        (cxml("<ConfirmationRequest/>").replace("s3cret!", "wrong"), 401, "SharedSecret"),
        (cxml("<ConfirmationRequest/>").replace("payloadID=\"1@supplier\"", ""), 400, "no payloadID"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>".to_owned(), 400, "of its own"),
        ("<orders/>".to_owned(), 415, "<orders> is not taken in"),
        ("<Invoice/>".to_owned(), 422, "no ID"),
        ("{}".to_owned(), 400, "no document"),
    ];
    for (document, code, words) in cases {
        let refused = incoming::receive(document.as_bytes(), Some(&secret)).unwrap_err();
        assert_eq!(refused.code, code, "{refused:?}");
        assert!(refused.sentence.contains(words), "{refused:?}");
    }
    assert!(incoming::receive(cxml("<ConfirmationRequest/>").as_bytes(), Some(&secret)).is_ok());
}

#[test]
fn answers_are_valid_by_the_standard() {
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    let doi = serde_json::from_value(super::erp::settings(domain::connection::DoiDialect::Ubl)).unwrap();
    let envelopes = [Envelope::Cxml, Envelope::Ubl("INV-1".to_owned())];
    for envelope in envelopes {
        for reply in [envelope.taken(&doi, now), envelope.refused(413, "it is too large", &doi, now)] {
            match envelope {
                Envelope::Cxml => validity::cxml(&reply.body).unwrap(),
                _ => validity::ubl(&reply.body, "ApplicationResponse").unwrap(),
            }
        }
        assert_eq!(envelope.taken(&doi, now).status, 200);
    }
    assert_eq!(Envelope::Cxml.refused(560, "later", &doi, now).status, 503);
}

#[test]
fn secrets_are_compared_whole() {
    for (shown, known, same) in
        [("a", "a", true), ("a", "b", false), ("a", "ab", false), ("ab", "a", false), ("", "", true)]
    {
        assert_eq!(incoming::equal(shown, known), same, "{shown} {known}");
    }
}

/// An invoice of UBL with these parts in their places.
pub(super) fn ubl_invoice(head: &str, totals: &str, line: &str) -> String {
    format!(
        "<Invoice xmlns:cac='urn:a' xmlns:cbc='urn:b'><cbc:ID>I-1</cbc:ID><cbc:IssueDate>2026-11-13</cbc:IssueDate>{head}\
         {totals}<cac:LegalMonetaryTotal><cbc:TaxInclusiveAmount currencyID='EUR'>119.00</cbc:TaxInclusiveAmount>\
         </cac:LegalMonetaryTotal><cac:InvoiceLine><cbc:ID>1.1</cbc:ID>{line}</cac:InvoiceLine></Invoice>"
    )
}

pub(super) fn tax(amount: &str, currency: &str) -> String {
    format!("<cac:TaxTotal><cbc:TaxAmount{currency}>{amount}</cbc:TaxAmount></cac:TaxTotal>")
}

#[tokio::test]
async fn an_amount_is_the_one_in_the_currency_of_the_document_or_none() {
    let (eur, sek) = (tax("19.00", " currencyID='EUR'"), tax("215.46", " currencyID='SEK'"));
    let code = "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>";
    for (head, totals, wanted) in [
        (code, format!("{eur}{sek}"), json!("19.00")),
        (code, format!("{sek}{eur}"), json!("19.00")),
        ("", format!("{sek}{eur}"), json!("19.00")),
        (code, sek.clone(), Value::Null),
        (code, tax("19.00", ""), json!("19.00")),
        (code, format!("{sek}{}", tax("19.00", "")), json!("19.00")),
    ] {
        let invoice = &mapped(DataType::Invoices, &ubl_invoice(head, &totals, "")).await[0];
        assert_eq!((&invoice["tax"], &invoice["currency"]), (&wanted, &json!("EUR")), "{head} {totals}");
    }
}

#[tokio::test]
async fn an_invoice_as_peppol_has_it_is_read() {
    let head = "<cac:OrderReference><cbc:ID>NA</cbc:ID><cbc:SalesOrderID>SO-7</cbc:SalesOrderID></cac:OrderReference>\
        <cac:AccountingCustomerParty><cac:Party><cac:PartyLegalEntity><cbc:RegistrationName>Buyer Ltd</cbc:RegistrationName>\
        </cac:PartyLegalEntity></cac:Party></cac:AccountingCustomerParty>";
    let line = "<cac:Item><cbc:Name>Saw</cbc:Name><cac:StandardItemIdentification><cbc:ID>0501</cbc:ID>\
        </cac:StandardItemIdentification></cac:Item>";
    let invoice = &mapped(DataType::Invoices, &ubl_invoice(head, "", line)).await[0];
    assert_eq!((&invoice["orderNumber"], &invoice["customerName"]), (&json!("SO-7"), &json!("Buyer Ltd")));
    assert_eq!(invoice["lines"], json!([{"lineNumber": "1.1", "sku": "0501", "description": "Saw"}]));
}

#[tokio::test]
async fn an_invoice_of_several_orders_has_the_lines_of_all_each_with_its_own() {
    let item = |name: &str, sku: &str| {
        format!(
            "<{name} invoiceLineNumber='1' quantity='1'><UnitPrice><Money currency='EUR'>60.00</Money></UnitPrice>\
             <{name}Reference lineNumber='1'><ItemID><SupplierPartID>{sku}</SupplierPartID></ItemID></{name}Reference></{name}>"
        )
    };
    let order = |number: &str, item: &str| {
        format!(
            "<InvoiceDetailOrder><InvoiceDetailOrderInfo><OrderReference orderID='{number}'/></InvoiceDetailOrderInfo>\
             {item}</InvoiceDetailOrder>"
        )
    };
    let invoice = |orders: &str| {
        cxml(&format!(
            "<InvoiceDetailRequest><InvoiceDetailRequestHeader invoiceID='CI-1'/>{orders}<InvoiceDetailSummary><NetAmount>\
             <Money currency='EUR'>1</Money></NetAmount></InvoiceDetailSummary></InvoiceDetailRequest>"
        ))
    };
    let two = order("PO-1", &item("InvoiceDetailItem", "A1"))
        + &order("PO-2", &item("InvoiceDetailServiceItem", "S1"));
    let read = &mapped(DataType::Invoices, &invoice(&two)).await[0];
    let lines = read["lines"].as_array().unwrap();
    let told: Vec<_> =
        lines.iter().map(|line| (line["sku"].as_str(), line["orderNumber"].as_str())).collect();
    assert_eq!(told, [(Some("A1"), Some("PO-1")), (Some("S1"), Some("PO-2"))]);
    assert_eq!(read["orderNumber"], Value::Null, "it is not of one of them");
    let one =
        &mapped(DataType::Invoices, &invoice(&order("PO-1", &item("InvoiceDetailItem", "A1")))).await[0];
    assert_eq!(one["orderNumber"], json!("PO-1"));
}

#[test]
fn documents_that_differ_anywhere_are_different_ones() {
    let id = |document: &str| incoming::receive(document.as_bytes(), None).unwrap().id;
    let plain = ubl_invoice("", &tax("19.00", ""), "");
    let party = |inside: &str| {
        let head = format!(
            "<cac:AccountingSupplierParty><cac:Party>{inside}</cac:Party></cac:AccountingSupplierParty>"
        );
        ubl_invoice(&head, &tax("19.00", ""), "")
    };
    let all = [
        plain.clone(),
        ubl_invoice("", &tax("19.01", ""), ""),
        party("<cbc:EndpointID>1</cbc:EndpointID>"),
        party("<cbc:EndpointID>2</cbc:EndpointID>"),
        party("<cac:PartyLegalEntity><cbc:CompanyID>1</cbc:CompanyID></cac:PartyLegalEntity>"),
    ];
    let ids: std::collections::BTreeSet<String> = all.iter().map(|document| id(document)).collect();
    assert_eq!(ids.len(), all.len());
    assert_eq!(
        id(&plain),
        id(&plain.replace("><", ">\n <").replace("cbc:", "x:").replace("xmlns:cbc", "xmlns:x"))
    );
}

#[test]
fn documents_are_read_in_their_encoding_and_without_the_files_in_them() {
    let xml = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Invoice><ID>S\u{e4}ge</ID></Invoice>";
    let latin: Vec<u8> = xml.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert!(incoming::text_of_document(&latin, None).unwrap().contains("Säge"));
    assert!(
        incoming::text_of_document(xml.as_bytes(), Some("utf-8")).unwrap().contains("Säge"),
        "the content type goes before"
    );
    let utf16: Vec<u8> = format!("\u{feff}{xml}").encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert!(incoming::text_of_document(&utf16, None).unwrap().contains("Säge"));
    let embedded = "<a><cbc:EmbeddedDocumentBinaryObject mimeCode=\"application/pdf\">JVBERi0=</cbc:EmbeddedDocumentBinaryObject>\
        <b/><EmbeddedDocumentBinaryObject/><c>EmbeddedDocumentBinaryObject</c></a>";
    let wanted = "<a><cbc:EmbeddedDocumentBinaryObject mimeCode=\"application/pdf\"></cbc:EmbeddedDocumentBinaryObject>\
        <b/><EmbeddedDocumentBinaryObject/><c>EmbeddedDocumentBinaryObject</c></a>";
    assert_eq!(incoming::text_of_document(embedded.as_bytes(), None).unwrap(), wanted);
}

#[test]
fn a_byte_without_a_meaning_is_refused_and_no_encoding_is_guessed() {
    for head in ["", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"] {
        let latin = [head.as_bytes(), b"<Invoice><ID>S\xc4GE</ID></Invoice>"].concat();
        let refused = incoming::text_of_document(&latin, None).unwrap_err();
        assert_eq!(refused, "a byte of the document means nothing in its encoding, UTF-8");
    }
    assert!(incoming::text_of_document(b"<a/>", Some("ebcdic-37")).unwrap_err().contains("ebcdic-37"));
    let converted = "<?xml version=\"1.0\" encoding=\"utf-16\"?><a>S\u{e4}ge</a>";
    assert!(incoming::text_of_document(converted.as_bytes(), None).unwrap().contains("Säge"));
}
