//! Assigning connections to clients and sites, and what a site then really uses.

use serde_json::{Value, json};

use crate::harness::Causeway;

const CLIENT: &str = "/clients/acme/erp-assignments";
const SITE: &str = "/sites/berlin/erp-assignments";

/// A Causeway with two connections, and their ids.
async fn start() -> (Causeway, [String; 2]) {
    let causeway = Causeway::start().await;
    let connections = [
        causeway.connect_http("https://one.example.com").await,
        causeway.connect_http("https://two.example.com").await,
    ];
    (causeway, connections)
}

async fn effective(causeway: &Causeway) -> Value {
    causeway.client().get("/sites/berlin/effective-erp?clientId=acme").await.expect(200)
}

#[tokio::test]
async fn an_assignment_is_kept_as_it_was_sent() {
    let (causeway, [one, _]) = start().await;
    let all = json!({"syncOrders": false, "syncProducts": true, "syncInventory": false, "syncEmployees": true,
        "syncInvoices": true});
    let client = json!({"erpConnectionId": one, "catalogId": "cat_001", "isDefault": true, "settings": all});
    let site = json!({"clientId": "acme", "erpConnectionId": one, "catalogId": "cat_002",
        "overridesClient": true, "settings": all});
    for (path, sent) in [(CLIENT, client), (SITE, site)] {
        let made = causeway.client().post(path, sent.clone()).await.expect(201);
        for (field, value) in sent.as_object().unwrap() {
            assert_eq!(&made[field], value, "{field}");
        }
        assert!(made["id"].is_string() && made["createdAt"].is_string(), "{made}");
        assert_eq!(causeway.list(path).await, [made]);
    }
}

#[tokio::test]
async fn only_an_existing_connection_can_be_assigned() {
    let causeway = Causeway::start().await;
    let bodies = [
        (CLIENT, json!({"erpConnectionId": "erp_none"})),
        (SITE, json!({"erpConnectionId": "erp_none", "clientId": "acme"})),
    ];
    for (path, body) in bodies {
        let answer = causeway.client().post(path, body).await;
        assert_eq!(answer.fields(), ["erpConnectionId"]);
        answer.expect(422);
        assert!(causeway.list(path).await.is_empty());
    }
}

#[tokio::test]
async fn a_client_has_at_most_one_default() {
    let (causeway, [one, two]) = start().await;
    for connection in [&one, &two, &one] {
        let body = json!({"erpConnectionId": connection, "isDefault": true});
        let newest = causeway.client().post(CLIENT, body).await.expect(201);
        let list = causeway.list(CLIENT).await;
        let defaults: Vec<_> = list.iter().filter(|assignment| assignment["isDefault"] == true).collect();
        assert_eq!(defaults, [&newest]);
        assert_eq!(effective(&causeway).await["assignment"], newest);
    }
    assert_eq!(causeway.list(CLIENT).await.len(), 3, "the others stay");
}

#[tokio::test]
async fn defaults_set_at_once_leave_one() {
    let (causeway, [one, _]) = start().await;
    let assign = (0..6).map(|_| {
        let client = causeway.client().clone();
        let body = json!({"erpConnectionId": one, "isDefault": true});
        tokio::spawn(async move { client.post(CLIENT, body).await.status })
    });
    for status in assign.collect::<Vec<_>>() {
        assert_eq!(status.await.unwrap(), 201);
    }
    let list = causeway.list(CLIENT).await;
    assert_eq!(list.len(), 6);
    assert_eq!(list.iter().filter(|assignment| assignment["isDefault"] == true).count(), 1);
}

#[tokio::test]
async fn a_default_that_was_taken_back_makes_room_for_another() {
    let (causeway, [one, two]) = start().await;
    let first = causeway.client().post(CLIENT, json!({"erpConnectionId": one, "isDefault": true})).await;
    let first = first.expect(201);
    let path = format!("{CLIENT}/{}", first["id"].as_str().unwrap());
    causeway.client().delete(&path).await.expect(204);
    assert_eq!(effective(&causeway).await["source"], "none");
    let second = json!({"erpConnectionId": two, "isDefault": true});
    let second = causeway.client().post(CLIENT, second).await.expect(201);
    assert_eq!(causeway.list(CLIENT).await, [second]);
}

