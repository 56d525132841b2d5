//! Orders written to a real OpenSSH server, each once, whatever is cut off in between.

use std::fs;

use domain::DataType;
use domain::change::Operation;
use domain::connection::{Checksum, OutgoingColumn, OutgoingFiles, OutgoingFormat};
use domain::mapping::FieldMapping;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transport::ErpError;

use crate::files::tests::server::Site;
use crate::{Connector, Found, Lookup, Push, PushError, Pushed};

fn order() -> Value {
    json!({"orderNumber": "WEB-1", "customerId": "10000", "currency": "GBP", "lines": [
        {"sku": "1896-S", "quantity": 2.5, "unitPrice": "12345678901234567.89", "description": "=cmd()"},
        {"sku": "A,1", "quantity": -1, "unitPrice": "1.00"},
    ]})
}

async fn push(site: &Site, operation: Operation, record: &Value) -> Result<Pushed, PushError> {
    let record = RawValue::from_string(record.to_string()).unwrap();
    let push = Push {
        data_type: DataType::Orders,
        operation,
        key: "WEB-1",
        reference: "WEB/1",
        idempotency_key: "chg_1-1",
        record: Some(&record),
        mapping: &FieldMapping::new(),
        zone: &domain::template::UTC,
    };
    site.connector().push(&push).await
}

async fn find(site: &Site) -> Option<Found> {
    let mapping = FieldMapping::new();
    let lookup = Lookup { data_type: DataType::Orders, reference: "WEB/1", mapping: &mapping };
    site.connector().find(&lookup).await.unwrap()
}

fn with(settings: OutgoingFiles) -> Site {
    let mut site = Site::new();
    site.settings.files.push = settings;
    site
}

const FILE: &str = "in/ORD_WEB%2F1.json";
const NOTE: &str = "in/.causeway/ORD_WEB%2F1.json";

#[tokio::test]
async fn an_order_is_one_file_with_its_checksum_and_its_marker() {
    let site = with(OutgoingFiles {
        checksum: Some(Checksum::Sha256),
        done_marker: Some("{stem}.done".to_owned()),
        ..OutgoingFiles::default()
    });
    assert_eq!(find(&site).await, None);
    push(&site, Operation::Create, &order()).await.unwrap();
    let sum = "in/ORD_WEB%2F1.json.sha256";
    assert_eq!(site.tree(), [NOTE, "in/ORD_WEB%2F1.done", FILE, sum]);
    assert_eq!(
        serde_json::from_str::<Value>(&fs::read_to_string(site.path(FILE)).unwrap()).unwrap(),
        order()
    );
    let checked = std::process::Command::new("sha256sum")
        .args(["--check", "--strict", "ORD_WEB%2F1.json.sha256"])
        .current_dir(site.path("in"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    assert_eq!(find(&site).await, Some(Found { erp_key: None }));
}

#[tokio::test]
async fn an_order_that_was_taken_is_not_written_again() {
    let site = with(OutgoingFiles::default());
    push(&site, Operation::Create, &order()).await.unwrap();
    fs::remove_file(site.path(FILE)).unwrap();
    assert_eq!(find(&site).await, Some(Found { erp_key: None }));
    push(&site, Operation::Create, &order()).await.unwrap();
    assert_eq!(site.tree(), [NOTE]);
}

#[tokio::test]
async fn an_order_whose_worker_died_on_the_way_is_written_once() {
    let site = with(OutgoingFiles::default());
    fs::create_dir_all(site.path("in/.causeway")).unwrap();
    // Died in the middle of the file, then before it got its name.
    for noted in [false, true] {
        site.put("in/.ORD_WEB%2F1.json.part", "{\"half");
        if noted {
            site.put(NOTE, "");
        }
        assert_eq!(find(&site).await, None);
    }
    push(&site, Operation::Create, &order()).await.unwrap();
    assert_eq!(site.tree(), [NOTE, FILE]);
    // Died before checksum and marker.
    let site = with(OutgoingFiles { done_marker: Some("{name}.ok".to_owned()), ..OutgoingFiles::default() });
    fs::create_dir_all(site.path("in/.causeway")).unwrap();
    site.put(NOTE, "");
    site.put(FILE, "{}");
    assert_eq!(find(&site).await, Some(Found { erp_key: None }));
    assert_eq!(site.tree(), [NOTE, FILE, "in/ORD_WEB%2F1.json.ok"]);
}

#[tokio::test]
async fn a_file_of_somebody_else_is_not_written_over() {
    let site = with(OutgoingFiles::default());
    fs::create_dir(site.path("in")).unwrap();
    site.put(FILE, "theirs");
    let error = push(&site, Operation::Create, &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("is there already")),
        "{error:?}"
    );
    assert_eq!(fs::read_to_string(site.path(FILE)).unwrap(), "theirs");
    assert_eq!(site.tree(), [FILE]);
}

#[tokio::test]
async fn changes_of_an_order_are_files_of_their_own() {
    let site = with(OutgoingFiles::default());
    for operation in [Operation::Update, Operation::Update, Operation::Delete] {
        push(&site, operation, &order()).await.unwrap();
    }
    let files: Vec<_> = site.tree().into_iter().filter(|path| !path.contains(".causeway")).collect();
    assert_eq!(files, ["in/ORD_WEB%2F1_delete_chg_1-1.json", "in/ORD_WEB%2F1_update_chg_1-1.json"]);
}

#[tokio::test]
async fn rows_of_a_csv_file_are_whole_and_no_formulas() {
    let column = |name: &str, value: &str| OutgoingColumn { name: name.to_owned(), value: value.to_owned() };
    let site = with(OutgoingFiles {
        name: "ORD_{reference}.csv".to_owned(),
        format: OutgoingFormat::Csv,
        columns: vec![
            column("NO", "{{$.orderNumber}}"),
            column("SKU", "{{sku}}"),
            column("QTY", "{{quantity}}"),
            column("PRICE", "{{unitPrice}}"),
            column("TEXT", "{{description}}"),
        ],
        ..OutgoingFiles::default()
    });
    push(&site, Operation::Create, &order()).await.unwrap();
    let text = fs::read_to_string(site.path("in/ORD_WEB%2F1.csv")).unwrap();
    let expected = "NO,SKU,QTY,PRICE,TEXT\r\nWEB-1,1896-S,2.5,12345678901234567.89,'=cmd()\r\n\
                    WEB-1,\"A,1\",-1,1.00,\r\n";
    assert_eq!(text, expected);
    let mut empty = order();
    empty.as_object_mut().unwrap().remove("lines");
    let error = push(&site, Operation::Create, &empty).await.unwrap_err();
    assert!(
        matches!(&error, PushError::NeedsMapping(why) if why.starts_with("lines is missing")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_login_that_may_only_read_is_told_so_and_nothing_was_sent() {
    let site = Site::with(sshd::Options { read_only: true, ..sshd::Options::default() });
    let error = push(&site, Operation::Create, &order()).await.unwrap_err();
    assert!(matches!(&error, PushError::NotSent(ErpError::Misconfigured(_))), "{error:?}");
}
