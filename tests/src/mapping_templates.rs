//! Mappings kept under a name, and applied to sync configs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::Causeway;

const TEMPLATES: &str = "/erp/mapping-templates";

fn template(name: &str) -> Value {
    json!({
        "name": name, "description": "For the tea shop.\nTwice a year.", "provider": "SAP", "dataType": "products",
        "fieldMapping": {"sku": "code", "brand": null},
        "transformations": [{"field": "name", "operation": "trim"}],
        "filters": {"price": {"gt": 0.5}},
    })
}

async fn made(causeway: &Causeway, template: Value) -> Value {
    causeway.client().post(TEMPLATES, template).await.expect(201)
}

fn path(template: &Value) -> String {
    format!("{TEMPLATES}/{}", template["id"].as_str().unwrap())
}

async fn audited(causeway: &Causeway, target: &Value) -> Vec<String> {
    let path = format!("/api/v1/audit-events?target={}", target["id"].as_str().unwrap());
    let events = causeway.client().get(&path).await.expect(200);
    let events = events["data"].as_array().unwrap();
    events.iter().map(|event| event["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_template_is_kept_read_listed_replaced_and_deleted() {
    let causeway = Causeway::start().await;
    let answer = causeway.client().post(TEMPLATES, template("Tea")).await;
    assert_eq!(answer.header("etag"), "\"1\"");
    let location = answer.header("location").to_owned();
    let tea = answer.expect(201);
    for (field, value) in template("Tea").as_object().unwrap() {
        assert_eq!(&tea[field], value, "{field}");
    }
    assert_eq!(location, path(&tea));
    assert_eq!(causeway.client().get(&location).await.expect(200), tea);

    let orders = made(&causeway, json!({"name": "Tea", "dataType": "orders"})).await;
    assert_eq!(orders["fieldMapping"], json!({}));
    assert_eq!(causeway.list(&format!("{TEMPLATES}?limit=1")).await, [tea.clone(), orders.clone()]);
    assert_eq!(causeway.list(&format!("{TEMPLATES}?dataType=products")).await, std::slice::from_ref(&tea));

    let change = json!({"name": "Coffee", "dataType": "employees", "fieldMapping": {"employeeId": "no"}});
    let put = causeway.client().put(&location, change).await.expect(200);
    assert_eq!((&put["version"], &put["createdAt"]), (&json!(2), &tea["createdAt"]));
    assert_eq!((put.get("description"), &put["filters"]), (None, &json!({})), "what is left out is gone");
    assert!(causeway.list(&format!("{TEMPLATES}?dataType=products")).await.is_empty());
    assert_eq!(causeway.list(&format!("{TEMPLATES}?dataType=employees")).await, std::slice::from_ref(&put));

    causeway.client().delete(&location).await.expect(204);
    causeway.client().get(&location).await.expect(404);
    causeway.client().delete(&location).await.expect(404);
    assert_eq!(causeway.list(TEMPLATES).await, [orders]);
    let audited = audited(&causeway, &tea).await;
    assert_eq!(
        audited,
        ["erp_mapping_template_deleted", "erp_mapping_template_updated", "erp_mapping_template_created"]
    );
}

#[tokio::test]
async fn a_name_stands_once_for_each_data_type() {
    let causeway = Causeway::start().await;
    let tea = made(&causeway, template("Tea")).await;
    let refused = causeway.client().post(TEMPLATES, template(" TEA")).await.expect(409);
    assert!(refused["error"].as_str().unwrap().contains("TEA"), "{refused}");
    let coffee = made(&causeway, template("Coffee")).await;
    causeway.client().put(&path(&coffee), template("tea")).await.expect(409);
    assert_eq!(causeway.client().get(&path(&coffee)).await.expect(200), coffee);

    causeway.client().put(&path(&tea), template("tea")).await.expect(200);
    causeway.client().put(&path(&tea), template("Green tea")).await.expect(200);
    causeway.client().put(&path(&coffee), template("Tea")).await.expect(200);
    causeway.client().delete(&path(&tea)).await.expect(204);
    made(&causeway, template("Green tea")).await;
    made(&causeway, template("Coffee")).await;
}

#[tokio::test]
async fn names_taken_at_once_are_taken_once() {
    let causeway = Causeway::start().await;
    let take = (0..6).map(|_| {
        let client = causeway.client().clone();
        tokio::spawn(async move { client.post(TEMPLATES, template("Tea")).await.status })
    });
    let mut statuses = Vec::new();
    for status in take.collect::<Vec<_>>() {
        statuses.push(status.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn a_template_changed_meanwhile_is_not_overwritten() {
    let causeway = Causeway::start().await;
    let tea = made(&causeway, template("Tea")).await;
    let send = async |method: Method, tag: &str, body: Option<Value>| {
        let request = causeway.client().request(method, &path(&tea)).header("if-match", tag);
        match body {
            Some(body) => causeway.client().send_json(request, &body).await,
            None => causeway.client().send(request).await,
        }
    };
    send(Method::PUT, "\"1\"", Some(template("Green tea"))).await.expect(200);
    send(Method::PUT, "\"1\"", Some(template("Black tea"))).await.expect(412);
    send(Method::DELETE, "\"1\"", None).await.expect(412);
    assert_eq!(causeway.client().get(&path(&tea)).await.expect(200)["name"], "Green tea");
    send(Method::DELETE, "\"2\"", None).await.expect(204);
}

#[tokio::test]
async fn applying_copies_the_rules_and_nothing_else() {
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http("http://127.0.0.1:9").await;
    let config = json!({"erpConnectionId": connection, "dataType": "products", "schedule": "0 6 * * *",
        "fieldMapping": {"name": "title"}, "filters": {"blocked": false}});
    let config = causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let tea = made(&causeway, template("Tea")).await;
    let apply = format!("{}/apply", path(&tea));
    let answer = causeway.client().post(&apply, json!({"syncConfigId": config["id"]})).await;
    assert_eq!(answer.header("etag"), "\"2\"");
    let applied = answer.expect(200);
    for part in ["fieldMapping", "transformations", "filters"] {
        assert_eq!(applied[part], tea[part], "{part}");
    }
    for kept in ["schedule", "nextSyncAt", "createdAt", "settings", "enabled", "dataType"] {
        assert_eq!(applied[kept], config[kept], "{kept}");
    }
    let config_path = format!("/erp/sync-configs/{}", config["id"].as_str().unwrap());
    assert_eq!(causeway.client().get(&config_path).await.expect(200), applied);
    assert_eq!(audited(&causeway, &config).await[0], "erp_mapping_template_applied");

    causeway.client().put(&path(&tea), json!({"name": "Tea", "dataType": "products"})).await.expect(200);
    causeway.client().delete(&path(&tea)).await.expect(204);
    assert_eq!(causeway.client().get(&config_path).await.expect(200), applied, "the config keeps its copy");
}

#[tokio::test]
async fn a_template_fits_configs_of_its_data_type_alone() {
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http("http://127.0.0.1:9").await;
    let config = json!({"erpConnectionId": connection, "dataType": "orders"});
    let orders = causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let tea = made(&causeway, template("Tea")).await;
    for (config, named) in [(orders["id"].clone(), "orders"), (json!("cfg_none"), "cfg_none")] {
        let answer =
            causeway.client().post(&format!("{}/apply", path(&tea)), json!({"syncConfigId": config})).await;
        assert_eq!(answer.fields(), ["syncConfigId"]);
        assert!(answer.expect(422)["error"].as_str().unwrap().contains(named));
    }
    let body = json!({"syncConfigId": orders["id"]});
    causeway.client().post(&format!("{TEMPLATES}/tpl_none/apply"), body).await.expect(404);
    let path = format!("/erp/sync-configs/{}", orders["id"].as_str().unwrap());
    assert_eq!(causeway.client().get(&path).await.expect(200), orders);
}

#[tokio::test]
async fn what_cannot_work_is_refused_by_name() {
    let causeway = Causeway::start().await;
    for (member, value, field) in [
        ("name", json!(" "), "name"),
        ("name", json!("x".repeat(201)), "name"),
        ("name", json!("a\u{0}b"), "name"),
        ("description", json!("x".repeat(2_001)), "description"),
        ("provider", json!("Abacus"), "provider"),
        ("dataType", json!("colours"), "dataType"),
        ("fieldMapping", json!({"colour": "c"}), "fieldMapping.colour"),
        ("transformations", json!([{"field": "name", "operation": "twist"}]), "transformations.0.operation"),
        ("filters", json!({"price": {"like": 1}}), "filters.price.like"),
        ("colour", json!(1), "colour"),
    ] {
        let mut body = template("Tea");
        body[member] = value;
        let answer = causeway.client().post(TEMPLATES, body).await;
        assert_eq!(answer.fields(), [field], "{}", answer.body);
        answer.expect(422);
    }
    assert!(causeway.list(TEMPLATES).await.is_empty());
}
