//! The connector against a Tryton that keeps its rules, and against a real one where there is one.

mod conditions;
mod erp;
mod orders;
mod real;
mod sales;

use domain::DataType;
use domain::change::Operation;
use domain::connection::{ConnectionMethod, ConnectionSettings, Credentials, Provider};
use domain::json::Opened;
use domain::mapping::{FieldMapping, Mapper};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transport::ErpError;

use crate::conformance::{AMOUNT, NAME, Server, Subject, Unkept, changed_at, conformance, transport};
use crate::tryton::Tryton;
use crate::{Connector, Item, Page, Pull, Push, PushError, Pushed, default_mapping};
use erp::{Erp, decimal};

conformance!(Erp);

impl Subject for Erp {
    const PULLED: DataType = DataType::Products;

    fn with_records(count: usize) -> Self {
        let erp = Self::new();
        let product = |n: usize| {
            // Half of them were never written since they were made.
            let changed = datetime(&changed_at(n));
            let (created, written) = if n.is_multiple_of(2) {
                (changed, Value::Null)
            } else {
                (datetime("2020-01-01T00:00:00Z"), changed)
            };
            json!({"id": n + 10, "code": format!("P{n}"), "name": NAME, "list_price": decimal(AMOUNT), "active": n != 3,
                "create_date": created, "write_date": written,
                "default_uom": {"id": 1, "symbol": "u"}, "template": {"id": n}, "type": "goods"})
        };
        // Orders find it by its code, and no pull does: they begin behind the id 0.
        let mut products = erp.tables.lock().unwrap()["product.product"].clone();
        products[0]["id"] = 0.into();
        products.extend((0..count).map(product));
        erp.put("product.product", products);
        erp
    }

    fn connector(origin: &str, settings: &ConnectionSettings, good: bool) -> Box<dyn Connector> {
        let credentials = credentials(origin, if good { "good" } else { "s3cret" });
        Box::new(Tryton::new(settings, credentials, &transport(), std::sync::Arc::new(Unkept)).unwrap())
    }

    fn mapping() -> FieldMapping {
        default_mapping(Provider::Tryton, ConnectionMethod::Api, DataType::Products)
    }

    fn revoke(&self) -> bool {
        self.revoke_sessions();
        true
    }

    fn order() -> Option<(Value, Value)> {
        Some((order(), json!({"lines": [{"sku": "SKU-1", "quantity": 1, "unitPrice": "1.23456"}]})))
    }

    fn orders(&self) -> usize {
        self.tables.lock().unwrap().get("sale.sale").map_or(0, Vec::len)
    }
}

fn credentials(origin: &str, password: &str) -> Credentials {
    Credentials {
        api_url: Some(origin.to_owned()),
        database: Some("causeway".to_owned()),
        username: Some("admin".to_owned()),
        password: Some(password.to_owned().into()),
        ..Credentials::default()
    }
}

fn order() -> Value {
    json!({
        "customerId": "CUST-1", "currency": "GBP", "orderedAt": "2026-11-20T10:00:00Z", "notes": "Ring twice",
        "shippingAddress": {"name": "Jane Doe", "street": "1 high st", "city": "Leeds", "postalCode": "LS1 1AA",
            "country": "GB"},
        "lines": [{"sku": "SKU-1", "quantity": 2.5, "unitPrice": "12345678901234567.89"}, {"sku": "SKU-1", "quantity": 1}],
    })
}

/// A moment as Tryton writes it.
fn datetime(at: &str) -> Value {
    crate::tryton::values::moment(at.parse().unwrap())
}

fn settings() -> ConnectionSettings {
    ConnectionSettings { retry_attempts: 0, retry_delay: 10, ..ConnectionSettings::default() }
}

fn connector(erp: &Server<Erp>) -> Box<dyn Connector> {
    Erp::connector(&erp.origin, &settings(), true)
}

/// The records of a page in our form.
fn mapped(data_type: DataType, page: &Page) -> Vec<Value> {
    let mapping = default_mapping(Provider::Tryton, ConnectionMethod::Api, data_type);
    let mut mapper = Mapper::new(data_type, &mapping, &[]);
    let mut map = |item: &Item| {
        let Item::Record(range) = item else { panic!("{item:?}") };
        let raw = &page.body[range.clone()];
        let mut out = Vec::new();
        let mapped = mapper.map(&Opened::parse(raw).unwrap(), &mut out);
        assert!(mapped.is_ok(), "{mapped:?}: {}", String::from_utf8_lossy(raw));
        serde_json::from_slice(&out).unwrap()
    };
    page.items.iter().map(&mut map).collect()
}

