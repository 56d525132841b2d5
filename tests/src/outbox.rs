//! Our own changes on their way to the ERP: placed orders and edited records wait, show at once, and say why they wait.

use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

/// A Causeway that has pulled two products of an ERP; and the connection.
async fn with_products() -> (Causeway, Erp, String) {
    let causeway = Causeway::start().await;
    let erp = Erp::start().await;
    let product = |sku: &str| json!({"sku": sku, "name": format!("Product {sku}"), "weight": 0.1});
    erp.set("products", vec![product("A"), product("B/1 ü")]);
    let connection = causeway.connect_http(erp.url()).await;
    assert_eq!(causeway.sync(&connection, "products").await["counts"]["created"], 2);
    (causeway, erp, connection)
}

fn record(data_type: &str, key: &str, connection: &str) -> String {
    format!("/erp/records/{data_type}/{key}?erpConnectionId={connection}")
}

async fn changes(causeway: &Causeway, connection: &str) -> Vec<Value> {
    causeway.list(&format!("/erp/changes?erpConnectionId={connection}")).await
}

#[tokio::test]
async fn an_edited_record_shows_at_once_and_waits_for_the_erp() {
    let (causeway, _erp, connection) = with_products().await;
    let client = causeway.client();
    let path = record("products", "A", &connection);
    let before = client.get(&path).await.expect(200);
    assert_eq!((&before["pending"], &before["changeId"]), (&json!(false), &Value::Null));

    let patched = client.patch(&path, json!({"price": "19.90", "extra": {"shelf": "B7"}})).await.expect(200);
    assert_eq!((&patched["pending"], &patched["data"]["price"]), (&json!(true), &json!("19.90")));
    let shown = client.get(&path).await.expect(200);
    assert_eq!(shown, patched);
    assert_eq!((&shown["data"]["name"], &shown["data"]["weight"]), (&json!("Product A"), &json!(0.1)));
    let listed = causeway.list(&format!("/erp/records/products?erpConnectionId={connection}")).await;
    assert_eq!(listed.iter().map(|record| &record["pending"]).collect::<Vec<_>>(), [true, false]);

    let waiting = changes(&causeway, &connection).await;
    assert_eq!((waiting.len(), &waiting[0]["id"]), (1, &shown["changeId"]));
    assert_eq!((&waiting[0]["operation"], &waiting[0]["state"]), (&json!("update"), &json!("pending")));
    assert_eq!(waiting[0]["base"], before["data"]);
    assert_eq!(waiting[0]["waitingBecause"], "no enabled sync config of this connection pushes products");

    let put = client.put(&path, json!({"sku": "A", "name": "Product A", "weight": 0.10})).await.expect(200);
    assert_eq!((&put["pending"], &put["data"]), (&json!(false), &before["data"]), "as the ERP has it again");
    assert!(changes(&causeway, &connection).await.is_empty());
}

#[tokio::test]
async fn what_waits_says_what_it_waits_for() {
    let (causeway, _erp, connection) = with_products().await;
    let client = causeway.client();
    client.patch(&record("products", "A", &connection), json!({"name": "x"})).await.expect(200);
    let because = async || {
        let waiting = changes(&causeway, &connection).await;
        waiting[0]["waitingBecause"].as_str().unwrap().to_owned()
    };
    let config = json!({
        "erpConnectionId": connection, "dataType": "products", "direction": "push", "schedule": "0 6 1 1 *",
    });
    let config = client.post("/erp/sync-configs", config).await.expect(201);
    let due = config["nextSyncAt"].as_str().unwrap();
    assert_eq!(because().await, format!("the next sync that pushes products is due at {due}"));
    let path = format!("/erp/sync-configs/{}", config["id"].as_str().unwrap());
    client.patch(&path, json!({"schedule": null})).await.expect(200);
    assert_eq!(because().await, "no sync that pushes products is scheduled: start one by hand");
    client.patch(&path, json!({"enabled": false})).await.expect(200);
    assert_eq!(because().await, "no enabled sync config of this connection pushes products");
    let off = json!({"settings": {"enabledDataTypes": ["orders"]}});
    client.patch(&format!("/erp/connections/{connection}"), off).await.expect(200);
    assert!(because().await.starts_with("products is not among the enabledDataTypes"));
    client.patch(&format!("/erp/connections/{connection}"), json!({"status": "inactive"})).await.expect(200);
    assert!(because().await.ends_with("is switched off"));
}

