//! Looking before syncing: what a sync would make of an ERP's first records, and which fields they have.

use std::fs;

use axum::http::StatusCode;
use serde_json::{Value, json};
use sshd::Sshd;

use crate::harness::{Causeway, Erp, northwind};

async fn start() -> (Causeway, Erp, String) {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    erp.set(
        "products",
        vec![
            json!({"id": 1, "title": " chai ", "net": 10.5, "blocked": "0", "auth": {"apiKey": "k-1"}}),
            json!({"id": 2, "title": "ikura", "net": "31", "blocked": "1", "tags": ["fish"]}),
            json!({"id": 3, "title": "tofu", "net": "1,250", "blocked": "0"}),
        ],
    );
    let connection = causeway.connect_http(erp.url()).await;
    (causeway, erp, connection)
}

async fn preview(causeway: &Causeway, connection: &str, body: Value) -> Value {
    causeway.client().post(&format!("/erp/connections/{connection}/preview"), body).await.expect(200)
}

async fn fields(causeway: &Causeway, connection: &str) -> Value {
    causeway
        .client()
        .get(&format!("/erp/connections/{connection}/fields?dataType=products"))
        .await
        .expect(200)
}

fn field<'f>(fields: &'f Value, path: &str) -> &'f Value {
    let found = fields["fields"].as_array().unwrap().iter().find(|field| field["path"] == path);
    found.unwrap_or_else(|| panic!("{path} is not among {fields}"))
}

