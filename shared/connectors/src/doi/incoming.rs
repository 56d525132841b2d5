//! Documents that the other side sends by itself: what they are, whether they are for us, and how they are answered.
//! Pure: whoever takes a document in keeps it before it is answered.

use std::io::Read;

use domain::DataType;
use domain::connection::{DoiIdentity, DoiSettings};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use xxhash_rust::xxh3::xxh3_128;

use super::xml::{self, Element};
use crate::encoding::{Charset, Utf8Reader, declared};

const CXML: &str = "text/xml; charset=UTF-8";
const UBL: &str = "application/xml; charset=utf-8";

/// A document that is taken in.
#[derive(Debug)]
pub struct Incoming {
    /// What its records are.
    pub data_type: DataType,
    /// The same for each time the same document comes.
    pub id: String,
    /// How it is answered.
    pub envelope: Envelope,
}

/// What a document came in, which says how it is answered.
#[derive(Debug)]
pub enum Envelope {
    /// cXML, which is answered with a Status.
    Cxml,
    /// UBL, which is answered with an `ApplicationResponse` to the document of this ID.
    Ubl(String),
    /// Something that is neither.
    Unknown,
}

/// Why a document is not taken in.
#[derive(Debug)]
pub struct Refused {
    /// The cXML status that says it; for others the status of HTTP.
    pub code: u16,
    /// One sentence for whoever sent it.
    pub sentence: String,
    /// How it is answered.
    pub envelope: Envelope,
}

/// What is sent back.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    /// Status of HTTP.
    pub status: u16,
    /// The body's type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

/// Looks at a document. `shared_secret`: what a cXML document must show beside Basic authentication, if anything.
///
/// # Errors
/// With why it is refused.
pub fn receive(document: &[u8], shared_secret: Option<&SecretString>) -> Result<Incoming, Refused> {
    let refused = |code, sentence, envelope| Refused { code, sentence, envelope };
    let root = xml::parse(document)
        .map_err(|reason| refused(400, format!("this is no document, for {reason}"), Envelope::Unknown))?;
    if root.name == "cXML" {
        return of_cxml(&root, shared_secret)
            .map_err(|(code, sentence)| refused(code, sentence, Envelope::Cxml));
    }
    let Some(data_type) = ubl_type(&root.name) else {
        let sentence = format!(
            "<{}> is not taken in: send cXML, or the OrderResponse, OrderResponseSimple, DespatchAdvice, Invoice, \
             CreditNote or Catalogue of UBL",
            root.name
        );
        return Err(refused(415, sentence, Envelope::Unknown));
    };
    let Some(id) = root.text_at("ID") else {
        let sentence = "the document has no ID".to_owned();
        return Err(refused(422, sentence, Envelope::Ubl(String::new())));
    };
    Ok(Incoming { data_type, id: fingerprint(id, &root), envelope: Envelope::Ubl(id.to_owned()) })
}

fn of_cxml(root: &Element, shared_secret: Option<&SecretString>) -> Result<Incoming, (u16, String)> {
    if let Some(secret) = shared_secret {
        let shown = root.text_at("Header/Sender/Credential/SharedSecret").unwrap_or_default();
        if !equal(shown, secret.expose_secret()) {
            return Err((401, "the SharedSecret is not the one we know".to_owned()));
        }
    }
    let id = root.attribute("payloadID").ok_or((400, "the document has no payloadID".to_owned()))?;
    let request = root.at("Request").and_then(|request| request.children.first());
    let request = request.ok_or((400, "the document holds no Request".to_owned()))?;
    let data_type = match request.name.as_str() {
        "ConfirmationRequest" | "ShipNoticeRequest" => DataType::OrderStatus,
        "InvoiceDetailRequest" => DataType::Invoices,
        other => {
            let taken = "ConfirmationRequest, ShipNoticeRequest and InvoiceDetailRequest are taken in";
            return Err((450, format!("{other} is not implemented here: {taken}")));
        }
    };
    // A document that is sent again may tell another time at its top.
    Ok(Incoming { data_type, id: fingerprint(id, request), envelope: Envelope::Cxml })
}

/// Whether two secrets are the same, in a time that tells nothing but how long the one that was shown is.
#[must_use]
pub fn equal(shown: &str, known: &str) -> bool {
    let differs = shown.bytes().zip(known.bytes().chain(std::iter::repeat(0)));
    let differs = differs.fold(0, |differs, (one, other)| differs | std::hint::black_box(one ^ other));
    std::hint::black_box(differs) == 0 && shown.len() == known.len()
}

fn ubl_type(root: &str) -> Option<DataType> {
    match root {
        "OrderResponse" | "OrderResponseSimple" | "DespatchAdvice" => Some(DataType::OrderStatus),
        "Invoice" | "CreditNote" => Some(DataType::Invoices),
        "Catalogue" => Some(DataType::Products),
        _ => None,
    }
}

/// What makes a document the same as one that came before: the name it has, and everything in it. One that differs is
/// another, though it has the same name: it corrects the one before.
fn fingerprint(name: &str, content: &Element) -> String {
    format!("{:032x}", xxh3_128(format!("{name}\n{}", content.canonical()).as_bytes()))
}