#[tokio::test]
async fn a_site_assignment_that_does_not_override_does_not_count() {
    let (causeway, [one, two]) = start().await;
    let client = causeway.client().post(CLIENT, json!({"erpConnectionId": one})).await.expect(201);
    let body = json!({"erpConnectionId": two, "clientId": "acme", "overridesClient": false});
    causeway.client().post(SITE, body).await.expect(201);
    let found = effective(&causeway).await;
    assert_eq!((&found["source"], &found["assignment"]), (&json!("client"), &client));
    assert_eq!(found["connection"]["id"], json!(one));
    let unnamed = causeway.client().get("/sites/berlin/effective-erp").await.expect(200);
    assert_eq!(unnamed, found, "the site's assignment names its client");
}

#[tokio::test]
async fn a_site_falls_back_when_its_own_assignment_is_taken_back() {
    let (causeway, [one, two]) = start().await;
    causeway.client().post(CLIENT, json!({"erpConnectionId": one})).await.expect(201);
    let body = json!({"erpConnectionId": two, "clientId": "acme", "overridesClient": true});
    let own = causeway.client().post(SITE, body).await.expect(201);
    assert_eq!(effective(&causeway).await["source"], "site");

    let path = format!("{SITE}/{}", own["id"].as_str().unwrap());
    causeway.client().delete(&path).await.expect(204);
    assert_eq!(effective(&causeway).await["source"], "client");
    causeway.client().delete(&path).await.expect(404);
    let of_another = path.replace("/sites/berlin", "/clients/acme");
    causeway.client().delete(&of_another).await.expect(404);
}

#[tokio::test]
async fn a_site_that_nobody_gave_a_connection_uses_none() {
    let causeway = Causeway::start().await;
    let none = json!({"connection": null, "source": "none", "assignment": null});
    assert_eq!(effective(&causeway).await, none);
    let answer = causeway.client().get("/sites/berlin/effective-erp").await;
    assert_eq!(answer.fields(), ["clientId"]);
    answer.expect(400);
}

#[tokio::test]
async fn an_assignment_may_have_rules_of_its_own() {
    let (causeway, [one, _]) = start().await;
    let overrides = json!([
        {"dataType": "products", "fieldMapping": {"price": "prices.retail", "brand": null},
            "filters": {"channel": {"in": ["retail", "all"]}}},
        {"dataType": "orders", "transformations": [{"field": "currency", "operation": "default", "value": "EUR"}]},
    ]);
    let bodies = [
        (CLIENT, json!({"erpConnectionId": one, "isDefault": true, "overrides": overrides})),
        (
            SITE,
            json!({"erpConnectionId": one, "clientId": "acme", "overridesClient": true, "overrides": overrides}),
        ),
    ];
    for (path, body) in bodies {
        let made = causeway.client().post(path, body).await.expect(201);
        assert_eq!(made["overrides"], overrides);
        assert_eq!(causeway.list(path).await, std::slice::from_ref(&made));
        assert_eq!(effective(&causeway).await["assignment"], made, "what the site uses shows them");
    }
}

#[tokio::test]
async fn rules_that_cannot_work_are_refused_by_their_place() {
    let (causeway, [one, _]) = start().await;
    for (overrides, field) in [
        (
            json!([{"dataType": "products", "fieldMapping": {"colour": "c"}}]),
            "overrides.0.fieldMapping.colour",
        ),
        (json!([{"dataType": "products", "fieldMapping": {"sku": "$["}}]), "overrides.0.fieldMapping.sku"),
        (
            json!([{"dataType": "products"}, {"dataType": "orders",
                "transformations": [{"field": "orderNumber", "operation": "round", "value": "x"}]}]),
            "overrides.1.transformations.0.value",
        ),
        (
            json!([{"dataType": "products", "filters": {"price": {"like": 1}}}]),
            "overrides.0.filters.price.like",
        ),
        (json!([{"dataType": "products"}, {"dataType": "products"}]), "overrides.1.dataType"),
        (json!([{"dataType": "colours"}]), "overrides.0.dataType"),
        (json!([{"fieldMapping": {}}]), "overrides.0.dataType"),
    ] {
        for (path, mut body) in [
            (CLIENT, json!({"erpConnectionId": one})),
            (SITE, json!({"erpConnectionId": one, "clientId": "acme"})),
        ] {
            body["overrides"] = overrides.clone();
            let answer = causeway.client().post(path, body).await;
            assert_eq!(answer.fields(), [field], "{}", answer.body);
            answer.expect(422);
            assert!(causeway.list(path).await.is_empty());
        }
    }
}
