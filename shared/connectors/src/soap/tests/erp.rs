//! A SOAP service that keeps the rules: it wants its version's content type and action, a header that must be
//! understood, a UsernameToken that is fresh and was never seen before, and elements of its schema in their order.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::DataType;
use domain::connection::ConnectionSettings;
use domain::mapping::FieldMapping;
use jiff::Timestamp;
use quick_xml::escape::escape;
use serde_json::{Value, json};

use super::connection::{connect, soap_settings};
use super::node::{Node, parse};
use crate::Connector;
use crate::conformance::{AMOUNT, Answer, Asked, NAME, Subject, Vendor, changed_at};
use crate::soap::security::{BASE64_BINARY, PROFILE, WSSE, WSU};

/// The namespace of its operations.
const ERP: &str = "urn:erp";

/// How many records it gives at most.
const MOST: usize = 100;

/// How old a message may be, in seconds.
const STALE_SECONDS: i64 = 300;

/// An order as it was taken.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) number: String,
    pub(super) reference: String,
    pub(super) note: Option<String>,
    pub(super) lines: usize,
}

/// The service. In 1.1 it wants a digest and a Timestamp, in 1.2 the password as it is.
#[derive(Default)]
pub(super) struct Erp<const V12: bool> {
    pub(super) products: usize,
    pub(super) orders: Mutex<Vec<Order>>,
    nonces: Mutex<HashSet<String>>,
    /// How far its clock is ahead of ours, in seconds.
    pub(super) ahead: AtomicI64,
    /// Requests that came as far as their operation.
    pub(super) calls: AtomicUsize,
    /// What was sent, with what is new each time taken out.
    pub(super) seen: Mutex<Vec<String>>,
}

