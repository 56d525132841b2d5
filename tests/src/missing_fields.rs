//! Mappings that miss: fields that every record had and none has any more, and paths that no record has.

use std::fs;

use serde_json::{Value, json};
use sshd::Sshd;

use crate::harness::{Causeway, Erp};

/// A Causeway with a connection to an ERP and a config of its products; returns the config's path too.
async fn start(mapping: Value, settings: Value) -> (Causeway, Erp, String, String) {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    let mut all = json!({"autoSync": false});
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let config = json!({"erpConnectionId": connection, "dataType": "products", "fieldMapping": mapping, "settings": all});
    let config = causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let config = format!("/erp/sync-configs/{}", config["id"].as_str().unwrap());
    (causeway, erp, connection, config)
}

/// A hundred products whose price stands under this name.
fn products(price: &str) -> Vec<Value> {
    (0..100)
        .map(|n| json!({"sku": format!("P{n}"), "name": format!("number {n}"), price: format!("{n}.50")}))
        .collect()
}

async fn field(causeway: &Causeway, connection: &str, sku: &str, field: &str) -> Value {
    let path = format!("/erp/records/products/{sku}?erpConnectionId={connection}");
    causeway.client().get(&path).await.expect(200)["data"][field].clone()
}

fn has_flag(run: &Value, flag: &str) -> bool {
    run["flags"].as_array().unwrap().contains(&json!(flag))
}

/// The warning of a run, or of a preview, in which a text stands.
fn warning<'w>(told: &'w Value, part: &str) -> &'w str {
    let mut warnings = told["warnings"].as_array().unwrap().iter().filter_map(Value::as_str);
    warnings.find(|warning| warning.contains(part)).unwrap_or_else(|| panic!("no warning has {part}: {told}"))
}

#[tokio::test]
async fn a_field_that_vanished_from_all_records_is_kept_and_the_rest_is_stored() {
    let (causeway, erp, connection, config) = start(json!({"price": "Preis"}), json!({})).await;
    erp.set("products", products("Preis"));
    assert_eq!(causeway.sync(&connection, "products").await["outcome"], "clean");

    let mut renamed = products("Preis netto");
    renamed[7]["name"] = json!("another name");
    renamed.push(json!({"sku": "NEW", "Preis netto": "1"}));
    erp.set("products", renamed);
    for _ in 0..2 {
        let run = causeway.sync(&connection, "products").await;
        assert_eq!((&run["status"], &run["outcome"]), (&json!("success"), &json!("partial")), "{run}");
        assert!(has_flag(&run, "fields_held"), "it is told as long as it lasts: {run}");
        let told = warning(&run, "no record has Preis for price");
        assert!(told.contains("kept") && told.contains("Preis netto"), "{told}");
    }
    assert_eq!(field(&causeway, &connection, "P99", "price").await, "99.50");
    assert_eq!(field(&causeway, &connection, "P7", "price").await, "7.50");
    assert_eq!(field(&causeway, &connection, "P7", "name").await, "another name");
    assert_eq!(field(&causeway, &connection, "NEW", "price").await, Value::Null);

    causeway.client().patch(&config, json!({"fieldMapping": {"price": "Preis netto"}})).await.expect(200);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["outcome"], &run["flags"]), (&json!("clean"), &json!([])), "{run}");
    assert_eq!(field(&causeway, &connection, "NEW", "price").await, "1");
}

