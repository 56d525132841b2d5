//! What is gone at the ERP: marked here after a full pull, unless something is wrong with the pull.

use axum::Router;
use axum::extract::Query;
use axum::routing::get;
use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

fn products(numbers: impl IntoIterator<Item = u32>) -> Vec<Value> {
    numbers.into_iter().map(|n| json!({"sku": format!("P{n:03}"), "name": format!("Product {n}")})).collect()
}

async fn live(causeway: &Causeway, connection: &str) -> usize {
    let all = causeway.list(&format!("/erp/records/products?erpConnectionId={connection}&limit=1000")).await;
    all.iter().filter(|record| record["deleted"] == false).count()
}

#[tokio::test]
async fn what_is_gone_is_marked_and_comes_back_as_new() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    erp.set("products", products(0..300));
    causeway.sync(&connection, "products").await;

    erp.set("products", products((0..300).filter(|n| n % 10 != 3)));
    let run = causeway.sync(&connection, "products").await;
    let counts = &run["counts"];
    assert_eq!(
        (&counts["read"], &counts["unchanged"], &counts["deleted"]),
        (&json!(300), &json!(270), &json!(30))
    );
    assert_eq!((&run["flags"], &run["warnings"]), (&json!([]), &json!([])));
    assert_eq!(live(&causeway, &connection).await, 270);
    let path = format!("/erp/records/products/P013?erpConnectionId={connection}");
    let gone = causeway.client().get(&path).await.expect(200);
    assert_eq!((&gone["deleted"], &gone["data"]["name"]), (&json!(true), &json!("Product 13")));

    let again = causeway.sync(&connection, "products").await;
    assert_eq!((&again["counts"]["read"], &again["counts"]["deleted"]), (&json!(270), &json!(0)));

    erp.set("products", products(0..300));
    let back = causeway.sync(&connection, "products").await;
    assert_eq!((&back["counts"]["created"], &back["counts"]["unchanged"]), (&json!(30), &json!(270)));
    assert_eq!(live(&causeway, &connection).await, 300);
}

#[tokio::test]
async fn a_record_that_comes_twice_does_not_have_the_one_deleted_whose_place_it_took() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    erp.set("products", products(0..20));
    causeway.sync(&connection, "products").await;
    erp.set("products", products((0..19).chain([7])));
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["counts"]["read"], &run["counts"]["deleted"]), (&json!(20), &json!(0)));
    assert_eq!(
        (&run["flags"], &run["outcome"]),
        (&json!(["records_repeated", "count_mismatch"]), &json!("partial"))
    );
    let warnings = run["warnings"].to_string();
    assert!(
        warnings.contains("20 records and sent 20, 1 of them twice") && warnings.contains(": P007"),
        "{run}"
    );
    assert_eq!(live(&causeway, &connection).await, 20);
}

#[tokio::test]
async fn pages_that_overlap_delete_nothing_though_no_total_is_told() {
    let products = |keys: &'static [u32]| {
        let answer = async move |Query(query): Query<std::collections::HashMap<String, String>>| {
            let page = query.get("page").map_or(1, |page| page.parse::<usize>().unwrap());
            axum::Json(products(
                keys.chunks(3).nth(page.saturating_sub(1)).unwrap_or_default().iter().copied(),
            ))
        };
        Erp::serving(Router::new().fallback(get(answer)))
    };
    let causeway = Causeway::start().await;
    let sorted = products(&[1, 2, 3, 4, 5, 6, 7]).await;
    let connection = causeway.connect_http(&sorted).await;
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["counts"]["created"], &run["outcome"]), (&json!(7), &json!("clean")), "{run}");

    let unsorted = products(&[1, 2, 3, 3, 5, 6, 7]).await;
    let path = format!("/erp/connections/{connection}");
    causeway.client().patch(&path, json!({"credentials": {"apiUrl": unsorted}})).await.expect(200);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["flags"], json!(["records_repeated", "deletions_withheld"]), "{run}");
    assert_eq!(live(&causeway, &connection).await, 7);
}

#[tokio::test]
async fn an_erp_that_suddenly_has_nothing_deletes_nothing_and_is_flagged() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    erp.set("products", vec![]);
    let first = causeway.sync(&connection, "products").await;
    assert_eq!(first["flags"], json!([]), "an ERP that never had records is no alarm");
    assert_eq!(first["outcome"], json!("empty"));
    erp.set("products", products(0..20));
    causeway.sync(&connection, "products").await;
    erp.set("products", vec![]);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["status"], &run["flags"]), (&json!("success"), &json!(["suddenly_empty"])));
    assert_eq!(run["outcome"], json!("partial"));
    assert!(run["warnings"][0].as_str().unwrap().contains("20 were known"), "{run}");
    assert_eq!(live(&causeway, &connection).await, 20);
}

#[tokio::test]
async fn too_many_at_once_are_not_deleted_unless_the_config_says_so() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    let config = json!({"erpConnectionId": connection, "dataType": "products"});
    let config = causeway.client().post("/erp/sync-configs", config).await.expect(201);
    erp.set("products", products(0..20));
    causeway.sync(&connection, "products").await;
    erp.set("products", products(0..15));
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["flags"], json!(["deletions_withheld"]));
    assert!(run["warnings"][0].as_str().unwrap().contains("5 of 20"), "{run}");
    assert_eq!(live(&causeway, &connection).await, 20);

    let path = format!("/erp/sync-configs/{}", config["id"].as_str().unwrap());
    causeway.client().patch(&path, json!({"settings": {"maxDeletePercent": 30}})).await.expect(200);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["flags"], &run["counts"]["deleted"]), (&json!([]), &json!(5)));
    assert_eq!(live(&causeway, &connection).await, 15);
}

#[tokio::test]
async fn a_record_that_cannot_be_told_apart_may_be_any_of_those_that_seem_gone() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    erp.set("products", products(0..20));
    causeway.sync(&connection, "products").await;
    let mut broken = products(0..20);
    broken[4] = json!({"name": "Product 4, whose number was lost"});
    broken[5] = json!({"sku": "P005", "price": "1,250"});
    erp.set("products", broken);
    let run = causeway.sync(&connection, "products").await;
    let flags = json!(["deletions_withheld", "schema_drift", "records_set_aside"]);
    assert_eq!((&run["flags"], &run["counts"]["failed"]), (&flags, &json!(2)), "{run}");
    assert_eq!(live(&causeway, &connection).await, 20);
}

#[tokio::test]
async fn fewer_records_than_the_erp_says_it_has_delete_nothing() {
    let answer = async |Query(query): Query<std::collections::HashMap<String, String>>| {
        let first = query.get("page").is_none_or(|page| page == "1");
        let data = if first { products(0..10) } else { vec![] };
        axum::Json(json!({"data": data, "total": 12}))
    };
    let causeway = Causeway::start().await;
    let url = Erp::serving(Router::new().fallback(get(answer))).await;
    let connection = causeway.connect_http(&url).await;
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["flags"], json!(["count_mismatch"]), "{run}");
    assert!(run["warnings"].to_string().contains("12 records and sent 10"), "{run}");
}