impl<const V12: bool> Erp<V12> {
    const ENVELOPE: &'static str = if V12 {
        "http://www.w3.org/2003/05/soap-envelope"
    } else {
        "http://schemas.xmlsoap.org/soap/envelope/"
    };

    fn wrap(body: &str) -> String {
        let namespace = Self::ENVELOPE;
        format!(
            "<?xml version='1.0'?>\n<S:Envelope xmlns:S='{namespace}'><S:Header/><S:Body>{body}</S:Body></S:Envelope>"
        )
    }

    fn done(name: &str, inside: &str) -> Answer {
        (200, Self::wrap(&format!("<r:{name}Response xmlns:r='urn:erp'>{inside}</r:{name}Response>")))
    }

    /// A fault that says whose it is, and more if it can.
    fn fault(sender: bool, more: Option<&str>, words: &str) -> Answer {
        let words = escape(words);
        if V12 {
            let code = if sender { "S:Sender" } else { "S:Receiver" };
            let subcode = more.map(|more| format!("<S:Subcode><S:Value>{more}</S:Value></S:Subcode>"));
            let body = format!(
                "<S:Fault><S:Code><S:Value>{code}</S:Value>{}</S:Code><S:Reason><S:Text xml:lang='en'>{words}</S:Text>\
                 </S:Reason></S:Fault>",
                subcode.unwrap_or_default()
            );
            (if sender { 400 } else { 500 }, Self::wrap(&body))
        } else {
            let code = more.unwrap_or(if sender { "S:Client" } else { "S:Server" });
            let body =
                format!("<S:Fault><faultcode>{code}</faultcode><faultstring>{words}</faultstring></S:Fault>");
            (500, Self::wrap(&body))
        }
    }

    fn refused_token(words: &str) -> Answer {
        Self::fault(true, Some("wsse:FailedAuthentication"), words)
    }

    /// The action, if the message is announced as the version has it.
    fn action(asked: &Asked) -> Result<String, Answer> {
        let content_type = asked.header("content-type");
        let (action, right) = if V12 {
            let action = content_type.strip_prefix("application/soap+xml; charset=utf-8; action=\"");
            (action.and_then(|action| action.strip_suffix('"')), asked.header("soapaction").is_empty())
        } else {
            let action = asked.header("soapaction");
            let action = action.strip_prefix('"').and_then(|action| action.strip_suffix('"'));
            (action, content_type == "text/xml; charset=utf-8")
        };
        let wrong = || (415, format!("{content_type} is not for this version"));
        action.filter(|_| right).map(str::to_owned).ok_or_else(wrong)
    }

    fn lets_in(&self, security: &Node) -> Result<(), Answer> {
        if security.attribute(Self::ENVELOPE, "mustUnderstand") != Some("1") {
            return Err(Self::fault(true, Some("wsse:InvalidSecurity"), "the header must be understood"));
        }
        let now = Timestamp::now().as_second() + self.ahead.load(Ordering::SeqCst);
        let moment = |node: &Node, name| {
            let text = node.text_of(WSU, name).filter(|text| text.len() == 20);
            text.and_then(|text| text.parse::<Timestamp>().ok()).map(Timestamp::as_second)
        };
        if !V12 {
            let times = security
                .child(WSU, "Timestamp")
                .map(|node| (moment(node, "Created"), moment(node, "Expires")));
            match times {
                Some((Some(created), Some(expires))) if created - 60 <= now && now < expires => {}
                _ => return Err(Self::fault(true, Some("wsse:MessageExpired"), "the message has expired")),
            }
        }
        let token = security.child(WSSE, "UsernameToken").ok_or_else(|| Self::refused_token("no token"))?;
        let password = token.child(WSSE, "Password").ok_or_else(|| Self::refused_token("no password"))?;
        let known = token.text_of(WSSE, "Username") == Some("erp");
        let kind = password.attribute("", "Type").unwrap_or_default();
        if V12 {
            let right = kind == format!("{PROFILE}#PasswordText") && password.text == "good";
            let words = format!("{} is not the password of erp", password.text);
            return if known && right { Ok(()) } else { Err(Self::refused_token(&words)) };
        }
        let nonce = token
            .child(WSSE, "Nonce")
            .filter(|nonce| nonce.attribute("", "EncodingType") == Some(BASE64_BINARY));
        let nonce = nonce.map(|nonce| nonce.text.clone()).unwrap_or_default();
        let created = token.text_of(WSU, "Created").unwrap_or_default();
        let sent = moment(token, "Created").unwrap_or_default();
        if (now - sent).abs() > STALE_SECONDS {
            return Err(Self::refused_token("Created is stale"));
        }
        let bytes = BASE64.decode(&nonce).unwrap_or_default();
        if bytes.len() < 16 || !self.nonces.lock().unwrap().insert(nonce) {
            return Err(Self::refused_token("the nonce was replayed"));
        }
        let secret = [&bytes[..], created.as_bytes(), b"good"].concat();
        let right = BASE64.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &secret));
        if known && kind == format!("{PROFILE}#PasswordDigest") && password.text == right {
            Ok(())
        } else {
            Err(Self::refused_token("the digest is wrong"))
        }
    }

    fn call(&self, asked: &Asked) -> Result<Answer, Answer> {
        let action = Self::action(asked)?;
        let wrong = |words: &str| Self::fault(true, None, words);
        let envelope = parse(&asked.body).map_err(|reason| wrong(&reason))?;
        if envelope.namespace != Self::ENVELOPE || envelope.name != "Envelope" {
            let code = if V12 { None } else { Some("S:VersionMismatch") };
            return Err(Self::fault(true, code, "this is another version"));
        }
        let header = envelope.child(Self::ENVELOPE, "Header");
        let security = header.and_then(|header| header.child(WSSE, "Security"));
        let missing = || Self::fault(true, Some("wsse:InvalidSecurity"), "no Security header");
        self.lets_in(security.ok_or_else(missing)?)?;
        let body = envelope.child(Self::ENVELOPE, "Body").ok_or_else(|| wrong("no Body"))?;
        let [operation] = &body.children[..] else { return Err(wrong("the Body must hold one element")) };
        if operation.namespace != ERP || action != format!("{ERP}/{}", operation.name) {
            return Err(wrong(&format!("the action {action} does not belong to {}", operation.name)));
        }
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.seen.lock().unwrap().push(masked(asked));
        match operation.name.as_str() {
            "GetProducts" => self.products(operation),
            "CreateOrder" => self.create(operation),
            "ChangeOrder" => self.change(operation),
            "DeleteOrder" => self.delete(operation),
            "FindOrders" => self.find(operation),
            other => Err(wrong(&format!("there is no operation {other}"))),
        }
    }

    fn products(&self, asked: &Node) -> Result<Answer, Answer> {
        let wrong = |words: &str| Self::fault(true, None, words);
        let names = ["Company", "ChangedSince", "Page", "Offset", "Cursor", "PageSize"];
        sequence(asked, &names).map_err(|why| wrong(&why))?;
        if asked.text_of(ERP, "Company") != Some("Cronus & Co") {
            return Err(wrong("no such company"));
        }
        let number = |name| asked.text_of(ERP, name).map(|text| text.parse::<usize>().unwrap());
        let size = number("PageSize").ok_or_else(|| wrong("PageSize is missing"))?;
        if size == 0 || size > MOST {
            return Err(wrong("PageSize must be 1 to 100"));
        }
        let since = asked.text_of(ERP, "ChangedSince").unwrap_or_default();
        if !since.is_empty() && !since.ends_with('Z') {
            return Err(wrong("ChangedSince is no xsd:dateTime in UTC"));
        }
        let all: Vec<usize> = (0..self.products).filter(|n| changed_at(*n).as_str() >= since).collect();
        let cursor =
            asked.text_of(ERP, "Cursor").map(|cursor| cursor.strip_prefix("at-").unwrap().parse().unwrap());
        let from = cursor.or(number("Offset")).or(number("Page").map(|page| (page - 1) * size)).unwrap_or(0);
        let page = &all[from.min(all.len())..all.len().min(from + size)];
        let products: String = page.iter().map(|n| product(*n)).collect();
        let next = if from + size < all.len() { format!("at-{}", from + size) } else { String::new() };
        Ok(Self::done(
            "GetProducts",
            &format!(
                "<r:Products>{products}</r:Products><r:Total>{}</r:Total><r:NextCursor>{next}</r:NextCursor>",
                all.len()
            ),
        ))
    }

    fn create(&self, asked: &Node) -> Result<Answer, Answer> {
        let wrong = |words: String| Self::fault(true, None, &words);
        sequence(asked, &["Reference", "CustomerId", "OrderedOn", "Note", "Lines"]).map_err(wrong)?;
        let lines = asked.child(ERP, "Lines").ok_or_else(|| wrong("Lines is missing".to_owned()))?;
        for line in &lines.children {
            sequence(line, &["Sku", "Quantity", "UnitPrice"]).map_err(wrong)?;
            let decimals = ["Quantity", "UnitPrice"].into_iter().filter_map(|name| line.text_of(ERP, name));
            for text in decimals {
                let parsed = text.parse::<rust_decimal::Decimal>();
                parsed.map_err(|_| wrong(format!("'{text}' is no xsd:decimal")))?;
            }
        }
        if asked.text_of(ERP, "CustomerId") != Some("10000") {
            let customer = escape(asked.text_of(ERP, "CustomerId").unwrap_or_default()).into_owned();
            let words =
                format!("<r:Status>REJECTED</r:Status><r:Message>No such customer {customer}</r:Message>");
            return Ok(Self::done("CreateOrder", &words));
        }
        let mut orders = self.orders.lock().unwrap();
        let number = format!("SO-{}", orders.len() + 1);
        orders.push(Order {
            number: number.clone(),
            reference: asked.text_of(ERP, "Reference").unwrap_or_default().to_owned(),
            note: asked.text_of(ERP, "Note").map(str::to_owned),
            lines: lines.children.len(),
        });
        let inside = format!("<r:Status>OK</r:Status><r:Message/><r:OrderNumber>{number}</r:OrderNumber>");
        Ok(Self::done("CreateOrder", &inside))
    }

    fn change(&self, asked: &Node) -> Result<Answer, Answer> {
        sequence(asked, &["OrderNumber", "Note"]).map_err(|why| Self::fault(true, None, &why))?;
        let mut orders = self.orders.lock().unwrap();
        let number = asked.text_of(ERP, "OrderNumber").unwrap_or_default();
        let order = orders.iter_mut().find(|order| order.number == number);
        let order = order.ok_or_else(|| Self::fault(true, None, "no such order"))?;
        order.note = asked.text_of(ERP, "Note").map(str::to_owned);
        Ok(Self::done("ChangeOrder", ""))
    }

    fn delete(&self, asked: &Node) -> Result<Answer, Answer> {
        sequence(asked, &["OrderNumber"]).map_err(|why| Self::fault(true, None, &why))?;
        let mut orders = self.orders.lock().unwrap();
        let number = asked.text_of(ERP, "OrderNumber").unwrap_or_default();
        let at = orders.iter().position(|order| order.number == number);
        orders.remove(at.ok_or_else(|| Self::fault(true, None, "no such order"))?);
        Ok(Self::done("DeleteOrder", ""))
    }

    fn find(&self, asked: &Node) -> Result<Answer, Answer> {
        sequence(asked, &["Reference"]).map_err(|why| Self::fault(true, None, &why))?;
        let reference = asked.text_of(ERP, "Reference").unwrap_or_default();
        let orders = self.orders.lock().unwrap();
        let found: String = orders.iter().filter(|order| order.reference == reference).map(order).collect();
        Ok(Self::done("FindOrders", &format!("<r:Orders>{found}</r:Orders>")))
    }
}