#[tokio::test]
async fn a_field_that_came_back_is_held_again_when_it_goes_again() {
    let (causeway, erp, connection, _) = start(json!({"price": "Preis"}), json!({})).await;
    for name in ["Preis", "Preis netto", "Preis", "Preis netto"] {
        erp.set("products", products(name));
        let run = causeway.sync(&connection, "products").await;
        assert_eq!(has_flag(&run, "fields_held"), name == "Preis netto", "{run}");
    }
    assert_eq!(field(&causeway, &connection, "P7", "price").await, "7.50");
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_kept_and_plans_no_change_of_it() {
    let (causeway, erp, connection, _) = start(json!({"price": "Preis"}), json!({})).await;
    erp.set("products", products("Preis"));
    causeway.sync(&connection, "products").await;
    erp.set("products", products("Preis netto"));
    let run = causeway.sync_as(&connection, "&dryRun=true", json!({"dataType": "products"})).await;
    assert!(has_flag(&run, "fields_held"), "{run}");
    assert_eq!((&run["counts"]["unchanged"], &run["counts"]["updated"]), (&json!(100), &json!(0)), "{run}");
}

#[tokio::test]
async fn under_stop_nothing_is_stored_and_under_null_it_is_emptied_and_told() {
    let (causeway, erp, connection, config) =
        start(json!({"price": "Preis"}), json!({"missingFields": "stop"})).await;
    erp.set("products", products("Preis"));
    causeway.sync(&connection, "products").await;
    let mut renamed = products("Preis netto");
    renamed[7]["name"] = json!("another name");
    erp.set("products", renamed);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["status"], "error", "{run}");
    let error = run["error"].as_str().unwrap();
    assert!(error.contains("Preis for price") && error.contains("perhaps Preis netto"), "{error}");
    assert_eq!(field(&causeway, &connection, "P7", "name").await, "number 7");

    causeway.client().patch(&config, json!({"settings": {"missingFields": "null"}})).await.expect(200);
    let run = causeway.sync(&connection, "products").await;
    assert!(run["status"] == "success" && has_flag(&run, "fields_emptied"), "{run}");
    assert_eq!(field(&causeway, &connection, "P7", "price").await, Value::Null);
    let run = causeway.sync(&connection, "products").await;
    assert!(!has_flag(&run, "fields_emptied"), "it is told once: {run}");

    let answer = causeway.client().patch(&config, json!({"settings": {"missingFields": "guess"}})).await;
    answer.expect(422);
}

#[tokio::test]
async fn a_field_that_the_erp_says_is_empty_is_emptied() {
    let (causeway, erp, connection, _) = start(json!({}), json!({})).await;
    erp.set("products", products("price"));
    causeway.sync(&connection, "products").await;
    let emptied = products("price").into_iter().map(|mut product| {
        product["price"] = Value::Null;
        product
    });
    erp.set("products", emptied.collect());
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["outcome"], &run["flags"]), (&json!("clean"), &json!([])), "{run}");
    assert_eq!(field(&causeway, &connection, "P7", "price").await, Value::Null);
}

#[tokio::test]
async fn a_field_that_some_records_never_had_may_go_from_one_and_is_kept_if_it_goes_from_all() {
    let (causeway, erp, connection, _) = start(json!({}), json!({})).await;
    let with_brands = |brands: &[usize]| {
        let mut products = products("price");
        brands.iter().for_each(|n| products[*n]["brand"] = json!("Acme"));
        products
    };
    erp.set("products", with_brands(&[3, 60]));
    causeway.sync(&connection, "products").await;
    erp.set("products", with_brands(&[60]));
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["outcome"], &run["flags"]), (&json!("clean"), &json!([])), "{run}");
    assert_eq!(field(&causeway, &connection, "P3", "brand").await, Value::Null);
    erp.set("products", with_brands(&[]));
    let run = causeway.sync(&connection, "products").await;
    assert!(has_flag(&run, "fields_held"), "{run}");
    assert_eq!(field(&causeway, &connection, "P60", "brand").await, "Acme");
}