/// A document as text, whatever it is written in, without the files that are embedded in it: a picture of an invoice may
/// have megabytes, and tells nothing that is read. `charset` is what its content type names, which goes before what it says
/// itself (RFC 7303, section 3). One that names none is in UTF-8: a guess could change a letter of a number.
///
/// # Errors
/// A sentence, if a byte means nothing in the encoding (XML 1.0, section 4.3.3).
pub fn text_of_document(document: &[u8], charset: Option<&str>) -> Result<String, String> {
    let named = match charset {
        Some(label) => Some(
            encoding_rs::Encoding::for_label(label.as_bytes())
                .ok_or_else(|| format!("the encoding {label} is not known here"))?,
        ),
        None => declared(document),
    };
    let encoding = named.unwrap_or(encoding_rs::UTF_8);
    let mut text = String::with_capacity(document.len());
    Utf8Reader::new(document, Some(Charset::Web(encoding)))
        .read_to_string(&mut text)
        .map_err(|_| format!("a byte of the document means nothing in its encoding, {}", encoding.name()))?;
    Ok(without_embedded(&text))
}

const EMBEDDED: &str = "EmbeddedDocumentBinaryObject";

/// Empties the elements that embed a file.
fn without_embedded(text: &str) -> String {
    let mut kept = String::with_capacity(text.len().min(1 << 20));
    let mut rest = text;
    while let Some(at) = rest.find(EMBEDDED) {
        let (before, found) = rest.split_at(at + EMBEDDED.len());
        kept.push_str(before);
        rest = found;
        // Of an element that begins here, what stands between its tags goes.
        let Some(content) = found.find('>').filter(|end| !found[..*end].ends_with('/')) else { continue };
        let is_closing = before[..at].rfind('<').is_some_and(|begin| before[begin..].starts_with("</"));
        if is_closing {
            continue;
        }
        let (tag, inside) = found.split_at(content + 1);
        kept.push_str(tag);
        rest = &inside[inside.find('<').unwrap_or(inside.len())..];
    }
    kept.push_str(rest);
    kept
}

impl Envelope {
    /// That a document is ours now: received, not yet processed.
    #[must_use]
    pub fn taken(&self, doi: &DoiSettings, now: Timestamp) -> Reply {
        match self {
            Self::Cxml => cxml_reply(200, "OK", "received", now),
            Self::Ubl(id) => ubl_reply(200, "AB", id, "received", doi, now),
            Self::Unknown => Reply { status: 202, content_type: "text/plain", body: String::new() },
        }
    }

    /// That a document is not taken in, and why.
    #[must_use]
    pub fn refused(&self, code: u16, sentence: &str, doi: &DoiSettings, now: Timestamp) -> Reply {
        match self {
            Self::Cxml => cxml_reply(code, text_of(code), sentence, now),
            Self::Ubl(id) => ubl_reply(code, "RE", id, sentence, doi, now),
            Self::Unknown => Reply {
                status: code,
                content_type: "text/plain; charset=utf-8",
                body: format!("{sentence}\n"),
            },
        }
    }
}

/// The words of the codes that are used, as the cXML Reference Guide has them.
const fn text_of(code: u16) -> &'static str {
    match code {
        200 => "OK",
        401 => "Unauthorized",
        406 => "Not Acceptable",
        413 => "Payload Too Large",
        450 => "Not Implemented",
        500..=599 => "Internal Server Error",
        _ => "Bad Request",
    }
}

/// Sent with 200, whatever it says, but for what may pass: the code in it is what counts.
fn cxml_reply(code: u16, text: &str, words: &str, now: Timestamp) -> Reply {
    let status = Element::text("Status", words)
        .attr("code", code.to_string())
        .attr("text", text)
        .attr("xml:lang", "en");
    let body = Element::new("cXML")
        .attr("payloadID", format!("{}@causeway", now.as_nanosecond()))
        .attr("timestamp", now.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string())
        .attr("xml:lang", "en")
        .with(Element::new("Response").with(status))
        .document(super::cxml::DOCTYPE);
    Reply { status: if code >= 500 { 503 } else { 200 }, content_type: CXML, body }
}

fn ubl_reply(status: u16, code: &str, id: &str, words: &str, doi: &DoiSettings, now: Timestamp) -> Reply {
    let basic = |name: &str, text: &str| Element::text(&format!("cbc:{name}"), text);
    let cac = |name: &str| Element::new(&format!("cac:{name}"));
    let party = |name: &str, identity: Option<&DoiIdentity>, title: Option<&str>| {
        let identity = identity.map(|party| {
            cac("PartyIdentification").with(basic("ID", &party.identity).attr("schemeID", &party.domain))
        });
        cac(name).with_all(identity).with_all(title.map(|title| cac("PartyName").with(basic("Name", title))))
    };
    let namespace = |part: &str| format!("urn:oasis:names:specification:ubl:schema:xsd:{part}-2");
    let response = cac("Response").with(basic("ResponseCode", code)).with(basic("Description", words));
    let body = Element::new("ApplicationResponse")
        .attr("xmlns", namespace("ApplicationResponse"))
        .attr("xmlns:cac", namespace("CommonAggregateComponents"))
        .attr("xmlns:cbc", namespace("CommonBasicComponents"))
        .with(basic("UBLVersionID", "2.1"))
        .with(basic("ID", &now.as_nanosecond().to_string()))
        .with(basic("IssueDate", &now.strftime("%Y-%m-%d").to_string()))
        .with(party("SenderParty", doi.from.as_ref(), doi.buyer_name.as_deref()))
        .with(party("ReceiverParty", doi.to.as_ref(), doi.seller_name.as_deref()))
        .with(cac("DocumentResponse").with(response).with(cac("DocumentReference").with(basic("ID", id))))
        .document("");
    Reply { status, content_type: UBL, body }
}
