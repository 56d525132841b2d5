//! Against a real Tryton with the company of `scripts/erp-tryton`, where `CAUSEWAY_TRYTON_URL` says that one is up:
//! `scripts/erp-tryton 8.2 -- cargo test -p connectors --lib tryton::tests::real`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::DataType;
use domain::change::Operation;
use domain::connection::ConnectionSettings;
use domain::connection::providers::tryton::TrytonOrderState;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, MutexGuard};

use super::{all_of, credentials, pulled, push, settings};
use crate::conformance::{Subject as _, Unkept, transport};
use crate::tryton::Tryton;
use crate::{Connector, Found, Lookup, Pull, PushError};

/// Its database is of SQLite, which lets one write at a time.
static TURN: Mutex<()> = Mutex::const_new(());

/// The server's address, for one test at a time, or a word on why nothing is tested.
async fn server(test: &str) -> Option<(String, MutexGuard<'static, ()>)> {
    let url = std::env::var("CAUSEWAY_TRYTON_URL").ok();
    if url.is_none() {
        println!("{test} was left out: CAUSEWAY_TRYTON_URL names no Tryton (scripts/erp-tryton starts one)");
    }
    Some((url?, TURN.lock().await))
}

fn connector(url: &str, settings: &ConnectionSettings) -> Box<dyn Connector> {
    let credentials = credentials(url, "causeway-admin");
    Box::new(Tryton::new(settings, credentials, &transport(), Arc::new(Unkept)).unwrap())
}

/// A reference that no run before used.
fn reference(name: &str) -> String {
    format!("{name}-{}", Timestamp::now().as_microsecond())
}

fn order() -> Value {
    json!({
        "customerId": "CUST-1", "currency": "USD", "orderedAt": "2026-11-20T10:00:00Z",
        "shippingAddress": {"name": "Mary Shaw", "street": "5 Low St", "city": "York", "postalCode": "YO1 7HH",
            "country": "GB"},
        "lines": [{"sku": "SKU-003", "quantity": 2, "unitPrice": "12.50"}, {"sku": "SKU-004", "quantity": 1}],
    })
}

async fn find(connector: &dyn Connector, reference: &str) -> Option<Found> {
    let mapping = super::Erp::mapping();
    let lookup = Lookup { data_type: DataType::Orders, reference, mapping: &mapping };
    connector.find(&lookup).await.unwrap()
}

/// The pulled order with a reference.
async fn pulled_order(connector: &dyn Connector, reference: &str) -> Vec<Value> {
    let mut orders = pulled(connector, all_of(DataType::Orders)).await;
    orders.retain(|order| order["reference"] == reference);
    orders
}

#[tokio::test]
async fn a_connection_test_signs_in_and_a_wrong_password_is_told() {
    let Some((url, _turn)) = server("the connection test").await else { return };
    let report = connector(&url, &settings()).test().await.unwrap();
    assert!(report.message.ends_with("let us in: company Causeway Ltd"), "{}", report.message);
    let wrong =
        Tryton::new(&settings(), credentials(&url, "s3cret"), &transport(), Arc::new(Unkept)).unwrap();
    let error = wrong.test().await.unwrap_err();
    assert!(matches!(error, transport::ErpError::Unauthorized(_)), "{error:?}");
}

#[tokio::test]
async fn every_data_type_is_pulled() {
    let Some((url, _turn)) = server("the pull").await else { return };
    let connector = connector(&url, &settings());
    let products = pulled(&*connector, all_of(DataType::Products)).await;
    assert_eq!(products.len(), 30);
    let chair = &products[0];
    assert_eq!(
        (&chair["sku"], &chair["name"], &chair["price"], &chair["unit"], &chair["currency"]),
        (&json!("SKU-001"), &json!("Grüße № 1"), &json!("13.5"), &json!("u"), &json!("USD"))
    );
    let stock = pulled(&*connector, all_of(DataType::Inventory)).await;
    assert_eq!(stock[0], json!({"sku": "SKU-001", "location": "WH", "quantity": 98.0, "unit": "u"}));
    let shipped = &pulled_order(&*connector, "WEB-SHIPPED").await[0];
    assert_eq!(
        (
            &shipped["customerId"],
            &shipped["total"],
            &shipped["lines"][0]["sku"],
            &shipped["lines"][0]["quantity"]
        ),
        (&json!("CUST-1"), &json!("45.65"), &json!("SKU-001"), &json!(2.0))
    );
    assert_eq!(shipped["shippingAddress"]["country"], "GB");
    assert_eq!(shipped["lines"].as_array().unwrap().len(), 2, "a comment is no line");
    let statuses = pulled(&*connector, all_of(DataType::OrderStatus)).await;
    assert_eq!((&statuses[0]["reference"], &statuses[0]["status"]), (&json!("WEB-SHIPPED"), &json!("sent")));
    assert!(statuses[0]["shippedAt"].is_string());
    let invoices = pulled(&*connector, all_of(DataType::Invoices)).await;
    assert_eq!(
        (&invoices[0]["reference"], &invoices[0]["balance"], &invoices[0]["status"]),
        (&json!("WEB-SHIPPED"), &json!("45.65"), &json!("posted"))
    );
    // Issued when the company was made, which may have been before midnight.
    let now = Zoned::now();
    let days = [now.yesterday().unwrap(), now].map(|day| json!(day.date().to_string()));
    assert!(days.contains(&invoices[0]["issuedOn"]), "{}", invoices[0]["issuedOn"]);
    let employees = pulled(&*connector, all_of(DataType::Employees)).await;
    assert_eq!(
        (&employees[0]["name"], &employees[0]["hiredOn"]),
        (&json!("Ada Lovelace"), &json!("2020-01-02"))
    );
}