#[tokio::test]
async fn a_column_that_was_renamed_in_a_file_wipes_no_prices() {
    let (causeway, server) = (Causeway::start().await, Sshd::start().unwrap());
    fs::create_dir_all(server.home().join("out")).unwrap();
    let write = |name: &str, text: &str| fs::write(server.home().join("out").join(name), text).unwrap();
    let made = causeway.connect(json!({
        "name": "Nightly files", "provider": "custom", "connectionMethod": "sftp",
        "credentials": {
            "sftpHost": "127.0.0.1", "sftpPort": server.port(), "sftpPath": "out",
            "sftpUsername": sshd::USER, "sftpPassword": sshd::PASSWORD,
        },
        "settings": {"enabledDataTypes": ["products"]},
    }));
    let connection = made.await["id"].as_str().unwrap().to_owned();
    let config = json!({"erpConnectionId": connection, "dataType": "products",
        "fieldMapping": {"price": "Preis"}, "settings": {"autoSync": false}});
    causeway.client().post("/erp/sync-configs", config).await.expect(201);
    write("products_1.csv", "sku;Name;Preis\nA;Tee;1,50\nB;Kaffee;2,50\n");
    assert_eq!(causeway.sync(&connection, "products").await["outcome"], "clean");
    write("products_2.csv", "sku;Name;Preis netto\nA;Tee;3,50\nB;Kaffee;4,50\n");
    let run = causeway.sync(&connection, "products").await;
    assert!(has_flag(&run, "fields_held"), "{run}");
    assert_eq!(field(&causeway, &connection, "A", "price").await, "1.50");
}

#[tokio::test]
async fn a_feed_of_documents_that_differ_raises_no_alarm() {
    let (causeway, erp, connection, _) = start(json!({}), json!({})).await;
    let changes = json!({"settings": {"api": {"changedSince": {"param": "since"}}}});
    causeway.client().patch(&format!("/erp/connections/{connection}"), changes).await.expect(200);
    let product = |sku: &str, brand: Option<&str>| json!({"sku": sku, "modifiedAt": "2026-11-01T00:00:00Z", "brand": brand});
    let bare = |sku: &str| json!({"sku": sku, "modifiedAt": "2026-11-02T00:00:00Z"});
    erp.set("products", vec![product("A", Some("Acme")), bare("B")]);
    causeway.sync(&connection, "products").await;
    erp.set("products", vec![bare("A")]);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["mode"], &run["flags"]), (&json!("incremental"), &json!([])), "{run}");
    assert_eq!(field(&causeway, &connection, "A", "brand").await, Value::Null, "its brand is gone");
}

#[tokio::test]
async fn what_is_held_is_held_in_a_pull_of_changes_too() {
    let (causeway, erp, connection, _) = start(json!({"brand": "marke"}), json!({})).await;
    let changes = json!({"settings": {"api": {"changedSince": {"param": "since"}}}});
    causeway.client().patch(&format!("/erp/connections/{connection}"), changes).await.expect(200);
    let product =
        |sku: &str, name: &str| json!({"sku": sku, "name": name, "modifiedAt": "2026-11-01T00:00:00Z"});
    let mut first = vec![product("A", "tea"), product("B", "coffee"), product("C", "milk")];
    first[1]["marke"] = json!("Acme");
    erp.set("products", first);
    causeway.sync(&connection, "products").await;
    erp.set("products", vec![product("A", "tea"), product("B", "coffee"), product("C", "milk")]);
    let run = causeway.sync_as(&connection, "", json!({"dataType": "products", "mode": "full"})).await;
    assert!(has_flag(&run, "fields_held"), "{run}");
    erp.set("products", vec![product("B", "cocoa")]);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["mode"], has_flag(&run, "fields_held")), (&json!("incremental"), true), "{run}");
    assert_eq!(field(&causeway, &connection, "B", "brand").await, "Acme");
    assert_eq!(field(&causeway, &connection, "B", "name").await, "cocoa");
}