#[tokio::test]
async fn a_new_record_is_made_and_dropped_and_a_known_one_waits_to_be_deleted() {
    let (causeway, _erp, connection) = with_products().await;
    let client = causeway.client();
    let path = record("products", "New%2F1", &connection);
    let made = client.put(&path, json!({"name": "Novelty"})).await;
    assert_eq!(made.header("location"), path);
    let etag = made.header("etag").to_owned();
    let made = made.expect(201);
    assert_eq!((&made["id"], &made["data"]["sku"]), (&json!("New/1"), &json!("New/1")));
    let again = client.put(&path, json!({"name": "Novelty 2"})).await;
    assert_ne!(again.header("etag"), etag);
    assert_eq!(again.expect(200)["changeId"], made["changeId"]);
    client.delete(&path).await.expect(204);
    client.get(&path).await.expect(404);
    client.delete(&path).await.expect(404);
    assert!(changes(&causeway, &connection).await.is_empty());

    let known = record("products", "B%2F1%20%C3%BC", &connection);
    let deleted = client.delete(&known).await.expect(202);
    assert_eq!((&deleted["deleted"], &deleted["pending"]), (&json!(true), &json!(true)));
    assert_eq!(client.get(&known).await.expect(200), deleted);
    assert_eq!(changes(&causeway, &connection).await[0]["operation"], "delete");
    client.delete(&known).await.expect(404);
    client.patch(&known, json!({"name": "x"})).await.expect(404);
    let back = client.put(&known, json!({"name": "Product again"})).await.expect(201);
    assert_eq!((&back["deleted"], &back["changeId"]), (&json!(false), &deleted["changeId"]));
    assert_eq!(changes(&causeway, &connection).await[0]["operation"], "update", "the ERP still has it");
}

#[tokio::test]
async fn an_order_is_placed_once_under_its_reference() {
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http("https://erp.example.com").await;
    let client = causeway.client();
    let place = format!("/erp/records/orders?erpConnectionId={connection}");
    let order = json!({
        "reference": "web 1", "customerId": "C1", "total": "{total}",
        "lines": [{"sku": "A", "quantity": 2, "unitPrice": "12.50"}],
    });
    // More digits than a float has.
    let raw = order.to_string().replace("\"{total}\"", "12345678901.1234567890");
    let send = async |key: &str| {
        let request = client.request(reqwest::Method::POST, &place).header("idempotency-key", key);
        client.send(request.header("content-type", "application/json").body(raw.clone())).await
    };
    let placed = send("once").await;
    let path = placed.header("location").to_owned();
    assert_eq!(path, record("orders", "web%201", &connection));
    let placed = placed.expect(201);
    assert_eq!((&placed["id"], &placed["data"]["orderNumber"]), (&json!("web 1"), &json!("web 1")));
    assert_eq!(placed["data"]["total"], "12345678901.1234567890");
    assert_eq!(send("once").await.expect(201), placed, "sent again under the same key");
    let twice = send("twice").await;
    assert!(twice.body["error"].as_str().unwrap().contains("web 1"), "{}", twice.body);
    twice.expect(409);
    assert_eq!(client.get(&path).await.expect(200), placed);

    let unnamed = client.post(&place, json!({"lines": []})).await.expect(201);
    let key = unnamed["id"].as_str().unwrap();
    assert!(key.starts_with("ORD-"));
    assert_eq!((&unnamed["data"]["orderNumber"], &unnamed["data"]["reference"]), (&json!(key), &json!(key)));
    let numbered = json!({"orderNumber": "10248", "reference": "r"});
    let numbered = client.post(&place, numbered).await.expect(201);
    assert_eq!((&numbered["id"], &numbered["data"]["reference"]), (&json!("10248"), &json!("r")));
    assert_eq!(changes(&causeway, &connection).await.len(), 3);
    let listed = causeway.list(&place).await;
    assert_eq!(listed.len(), 3, "the list of orders is at the same address");

    let products = format!("/erp/records/products?erpConnectionId={connection}");
    assert_eq!(client.post(&products, json!({"sku": "N"})).await.expect(201)["id"], "N");
    let unnamed = client.post(&products, json!({"name": "Novelty"})).await;
    assert_eq!(unnamed.fields(), ["sku"]);
    unnamed.expect(422);
}

#[tokio::test]
async fn a_record_that_cannot_be_accepted_changes_nothing_and_names_its_fields() {
    let (causeway, _erp, connection) = with_products().await;
    let client = causeway.client();
    let path = record("products", "A", &connection);
    let bad = json!({"colour": "red", "price": "cheap", "active": "yes", "extra": 7});
    let answer = client.put(&path, bad).await;
    assert_eq!(answer.fields(), ["colour", "price", "active", "extra"]);
    answer.expect(422);
    let renamed = client.patch(&path, json!({"sku": "B"})).await;
    assert_eq!(renamed.fields(), ["sku"]);
    renamed.expect(422);
    let huge = client.put(&path, json!({"description": "x".repeat(300_000)})).await;
    assert_eq!(huge.fields(), ["record"]);
    huge.expect(422);
    client.put(&path, json!(["A"])).await.expect(422);
    let place = format!("/erp/records/orders?erpConnectionId={connection}");
    let order = client.post(&place, json!({"orderNumber": 7, "lines": [{"quantity": "two"}]})).await;
    assert_eq!(order.fields(), ["orderNumber", "lines.0.quantity"]);
    order.expect(422);
    client.put(&record("products", "A", "erp_none"), json!({"name": "x"})).await.expect(404);
    client.patch(&record("products", "Z", &connection), json!({"name": "x"})).await.expect(404);
    client.get("/erp/changes?state=waiting").await.expect(400);
    assert!(changes(&causeway, &connection).await.is_empty());
}

