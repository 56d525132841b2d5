//! What each provider wants to know and can sync, asked before a connection is made.

use serde_json::{Value, json};

use crate::harness::Causeway;

#[tokio::test]
async fn what_a_provider_says_it_needs_is_what_a_connection_is_refused_for() {
    let causeway = Causeway::start().await;
    for provider in causeway.list("/erp/providers").await {
        for way in provider["methods"].as_array().unwrap() {
            let sent = json!({
                "name": "ERP", "provider": provider["name"], "connectionMethod": way["connectionMethod"],
                "credentials": {},
            });
            let refused = causeway.client().post("/erp/connections", sent).await;
            let ways = way["credentials"]["anyOf"].as_array().unwrap();
            let needs = |way: &Value| {
                let fields = way["required"].as_array().unwrap().iter();
                fields.map(|name| format!("credentials.{}", name.as_str().unwrap())).collect::<Vec<_>>()
            };
            // Some settings are needed too.
            let fields = refused.fields();
            let credentials: Vec<_> =
                fields.iter().filter(|field| field.starts_with("credentials.")).collect();
            assert!(
                ways.iter().any(|way| needs(way).iter().eq(credentials.iter().copied())),
                "{} {way}",
                refused.body
            );
            refused.expect(422);
        }
    }
}

#[tokio::test]
async fn one_provider_is_read_by_its_name_and_an_unknown_one_is_not_there() {
    let causeway = Causeway::start().await;
    let all = causeway.list("/erp/providers").await;
    for name in ["business_central", "Business%20Central", "businesscentral"] {
        let one = causeway.client().get(&format!("/erp/providers/{name}")).await.expect(200);
        assert!(all.contains(&one), "{name}");
    }
    let answer = causeway.client().get("/erp/providers/abacus").await;
    assert_eq!(answer.body["error"], "There is no provider abacus.");
    answer.expect(404);
}