#[tokio::test]
async fn an_empty_answer_does_not_make_it_forget() {
    let (causeway, erp, connection, _) = start(json!({"price": "Preis"}), json!({})).await;
    erp.set("products", products("Preis"));
    causeway.sync(&connection, "products").await;
    erp.set("products", Vec::new());
    assert!(has_flag(&causeway.sync(&connection, "products").await, "suddenly_empty"));
    erp.set("products", products("Preis netto"));
    assert!(has_flag(&causeway.sync(&connection, "products").await, "fields_held"));
    assert_eq!(field(&causeway, &connection, "P7", "price").await, "7.50");
}

#[tokio::test]
async fn stock_whose_location_is_gone_is_not_stored_under_other_keys() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    let level = |sku: &str, name: &str| json!({"sku": sku, name: "MAIN", "quantity": 5});
    erp.set("inventory", vec![level("A", "location"), level("B", "location")]);
    assert_eq!(causeway.sync(&connection, "inventory").await["outcome"], "clean");
    erp.set("inventory", vec![level("A", "place2"), level("B", "place2")]);
    let run = causeway.sync(&connection, "inventory").await;
    assert!(run["status"] == "error" && run["error"].as_str().unwrap().contains("location"), "{run}");
}

#[tokio::test]
async fn a_path_that_no_record_has_is_told_with_the_one_that_was_perhaps_meant() {
    let mapping = json!({"price": "preise.betrag", "name": "kopf.bez1", "brand": "marke"});
    let (causeway, erp, connection, config) = start(mapping, json!({})).await;
    let record = |n: u32| json!({"sku": format!("P{n}"), "kopf": {"bez": "Tee"}, "preise": [{"betrag": n}]});
    erp.set("products", (0..5).map(record).collect());

    let preview = causeway
        .client()
        .post(&format!("/erp/connections/{connection}/preview"), json!({"dataType": "products"}))
        .await
        .expect(200);
    let dry = causeway.sync_as(&connection, "&dryRun=true", json!({"dataType": "products"})).await;
    let run = causeway.sync(&connection, "products").await;
    for told in [&preview, &dry, &run] {
        let price = warning(told, "fieldMapping.price");
        assert!(
            price.contains("none of 5 records has preise.betrag; did you mean preise[0].betrag?"),
            "{price}"
        );
        assert!(warning(told, "fieldMapping.name").contains("kopf.bez?"), "{told}");
        assert!(warning(told, "fieldMapping.brand").ends_with("has marke"), "nothing is alike: {told}");
    }
    assert!(has_flag(&dry, "paths_not_found") && has_flag(&run, "paths_not_found"), "{run}");

    let mended = json!({"fieldMapping": {"price": "preise[0].betrag", "name": "kopf.bez", "brand": null}});
    causeway.client().patch(&config, mended).await.expect(200);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["flags"], &run["warnings"]), (&json!([]), &json!([])), "{run}");
    assert_eq!(field(&causeway, &connection, "P4", "price").await, "4");
}

#[tokio::test]
async fn a_path_to_all_items_of_a_list_is_refused_with_the_one_to_take() {
    let (causeway, _erp, _, config) = start(json!({}), json!({})).await;
    let answer =
        causeway.client().patch(&config, json!({"fieldMapping": {"price": "preise[].betrag"}})).await;
    assert_eq!(answer.fields(), ["fieldMapping.price"]);
    let body = answer.expect(422);
    assert!(body.to_string().contains("preise[0].betrag"), "{body}");
}

#[tokio::test]
async fn a_required_field_that_is_not_there_names_the_path_that_was_tried() {
    let (causeway, erp, connection, _) = start(json!({"sku": "kopf.nr"}), json!({})).await;
    erp.set("products", vec![json!({"kopf": {"nummer": 1}})]);
    let run = causeway.sync(&connection, "products").await;
    let errors = causeway.list(&format!("/erp/sync-logs/{}/errors", run["id"].as_str().unwrap())).await;
    assert!(errors[0].to_string().contains("sent none at kopf.nr"), "{errors:?}");
    assert!(warning(&run, "fieldMapping.sku").contains("kopf.nummer"), "{run}");
}