fn outcomes(preview: &Value) -> Vec<&str> {
    preview["records"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_preview_shows_what_each_record_would_become_and_stores_nothing() {
    let (causeway, _erp, connection) = start().await;
    let body = json!({
        "dataType": "products", "limit": 5, "fieldMapping": {"name": "title", "price": "net"},
        "transformations": [{"field": "name", "operation": "trim"}], "filters": {"blocked": false},
    });
    let shown = preview(&causeway, &connection, body).await;
    assert_eq!(outcomes(&shown), ["mapped", "skipped", "failed"]);
    assert_eq!(shown["counts"], json!({"read": 3, "mapped": 1, "deleted": 0, "skipped": 1, "failed": 1}));
    let records = &shown["records"];
    let mapped = json!({"sku": "1", "name": "chai", "price": "10.5", "discontinued": false});
    assert_eq!(records[0]["mapped"], mapped);
    assert_eq!((&records[0]["key"], &records[0]["position"]), (&json!("1"), &json!(1)));
    assert_eq!(records[1].get("mapped"), None);
    assert_eq!((&records[2]["key"], &records[2]["errors"][0]["field"]), (&json!("3"), &json!("price")));
    let rest = json!({"sku": "3", "name": "tofu", "discontinued": false});
    assert_eq!(records[2]["mapped"], rest, "what could be mapped stands beside what failed");
    assert_eq!(records[0]["raw"]["title"], " chai ", "the record is shown as it was sent");
    assert!(!shown.to_string().contains("k-1"), "secrets are masked: {shown}");

    let records = causeway.list(&format!("/erp/records/products?erpConnectionId={connection}")).await;
    let runs = causeway.list("/erp/sync-logs").await;
    assert!(records.is_empty() && runs.is_empty(), "{records:?} {runs:?}");
}

#[tokio::test]
async fn a_preview_tells_which_fields_a_record_is_stored_without() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    erp.set("products", vec![json!({"sku": "A", "price": "ten"})]);
    let connection = causeway.connect_http(erp.url()).await;
    let shown = preview(&causeway, &connection, json!({"dataType": "products"})).await;
    let record = &shown["records"][0];
    assert_eq!((&record["outcome"], &record["mapped"]), (&json!("mapped"), &json!({"sku": "A"})));
    assert_eq!(record["warnings"][0]["field"], "price", "{shown}");
    assert!(record["warnings"][0]["message"].as_str().unwrap().contains("ten"), "{shown}");
}

#[tokio::test]
async fn what_is_left_out_is_taken_from_the_oldest_enabled_config() {
    let (causeway, _erp, connection) = start().await;
    let config = |enabled: bool, title: &str| {
        json!({"erpConnectionId": connection, "dataType": "products", "enabled": enabled,
            "fieldMapping": {"name": title, "price": null}, "filters": {"id": {"ne": 2}}})
    };
    let only = json!({"dataType": "products", "limit": 1});
    let name = |shown: &Value| shown["records"][0]["mapped"]["name"].clone();
    assert_eq!(name(&preview(&causeway, &connection, only.clone()).await), " chai ");

    causeway.client().post("/erp/sync-configs", config(false, "net")).await.expect(201);
    assert_eq!(name(&preview(&causeway, &connection, only.clone()).await), "10.5", "else the oldest");
    causeway.client().post("/erp/sync-configs", config(true, "blocked")).await.expect(201);
    assert_eq!(name(&preview(&causeway, &connection, only.clone()).await), "0");

    let all = preview(&causeway, &connection, json!({"dataType": "products", "filters": {}})).await;
    assert_eq!(outcomes(&all), ["mapped", "mapped", "mapped"], "the config's filter is replaced");
    assert_eq!(name(&all), "0", "its mapping is not");
}

#[tokio::test]
async fn an_assignment_shows_what_it_overrides() {
    let (causeway, _erp, connection) = start().await;
    let overrides =
        |title: &str| json!([{"dataType": "products", "fieldMapping": {"name": title, "price": null}}]);
    let client = json!({"erpConnectionId": connection, "overrides": overrides("net")});
    causeway.client().post("/clients/acme/erp-assignments", client).await.expect(201);
    let site = json!({"erpConnectionId": connection, "clientId": "acme", "overridesClient": true,
        "overrides": overrides("blocked")});
    causeway.client().post("/sites/berlin/erp-assignments", site).await.expect(201);
    for (who, name) in [(json!({"clientId": "acme"}), "10.5"), (json!({"siteId": "berlin"}), "0")] {
        let mut body = json!({"dataType": "products", "limit": 1});
        body.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
        let shown = preview(&causeway, &connection, body).await;
        assert_eq!(shown["records"][0]["mapped"]["name"], name, "{shown}");
    }
    let path = format!("/erp/connections/{connection}/preview");
    for field in ["siteId", "clientId"] {
        let answer = causeway.client().post(&path, json!({"dataType": "products", field: "nobody"})).await;
        assert_eq!(answer.fields(), [field]);
        answer.expect(422);
    }
}

#[tokio::test]
async fn fields_are_told_with_what_they_hold_and_what_they_fill() {
    let (causeway, _erp, connection) = start().await;
    let config = json!({"erpConnectionId": connection, "dataType": "products",
        "fieldMapping": {"price": "net", "extra.tag": "$.tags[0]"}});
    causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let seen = fields(&causeway, &connection).await;
    assert_eq!((&seen["records"], &seen["dataType"]), (&json!(3), &json!("products")));
    let net = json!({"path": "net", "types": ["number", "string"], "seenIn": 3, "samples": [10.5, "31", "1,250"],
        "fills": [{"field": "price", "by": "mapping"}]});
    assert_eq!(*field(&seen, "net"), net);
    assert_eq!(field(&seen, "id")["fills"], json!([{"field": "sku", "by": "usual_name"}]));
    assert_eq!(field(&seen, "tags[0]")["fills"], json!([{"field": "extra.tag", "by": "mapping"}]));
    assert_eq!(
        (&field(&seen, "tags")["types"], &field(&seen, "tags")["seenIn"]),
        (&json!(["array"]), &json!(1))
    );
    assert_ne!(field(&seen, "auth.apiKey")["samples"], json!(["k-1"]));
    assert!(!seen.to_string().contains("k-1"), "{seen}");
    let unfilled = seen["unfilled"].as_array().unwrap();
    assert!(unfilled.contains(&json!({"field": "brand", "required": false})), "{unfilled:?}");
    assert!(unfilled.iter().all(|one| one["field"] != "sku" && one["field"] != "price"), "{unfilled:?}");
}

#[tokio::test]
async fn a_required_field_that_nothing_fills_is_marked() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    erp.set("products", vec![json!({"bezeichnung": "Tee"})]);
    let connection = causeway.connect_http(erp.url()).await;
    let seen = fields(&causeway, &connection).await;
    assert_eq!(seen["unfilled"][0], json!({"field": "sku", "required": true}));
    assert_eq!(field(&seen, "bezeichnung")["fills"], json!([]));
}