#[tokio::test]
async fn what_changed_comes_alone() {
    let Some((url, _turn)) = server("the pull of changes").await else { return };
    let connector = connector(&url, &settings());
    for data_type in DataType::ALL.into_iter().filter(|data_type| connector.pulls_changes(*data_type)) {
        let all = pulled(&*connector, all_of(data_type)).await;
        let since = |at: Timestamp| Pull { since: Some(at), ..all_of(data_type) };
        let early = pulled(&*connector, since("2020-01-01T00:00:00Z".parse().unwrap())).await;
        assert!(early.len() == all.len() && !all.is_empty(), "{data_type}");
        let ahead = Timestamp::now() + SignedDuration::from_hours(1);
        assert_eq!(pulled(&*connector, since(ahead)).await, Vec::<Value>::new(), "{data_type}");
    }
}

#[tokio::test]
async fn an_order_goes_out_is_changed_and_deleted() {
    let Some((url, _turn)) = server("the push").await else { return };
    let (connector, reference) = (connector(&url, &settings()), reference("PUSH"));
    assert_eq!(find(&*connector, &reference).await, None);
    let pushed = push(&*connector, Operation::Create, &reference, &reference, &order()).await.unwrap();
    let number = pushed.erp_key.clone().unwrap();
    assert_eq!(find(&*connector, &reference).await, Some(Found { erp_key: pushed.erp_key }));
    let there = &pulled_order(&*connector, &reference).await[0];
    // 2 at our price, 1 at theirs of 16.50, and a tax of 10% that their product brings.
    assert_eq!((&there["total"], &there["status"]), (&json!("45.65"), &json!("quotation")));
    assert_eq!(
        (&there["shippingAddress"]["city"], &there["shippingAddress"]["name"]),
        (&json!("York"), &json!("Mary Shaw"))
    );
    let mut changed = order();
    changed["lines"] = json!([{"sku": "SKU-003", "quantity": 1, "unitPrice": "10"}]);
    push(&*connector, Operation::Update, &number, &reference, &changed).await.unwrap();
    assert_eq!(pulled_order(&*connector, &reference).await[0]["total"], "11.00");
    push(&*connector, Operation::Delete, &number, &reference, &changed).await.unwrap();
    assert_eq!(find(&*connector, &reference).await, None);
}

#[tokio::test]
async fn an_order_is_confirmed_where_the_connection_says_so_and_refused_in_their_words() {
    let Some((url, _turn)) = server("the push of a confirmed order").await else { return };
    let mut settings = settings();
    settings.tryton.new_orders = TrytonOrderState::Confirmed;
    let (connector, reference) = (connector(&url, &settings), reference("CONFIRMED"));
    push(&*connector, Operation::Create, &reference, &reference, &order()).await.unwrap();
    assert_eq!(pulled_order(&*connector, &reference).await[0]["status"], "processing");
    let mut odd = order();
    odd["lines"][0]["unitPrice"] = "1.23456789".into();
    let error = push(&*connector, Operation::Create, "ODD", "ODD", &odd).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("number of digits")),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_order_whose_answer_is_cut_is_there_once() {
    let Some((url, _turn)) = server("the push with a cut answer").await else { return };
    for cut in ["model.sale.sale.create", "model.sale.sale.quote"] {
        let (proxy, reference) = (Cutter::before(&url, cut).await, reference("CUT"));
        let connector = connector(&proxy, &settings());
        let error = push(&*connector, Operation::Create, &reference, &reference, &order()).await.unwrap_err();
        assert!(matches!(error, PushError::Unknown(_)), "{cut}: {error:?}");
        let found = find(&*connector, &reference).await.unwrap();
        assert!(found.erp_key.is_some(), "{cut}");
        let there = pulled_order(&*connector, &reference).await;
        assert_eq!(there.len(), 1, "{cut}: {there:?}");
        assert_eq!(there[0]["status"], "quotation", "{cut}");
    }
}

/// Stands between us and the server, and breaks the connection once, when the answer to one call has come.
struct Cutter;

impl Cutter {
    /// The address to ask in the place of the server's.
    async fn before(url: &str, call: &'static str) -> String {
        let server = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let armed = Arc::new(AtomicBool::new(true));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                #[expect(clippy::disallowed_methods, reason = "a wire on loopback that the test can cut")]
                let there = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(Self::carry(client, there, call, Arc::clone(&armed)));
            }
        });
        address
    }

    async fn carry(mut client: TcpStream, mut server: TcpStream, call: &str, armed: Arc<AtomicBool>) {
        let (mut asked, mut told) = ([0; 65_536], [0; 65_536]);
        let mut cuts = false;
        loop {
            tokio::select! {
                read = client.read(&mut asked) => {
                    let Ok(length @ 1..) = read else { return };
                    let has_call = asked[..length].windows(call.len()).any(|part| part == call.as_bytes());
                    cuts |= has_call && armed.swap(false, Ordering::SeqCst);
                    server.write_all(&asked[..length]).await.unwrap();
                }
                read = server.read(&mut told) => {
                    // The server has answered: it has done what it was asked for.
                    let Ok(length @ 1..) = read else { return };
                    if cuts || client.write_all(&told[..length]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}