/// All records of a type in our form, in pages of two.
async fn pulled(connector: &dyn Connector, pull: Pull) -> Vec<Value> {
    let data_type = pull.data_type;
    let whole = pull.since.is_none() || !connector.pulls_changes(data_type);
    let mut pages = connector.pull(pull).await.unwrap();
    let mut records = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        records.extend(mapped(data_type, &page));
    }
    assert_eq!(pages.complete(), whole);
    records
}

fn all_of(data_type: DataType) -> Pull {
    Pull { data_type, page_size: 2, resume: None, since: None }
}

async fn push(
    connector: &dyn Connector,
    operation: Operation,
    key: &str,
    reference: &str,
    order: &Value,
) -> Result<Pushed, PushError> {
    let record = RawValue::from_string(order.to_string()).unwrap();
    let mapping = Erp::mapping();
    let push = Push {
        data_type: DataType::Orders,
        operation,
        key,
        reference,
        idempotency_key: "chg_1-1",
        record: Some(&record),
        mapping: &mapping,
        zone: &domain::template::UTC,
    };
    connector.push(&push).await
}

/// The books of a company that has sold something.
fn with_a_sale() -> Erp {
    let erp = Erp::new();
    let day = |day: i64| json!({"__class__": "date", "year": 2026, "month": 11, "day": day});
    let address = json!({"id": 2, "party_name": null, "street": "1 High St", "city": "Leeds", "postal_code": "LS1 1AA",
        "country": {"id": 1, "code": "GB"}, "subdivision": null});
    let sale = |id: i64, number: Value, state: &str| {
        json!({"id": id, "company": 1, "number": number, "reference": format!("WEB-{id}"), "state": state,
            "sale_date": day(20), "party": {"id": 2, "code": "CUST-1", "name": "Jane Doe", "email": "jane@example.com"},
            "currency": {"id": 1, "code": "GBP"}, "untaxed_amount": decimal("27.00"), "tax_amount": decimal("2.70"),
            "total_amount": decimal("29.70"), "shipment_address": address, "invoice_address": address,
            "lines": [1, 2], "shipment_state": "partially shipped", "invoice_state": "none", "shipments": [8, 7],
            "create_date": datetime("2026-11-20T09:00:00.000001Z"), "write_date": null})
    };
    let made = vec![
        sale(1, "SO-1".into(), "processing"),
        sale(2, Value::Null, "draft"),
        sale(3, "SO-3".into(), "cancelled"),
        sale(4, "SO-4".into(), "done"),
    ];
    erp.put("sale.sale", made);
    let line = |id: i64, kind: &str| {
        json!({"id": id, "type": kind, "sequence": id, "product": {"id": 1, "code": "SKU-1"}, "description": null,
            "quantity": 2.0, "unit": {"id": 1, "symbol": "u"}, "unit_price": decimal("13.5000"),
            "amount": decimal("27.00"), "create_date": null,
            "write_date": if id == 1 { datetime("2026-11-22T00:00:00Z") } else { Value::Null }})
    };
    erp.put("sale.line", vec![line(1, "line"), line(2, "comment")]);
    erp.put("account.invoice.line", vec![line(1, "line"), line(2, "comment")]);
    let shipment =
        |id: i64, on: Value| json!({"id": id, "number": "S", "state": "done", "effective_date": on});
    erp.put("stock.shipment.out", vec![shipment(7, day(21)), shipment(8, Value::Null)]);
    let invoice = |id: i64, kind: &str| {
        json!({"id": id, "company": 1, "number": "INV-1", "state": "posted", "type": kind, "invoice_date": day(21),
            "party": {"id": 2, "code": "CUST-1", "name": "Jane Doe"}, "currency": {"id": 1, "code": "GBP"},
            "untaxed_amount": decimal("27.00"), "tax_amount": decimal("2.70"), "total_amount": decimal("29.70"),
            "amount_to_pay": decimal("9.70"), "lines": [1, 2], "sales": [1],
            "create_date": datetime("2026-11-21T09:00:00Z"), "write_date": datetime("2026-11-21T10:00:00Z")})
    };
    erp.put("account.invoice", vec![invoice(1, "out"), invoice(2, "in")]);
    let employee = json!({"id": 1, "company": 1, "start_date": day(1), "end_date": null, "supervisor": 3,
        "party": {"id": 4, "name": "Ada Lovelace", "email": "", "phone": "123",
            "create_date": datetime("2026-11-23T00:00:00Z"), "write_date": null},
        "create_date": datetime("2020-01-01T00:00:00Z"), "write_date": null});
    erp.put("company.employee", vec![employee]);
    erp
}