#[tokio::test]
async fn files_are_looked_at_where_they_lie() {
    let (causeway, server) = (Causeway::start().await, Sshd::start().unwrap());
    let key = server.authorize_key(sshd::KeyKind::Ed25519, "").unwrap();
    let connection = causeway.connect(json!({
        "name": "Files", "provider": "Custom", "connectionMethod": "sftp",
        "credentials": {
            "sftpHost": "127.0.0.1", "sftpPort": server.port(), "sftpUsername": sshd::USER, "sftpPrivateKey": key,
        },
        "settings": {"enabledDataTypes": ["products"]},
    }));
    let connection = connection.await["id"].as_str().unwrap().to_owned();
    let empty = preview(&causeway, &connection, json!({"dataType": "products"})).await;
    assert_eq!(empty["counts"]["read"], 0);
    assert!(empty["warnings"][0].as_str().unwrap().contains("no file matches"), "{empty}");

    fs::copy(northwind::file("products.csv"), server.home().join("products_1.csv")).unwrap();
    let names = || -> Vec<String> {
        let entries = fs::read_dir(server.home()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let before = names();
    let shown = preview(&causeway, &connection, json!({"dataType": "products", "limit": 3})).await;
    assert_eq!(outcomes(&shown), ["mapped", "mapped", "mapped"], "{shown}");
    let seen = fields(&causeway, &connection).await;
    assert_eq!(field(&seen, "productID")["fills"], json!([{"field": "sku", "by": "usual_name"}]));
    assert_eq!(names(), before, "no file is claimed or moved");
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["counts"]["created"], 77, "the sync that follows finds everything");
}

#[tokio::test]
async fn an_erp_that_refuses_is_told_of_in_a_sentence() {
    let causeway = Causeway::start().await;
    let address = Erp::demanding("Bearer right", StatusCode::OK).await;
    let connection = causeway.connect_http(&address).await;
    let looks = [
        causeway
            .client()
            .post(&format!("/erp/connections/{connection}/preview"), json!({"dataType": "products"}))
            .await,
        causeway.client().get(&format!("/erp/connections/{connection}/fields?dataType=products")).await,
    ];
    for answer in looks {
        let body = answer.expect(502);
        assert_eq!(body["code"], "ERP_ERROR");
        assert!(body["error"].as_str().unwrap().contains("401"), "{body}");
    }
    let found = causeway.client().get(&format!("/erp/connections/{connection}")).await.expect(200);
    assert_eq!(found["status"], "active", "a look notes nothing");
}

#[tokio::test]
async fn what_cannot_be_previewed_is_refused_by_name() {
    let (causeway, _erp, connection) = start().await;
    let path = format!("/erp/connections/{connection}/preview");
    for (body, field) in [
        (json!({"dataType": "colours"}), "dataType"),
        (json!({}), "dataType"),
        (json!({"dataType": "products", "limit": 0}), "limit"),
        (json!({"dataType": "products", "limit": 51}), "limit"),
        (json!({"dataType": "products", "fieldMapping": {"colour": "c"}}), "fieldMapping.colour"),
        (json!({"dataType": "products", "filters": {"price": {"like": 1}}}), "filters.price.like"),
        (json!({"dataType": "products", "siteId": "a", "clientId": "b"}), "clientId"),
        (json!({"dataType": "products", "siteId": "a:b"}), "siteId"),
    ] {
        let answer = causeway.client().post(&path, body).await;
        assert_eq!(answer.fields(), [field], "{}", answer.body);
        answer.expect(422);
    }
    let body = json!({"dataType": "products"});
    causeway.client().post("/erp/connections/erp_none/preview", body).await.expect(404);
    causeway.client().get("/erp/connections/erp_none/fields?dataType=products").await.expect(404);
    causeway.client().get(&format!("/erp/connections/{connection}/fields")).await.expect(400);
}