fn order(order: &Order) -> String {
    format!(
        "<r:Order><r:OrderNumber>{}</r:OrderNumber><r:Reference>{}</r:Reference></r:Order>",
        order.number,
        escape(&order.reference)
    )
}

fn product(n: usize) -> String {
    format!(
        "<r:Product id='{n}'><r:Number>P{n}</r:Number><r:Name>{}</r:Name><r:UnitPrice>{AMOUNT}</r:UnitPrice>\
         <r:ModifiedAt>{}</r:ModifiedAt></r:Product>",
        escape(NAME),
        changed_at(n)
    )
}

/// Whether an element holds nothing but these, in this order, each once at most, as an `xsd:sequence`.
fn sequence(node: &Node, names: &[&str]) -> Result<(), String> {
    let mut rest = names.iter();
    for child in &node.children {
        if child.namespace != ERP || !rest.any(|name| *name == child.name) {
            return Err(format!("unexpected element {{{}}}{} in {}", child.namespace, child.name, node.name));
        }
    }
    Ok(())
}

/// A request as it came, without what is another each time.
fn masked(asked: &Asked) -> String {
    let mut body = asked.body.clone();
    for tag in ["wsu:Created", "wsu:Expires", "wsse:Nonce", "wsse:Password"] {
        let pieces: Vec<_> = body.split(&format!("</{tag}>")).map(str::to_owned).collect();
        let blank = |piece: &String| format!("{}…", &piece[..=piece.rfind('>').unwrap()]);
        let (last, before) = pieces.split_last().unwrap();
        body = before.iter().map(|piece| format!("{}</{tag}>", blank(piece))).collect::<String>() + last;
    }
    let headers = ["accept", "content-type", "soapaction"];
    let sent = headers.into_iter().filter(|name| !asked.header(name).is_empty());
    let headers: Vec<_> = sent.map(|name| format!("{name}: {}", asked.header(name))).collect();
    format!("{} {}\n{}\n{}", asked.method, asked.path, headers.join("\n"), body.replace("><", ">\n<"))
}

