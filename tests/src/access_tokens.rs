//! OAuth 2.0 access tokens: got once for all workers, renewed once when the ERP refuses them, never shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

/// A token endpoint that counts, and an API that takes the tokens from `good_from` on.
#[derive(Clone, Default)]
struct Guarded(Arc<Counts>);

#[derive(Default)]
struct Counts {
    tokens: AtomicUsize,
    good_from: AtomicUsize,
}

impl Guarded {
    async fn start(&self) -> String {
        let router = Router::new()
            .route("/token", post(give_token))
            .route("/api", get(let_in))
            .route("/api/products", get(let_in))
            .with_state(self.clone());
        Erp::serving(router).await
    }

    fn tokens(&self) -> usize {
        self.0.tokens.load(Ordering::SeqCst)
    }
}

async fn give_token(State(erp): State<Guarded>, form: String) -> Response {
    if !form.contains("client_secret=open-sesame") {
        let refusal = json!({"error": "invalid_client", "error_description": format!("not with {form}")});
        return (StatusCode::BAD_REQUEST, refusal.to_string()).into_response();
    }
    let number = erp.0.tokens.fetch_add(1, Ordering::SeqCst);
    // As long as a real one takes: others must wait for it.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    json!({"access_token": format!("t0ken-{number}"), "token_type": "Bearer", "expires_in": 3600})
        .to_string()
        .into_response()
}

async fn let_in(State(erp): State<Guarded>, headers: HeaderMap) -> Response {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let number: usize = token.strip_prefix("Bearer t0ken-").unwrap().parse().unwrap();
    if number < erp.0.good_from.load(Ordering::SeqCst) {
        return (StatusCode::UNAUTHORIZED, format!("{token} was revoked")).into_response();
    }
    "[]".into_response()
}

/// A connection that signs in with this secret; its path.
async fn connection(causeway: &Causeway, url: &str, secret: &str) -> String {
    let made = causeway.connect(json!({
        "name": "ERP", "provider": "Custom", "connectionMethod": "api",
        "credentials": {"apiUrl": format!("{url}/api"), "tokenUrl": format!("{url}/token"), "clientId": "shop",
            "clientSecret": secret},
        "settings": {"retryAttempts": 0, "api": {"auth": "oauth2", "tokenAuth": "body"}},
    }));
    format!("/erp/connections/{}", made.await["id"].as_str().unwrap())
}

async fn test(causeway: &Causeway, path: &str) -> Value {
    let client = causeway.client();
    client.send(client.request(reqwest::Method::POST, &format!("{path}/test"))).await.expect(200)
}

#[tokio::test]
async fn twenty_who_ask_at_once_share_one_token() {
    let (erp, causeway) = (Guarded::default(), Causeway::start().await);
    let path = connection(&causeway, &erp.start().await, "open-sesame").await;
    let tests = futures::future::join_all((0..20).map(|_| test(&causeway, &path))).await;
    for tested in tests {
        assert_eq!(tested["success"], true, "{tested}");
    }
    assert_eq!(erp.tokens(), 1);
}

#[tokio::test]
async fn tests_runs_and_previews_sign_in_with_the_same_token() {
    let (erp, causeway) = (Guarded::default(), Causeway::start().await);
    let path = connection(&causeway, &erp.start().await, "open-sesame").await;
    let preview = json!({"dataType": "products"});
    causeway.client().post(&format!("{path}/preview"), preview).await.expect(200);
    let run = causeway.sync(path.rsplit('/').next().unwrap(), "products").await;
    assert_eq!(run["status"], "success", "{run}");
    assert_eq!(test(&causeway, &path).await["success"], true);
    assert_eq!(erp.tokens(), 1);
}

#[tokio::test]
async fn a_revoked_token_is_replaced_for_all_and_one_that_stays_refused_is_told() {
    let (erp, causeway) = (Guarded::default(), Causeway::start().await);
    let path = connection(&causeway, &erp.start().await, "open-sesame").await;
    test(&causeway, &path).await;
    erp.0.good_from.store(1, Ordering::SeqCst);
    let tests = futures::future::join_all((0..10).map(|_| test(&causeway, &path))).await;
    for tested in tests {
        assert_eq!(tested["success"], true, "{tested}");
    }
    assert_eq!(erp.tokens(), 2);
    erp.0.good_from.store(99, Ordering::SeqCst);
    let tested = test(&causeway, &path).await;
    assert_eq!(tested["details"]["error"], "unauthorized", "{tested}");
    assert!(!tested.to_string().contains("t0ken"), "{tested}");
    assert_eq!(erp.tokens(), 3);
}

#[tokio::test]
async fn a_new_secret_gets_a_new_token_and_a_wrong_one_is_told_and_not_shown() {
    let (erp, causeway) = (Guarded::default(), Causeway::start().await);
    let path = connection(&causeway, &erp.start().await, "open-sesame").await;
    assert_eq!(test(&causeway, &path).await["success"], true);
    let client = causeway.client();
    let shown = client.get(&path).await.expect(200);
    assert_eq!(shown["credentials"]["clientSecret"], "••••••••");
    client.patch(&path, json!({"credentials": {"clientSecret": "wr0ng"}})).await.expect(200);
    let tested = test(&causeway, &path).await;
    let message = tested["message"].as_str().unwrap();
    assert!(message.contains("gave no access token") && message.contains("clientSecret"), "{tested}");
    assert!(!tested.to_string().contains("wr0ng"), "{tested}");
}