#[tokio::test]
async fn every_data_type_is_read_as_it_is_meant() {
    let erp = Server::start(with_a_sale()).await;
    let mut records = serde_json::Map::new();
    for data_type in DataType::ALL {
        records.insert(data_type.to_string(), pulled(&*connector(&erp), all_of(data_type)).await.into());
    }
    insta::assert_json_snapshot!(records);
}

#[tokio::test]
async fn a_server_of_6_0_is_spoken_to_at_its_own_address_and_by_its_own_fields() {
    let erp = Server::start(Erp::of_6_0()).await;
    let report = connector(&erp).test().await.unwrap();
    assert_eq!(report.message, "Tryton 6.0.76 let us in: company Causeway Ltd");
    let products = pulled(&*connector(&erp), all_of(DataType::Products)).await;
    assert_eq!((&products[0]["price"], &products[0]["currency"]), (&json!("13.5"), &json!("GBP")));
    let seen = erp.vendor.seen.lock().unwrap();
    let read = seen.iter().find(|call| call.starts_with("model.product.product.search_read")).unwrap();
    assert!(read.contains("\"list_price\"") && !read.contains("list_price_used"), "{read}");
}

#[tokio::test]
async fn a_change_of_what_a_record_is_told_with_is_a_change_of_the_record() {
    let erp = Server::start(with_a_sale()).await;
    let since = Some("2026-11-21T12:00:00Z".parse().unwrap());
    for (data_type, count) in [(DataType::Orders, 3), (DataType::Employees, 1), (DataType::Invoices, 0)] {
        let records = pulled(&*connector(&erp), Pull { since, ..all_of(data_type) }).await;
        assert_eq!(records.len(), count, "{data_type}");
    }
}

#[tokio::test]
async fn stock_is_told_by_location_and_never_asked_for_by_change() {
    let erp = Server::start(Erp::new()).await;
    assert!(!connector(&erp).pulls_changes(DataType::Inventory));
    let by_default = pulled(&*connector(&erp), all_of(DataType::Inventory)).await;
    assert_eq!(by_default, [json!({"sku": "SKU-1", "location": "WH", "quantity": 4.5, "unit": "u"})]);
    let mut settings = settings();
    settings.tryton.locations = vec!["Warehouse".to_owned(), "STO".to_owned()];
    let named = pulled(&*Erp::connector(&erp.origin, &settings, true), all_of(DataType::Inventory)).await;
    let told: Vec<_> = named.iter().map(|record| (&record["location"], &record["quantity"])).collect();
    assert_eq!(told, [(&json!("WH"), &json!(0.0)), (&json!("STO"), &json!(4.5))]);
    settings.tryton.locations = vec!["MOON".to_owned()];
    let moon = Erp::connector(&erp.origin, &settings, true);
    let error = moon.pull(all_of(DataType::Inventory)).await.err().unwrap();
    assert!(
        matches!(&error, ErpError::Misconfigured(why) if why.contains("settings.tryton.locations.0 is MOON")),
        "{error:?}"
    );
}

#[tokio::test]
async fn requests_have_the_form_the_vendor_asks_for() {
    let erp = Server::start(with_a_sale()).await;
    let since = Some("2026-11-20T10:00:00.5Z".parse().unwrap());
    for data_type in DataType::ALL {
        pulled(&*connector(&erp), Pull { since, page_size: 500, ..all_of(data_type) }).await;
    }
    insta::assert_snapshot!(erp.vendor.seen.lock().unwrap().join("\n"));
}

#[tokio::test]
async fn what_is_wrong_with_a_connection_is_told_with_its_field() {
    let erp = Server::start(Erp::new()).await;
    let test = async |change: &dyn Fn(&mut Credentials)| {
        let mut credentials = credentials(&erp.origin, "good");
        change(&mut credentials);
        let tokens = std::sync::Arc::new(Unkept);
        let made = Tryton::new(&settings(), credentials, &transport(), tokens);
        match made {
            Ok(connector) => connector.test().await.unwrap_err().to_string(),
            Err(error) => error.to_string(),
        }
    };
    let database = test(&|credentials| credentials.database = Some("other".to_owned())).await;
    assert!(database.contains("has no database other: check the connection's database"), "{database}");
    let company = test(&|credentials| credentials.company = Some("Fabrikam".to_owned())).await;
    assert_eq!(
        company,
        "the connection's company Fabrikam is not one of those that the user sees: Causeway Ltd"
    );
    let password = test(&|credentials| credentials.password = Some("s3cret".to_owned().into())).await;
    assert!(password.contains("check the connection's username and password"), "{password}");
    let path = test(&|credentials| credentials.database = Some("a/b".to_owned())).await;
    assert!(path.contains("database must be the name of a database"), "{path}");
}
