//! Documents that the other side of a DOI connection sends by itself: kept before they are answered, read by the sync
//! that is due at once, taken once however often they come.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::harness::{Answer, Causeway};

/// A connection to a supplier, which is never called here.
async fn supplier(causeway: &Causeway) -> String {
    let party = |identity| json!({"domain": "NetworkID", "identity": identity});
    let made = causeway.connect(json!({
        "name": "Supplier", "provider": "Custom", "connectionMethod": "doi",
        "credentials": {"doiEndpoint": "https://supplier.example.com/doi", "doiUsername": "erp", "doiPassword": "pass",
            "doiSharedSecret": "s3cret!"},
        "settings": {"doi": {"dialect": "cxml", "from": party("AN-BUYER"), "to": party("AN-SUPPLIER")}},
    }));
    made.await["id"].as_str().unwrap().to_owned()
}

async fn with_sync(causeway: &Causeway, connection: &str, data_type: &str) {
    let config = json!({"erpConnectionId": connection, "dataType": data_type, "direction": "pull"});
    causeway.client().post("/erp/sync-configs", config).await.expect(201);
}

fn confirmation(payload_id: &str, order: &str, kind: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><!DOCTYPE cXML SYSTEM \"http://xml.cxml.org/schemas/cXML/1.2.063/Fulfill.dtd\">\
         <cXML payloadID=\"{payload_id}\" timestamp=\"2026-11-20T10:00:00+01:00\"><Header><From/><To/><Sender><Credential \
         domain=\"NetworkID\"><Identity>AN-SUPPLIER</Identity><SharedSecret>s3cret!</SharedSecret></Credential></Sender>\
         </Header><Request><ConfirmationRequest><ConfirmationHeader type=\"{kind}\" \
         noticeDate=\"2026-11-20T10:00:00+01:00\"/><OrderReference orderID=\"{order}\"/></ConfirmationRequest></Request>\
         </cXML>"
    )
}

async fn send(causeway: &Causeway, connection: &str, password: &str, document: &str) -> Answer {
    let client = causeway.stranger();
    let request =
        client.request(Method::POST, &format!("/doi/{connection}")).basic_auth("erp", Some(password));
    client.send(request.header(CONTENT_TYPE, "text/xml").body(document.to_owned())).await
}

fn status_code(answer: &Answer) -> String {
    let body = answer.body.as_str().unwrap_or_default();
    let code = body.split_once("<Status code=\"").map(|(_, rest)| &rest[..3]);
    code.unwrap_or_else(|| panic!("no Status in {} {body}", answer.status)).to_owned()
}

async fn statuses(causeway: &Causeway, connection: &str) -> Vec<Value> {
    causeway.list(&format!("/erp/records/order_status?erpConnectionId={connection}")).await
}

/// Waits until the scheduler has had every document read that came; it is the process's own.
async fn until(causeway: &Causeway, connection: &str, arrived: impl Fn(&[Value]) -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(60), async {
        while !arrived(&statuses(causeway, connection).await) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    if waited.await.is_err() {
        panic!("the documents were not read: {:?}", statuses(causeway, connection).await);
    }
}

#[tokio::test]
async fn a_document_is_answered_and_read_by_the_next_sync_once() {
    let causeway = Causeway::start().await;
    let connection = supplier(&causeway).await;
    with_sync(&causeway, &connection, "order_status").await;
    for _ in 0..3 {
        let answer = send(&causeway, &connection, "pass", &confirmation("1@s", "10248", "accept")).await;
        assert_eq!((answer.status, status_code(&answer)), (200, "200".to_owned()));
        assert!(answer.header("content-type").starts_with("text/xml"));
    }
    // The sync has no schedule: it is due because a document came.
    until(&causeway, &connection, |records| records.len() == 1 && records[0]["data"]["status"] == "accept")
        .await;

    send(&causeway, &connection, "pass", &confirmation("2@s", "10248", "reject")).await;
    send(&causeway, &connection, "pass", &confirmation("1@s", "10248", "accept")).await;
    until(&causeway, &connection, |records| records[0]["data"]["status"] == "reject").await;
    // What comes after it is read, so it would have been read too: a document that came before is not read again.
    send(&causeway, &connection, "pass", &confirmation("3@s", "10249", "accept")).await;
    until(&causeway, &connection, |records| records.len() == 2).await;
    let records = statuses(&causeway, &connection).await;
    let first = records.iter().find(|record| record["data"]["orderNumber"] == "10248").unwrap();
    assert_eq!(first["data"]["status"], "reject");
    assert_eq!(first["deleted"], false, "that a document does not name an order says nothing");
}

#[tokio::test]
async fn strangers_and_wrong_secrets_get_nothing_in() {
    let causeway = Causeway::start().await;
    let connection = supplier(&causeway).await;
    let document = confirmation("1@s", "10248", "accept");
    for (name, password) in [(connection.as_str(), "wrong"), ("erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R", "pass")] {
        let answer = send(&causeway, name, password, &document).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
        assert!(answer.header("www-authenticate").starts_with("Basic"));
    }
    let answer = send(&causeway, &connection, "pass", &document.replace("s3cret!", "guess")).await;
    assert_eq!((answer.status, status_code(&answer)), (200, "401".to_owned()));
    let bomb = "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>";
    assert_eq!(send(&causeway, &connection, "pass", bomb).await.status, 400);
    assert_eq!(send(&causeway, &connection, "pass", "<orders/>").await.status, 415);
    let answer =
        send(&causeway, &connection, "pass", &document.replace("ConfirmationRequest", "OrderRequest")).await;
    assert_eq!(status_code(&answer), "450");
    let run = causeway.sync(&connection, "order_status").await;
    assert_eq!(run["counts"]["read"], 0, "{run}");
}

#[tokio::test]
async fn documents_are_there_until_they_are_read_and_go_with_their_connection() {
    let causeway = Causeway::start().await;
    let connection = supplier(&causeway).await;
    for number in 0..230 {
        let document = confirmation(&format!("{number}@s"), &format!("SO-{number}"), "accept");
        assert_eq!(send(&causeway, &connection, "pass", &document).await.status, 200);
    }
    with_sync(&causeway, &connection, "order_status").await;
    let look = format!("/erp/connections/{connection}/sync?dryRun=true&wait=20");
    let looked = causeway.client().post(&look, json!({"dataType": "order_status"})).await.expect(200);
    assert_eq!(looked["counts"]["created"], 200, "{looked}");
    causeway.sync(&connection, "order_status").await;
    // What one run could not read makes the next one due.
    until(&causeway, &connection, |records| records.len() == 230).await;
    causeway.client().delete(&format!("/erp/connections/{connection}?force=true")).await;
}