#[tokio::test]
async fn who_insists_on_a_version_does_not_overwrite_another() {
    let (causeway, _erp, connection) = with_products().await;
    let client = causeway.client();
    let path = record("products", "A", &connection);
    let etag = client.get(&path).await.header("etag").to_owned();
    let patch = async |etag: &str, name: &str| {
        let request = client.request(reqwest::Method::PATCH, &path).header("if-match", etag);
        client.send_json(request, &json!({"name": name})).await
    };
    patch(&etag, "first").await.expect(200);
    patch(&etag, "second").await.expect(412);
    let shown = client.get(&path).await;
    patch(shown.header("etag"), "third").await.expect(200);
    assert_eq!(client.get(&path).await.expect(200)["data"]["name"], "third");
}

#[tokio::test]
async fn edits_at_the_same_moment_all_arrive() {
    let (causeway, _erp, connection) = with_products().await;
    let path = record("products", "A", &connection);
    let edits = (0..8).map(|n| {
        let (client, path) = (causeway.client().clone(), path.clone());
        tokio::spawn(async move {
            client.patch(&path, json!({"extra": {format!("f{n}"): n}})).await.expect(200);
        })
    });
    for edit in edits.collect::<Vec<_>>() {
        edit.await.unwrap();
    }
    let extra = &causeway.client().get(&path).await.expect(200)["data"]["extra"];
    assert_eq!(extra.as_object().unwrap().len(), 8, "{extra}");
    assert_eq!(changes(&causeway, &connection).await.len(), 1);
}

#[tokio::test]
async fn a_change_is_found_by_its_id_discarded_and_audited() {
    let (causeway, _erp, connection) = with_products().await;
    let client = causeway.client();
    let path = record("products", "A", &connection);
    let id = client.patch(&path, json!({"name": "x"})).await.expect(200)["changeId"].clone();
    let change = format!("/erp/changes/{}", id.as_str().unwrap());
    assert_eq!(client.get(&change).await.expect(200)["data"]["name"], "x");
    let retried = client.post(&format!("{change}/retry"), json!({})).await.expect(200);
    assert_eq!((&retried["state"], &retried["version"]), (&json!("pending"), &json!(1)), "it waits already");
    client.delete(&change).await.expect(204);
    client.get(&change).await.expect(404);
    client.delete(&change).await.expect(404);
    assert_eq!(client.get(&path).await.expect(200)["data"]["name"], "Product A");
    let trail = format!("/api/v1/audit-events?target={}", id.as_str().unwrap());
    let audit = client.get(&trail).await.expect(200)["data"].clone();
    let audit = audit.as_array().unwrap();
    let actions: Vec<&str> = audit.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["erp_change_discarded", "erp_record_changed"]);
    assert_eq!(audit[1]["details"]["changed"], json!(["name"]));
}

#[tokio::test]
async fn stock_is_added_up_with_our_changes() {
    let causeway = Causeway::start().await;
    let erp = Erp::start().await;
    erp.set(
        "inventory",
        vec![
            json!({"sku": "A", "location": "MAIN", "quantity": 5}),
            json!({"sku": "A", "location": "NORTH", "quantity": 7}),
        ],
    );
    let connection = causeway.connect_http(erp.url()).await;
    causeway.sync(&connection, "inventory").await;
    let client = causeway.client();
    client.patch(&record("inventory", "A%7CMAIN", &connection), json!({"quantity": 1.5})).await.expect(200);
    client.delete(&record("inventory", "A%7CNORTH", &connection)).await.expect(202);
    client.put(&record("inventory", "A%7CWEST", &connection), json!({"quantity": 2})).await.expect(201);
    let stock = client.get("/erp/inventory/A").await.expect(200);
    assert_eq!((&stock["quantity"], stock["locations"].as_array().unwrap().len()), (&json!(3.5), 2));
}

#[tokio::test]
async fn a_deleted_connection_takes_its_changes_with_it() {
    let (causeway, _erp, connection) = with_products().await;
    let client = causeway.client();
    let place = format!("/erp/records/orders?erpConnectionId={connection}");
    client.post(&place, json!({"reference": "r1"})).await.expect(201);
    client.patch(&record("products", "A", &connection), json!({"name": "x"})).await.expect(200);
    assert_eq!(causeway.list("/erp/changes").await.len(), 2);
    client.delete(&format!("/erp/connections/{connection}")).await.expect(204);
    assert!(causeway.list("/erp/changes").await.is_empty());
}