impl<const V12: bool> Vendor for Erp<V12> {
    fn is_data(&self, _: &Asked) -> bool {
        true
    }

    fn answer(&self, asked: &Asked) -> Answer {
        match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/soap") => self.call(asked).unwrap_or_else(|refusal| refusal),
            (_, "/soap") => (405, "only POST".to_owned()),
            _ => (404, "nothing here".to_owned()),
        }
    }
}

impl<const V12: bool> Subject for Erp<V12> {
    const PULLED: DataType = DataType::Products;
    const LARGEST_PAGE: u32 = 100;

    fn with_records(count: usize) -> Self {
        Self { products: count, ..Self::default() }
    }

    fn connector(origin: &str, settings: &ConnectionSettings, good: bool) -> Box<dyn Connector> {
        connect(origin, settings, soap_settings(V12), if good { "good" } else { "s3cret" })
    }

    fn mapping() -> FieldMapping {
        let entries = [("sku", "Number"), ("price", "UnitPrice")];
        entries.into_iter().map(|(ours, theirs)| (ours.to_owned(), Some(theirs.to_owned()))).collect()
    }

    fn revoke(&self) -> bool {
        false
    }

    fn order() -> Option<(Value, Value)> {
        let order = json!({
            "orderNumber": "WEB-1", "customerId": "10000", "currency": "GBP", "orderedAt": "2026-11-20T10:00:00Z",
            "notes": "<b>Ring & \"wait\"</b>", "lines": [
                {"sku": "1896-S", "quantity": 2.5, "unitPrice": "12345678901234567.89"}, {"sku": "1900", "quantity": 1},
            ],
        });
        Some((order, json!({"customerId": "nobody"})))
    }

    fn orders(&self) -> usize {
        self.orders.lock().unwrap().len()
    }
}
