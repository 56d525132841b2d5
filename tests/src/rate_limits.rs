//! Callers who ask too often.

use jiff::Timestamp;
use local::RateLimits;
use serde_json::json;

use crate::harness::{ADMIN, Answer, Causeway, Client, PASSWORD};

const CONNECTIONS: &str = "/erp/connections";

async fn start(per_user: u32, per_address: u32) -> Causeway {
    let limits = RateLimits { per_user: per_user.try_into().ok(), per_address: per_address.try_into().ok() };
    Causeway::start_with(|settings| settings.rate_limits = limits).await
}

/// Asks until it is refused, and says how often it was not. The minute may end meanwhile, so twice the limit at most.
async fn until_refused(client: &Client, path: &str, limit: u32) -> (u32, Answer) {
    for granted in 0..=2 * limit {
        let answer = client.get(path).await;
        if answer.status == 429 {
            return (granted, answer);
        }
    }
    panic!("{path} is never refused");
}

#[tokio::test]
async fn a_user_is_told_what_is_left_and_then_when_to_come_back() {
    let causeway = start(50, 1_000).await;
    let client = causeway.client();
    let first = client.get(CONNECTIONS).await;
    assert_eq!(first.header("ratelimit-policy"), "\"user\";q=50;w=60");
    assert!(first.header("ratelimit").starts_with("\"user\";r="), "{first:?}");
    let (granted, refused) = until_refused(client, CONNECTIONS, 50).await;
    assert!(granted >= 48, "the whole allowance can be used: {granted}");
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{refused:?}");
    assert_eq!(refused.header("ratelimit"), format!("\"user\";r=0;t={wait}"));
    assert_eq!(refused.expect(429)["code"], "RATE_LIMITED");
    causeway.stranger().get("/health").await.expect(200);
}

#[tokio::test]
async fn those_who_ask_at_once_get_no_more_than_there_is() {
    let causeway = start(40, 1_000).await;
    let client = causeway.client();
    let asked = (0..200).map(|_| client.get(CONNECTIONS));
    let answers = futures::future::join_all(asked).await;
    let granted = answers.iter().filter(|answer| answer.status == 200).count();
    assert!((40..=80).contains(&granted), "{granted} were granted");
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 429)));
}

#[tokio::test]
async fn an_address_without_a_good_token_is_slowed_down_and_users_there_are_not() {
    let causeway = start(1_000, 30).await;
    let stranger = causeway.stranger().with_token("a.b.c");
    let (_, refused) = until_refused(&stranger, CONNECTIONS, 30).await;
    assert!(refused.header("ratelimit-policy").starts_with("\"address\";q=30"), "{refused:?}");
    let login = json!({"email": ADMIN, "password": PASSWORD});
    let answer = causeway.stranger().post("/api/v1/auth/login", login).await;
    assert_eq!(answer.status, 429, "signing in counts too: {}", answer.body);
    causeway.client().get(CONNECTIONS).await.expect(200);
    for free in ["/health", "/openapi.json", "/docs/"] {
        causeway.stranger().get(free).await.expect(200);
    }
}

#[tokio::test]
async fn who_answers_one_request_leaves_the_allowance_to_others() {
    let causeway = start(6_000, 1_000).await;
    let profile = causeway.client().get("/api/v1/auth/profile").await.expect(200);
    let subject = format!("user:{}", profile["data"]["id"].as_str().unwrap());
    let end = Timestamp::from_second((Timestamp::now().as_second() / 60 + 1) * 60).unwrap();
    let rest = causeway.engine().store.take_allowance(&subject, end, 5_980, 6_000).await.unwrap();
    assert!(rest.is_some(), "more than twenty were taken for one request");
}

#[tokio::test]
async fn without_a_limit_nothing_is_counted() {
    let causeway = Causeway::start_another().await;
    let answer = causeway.client().get(CONNECTIONS).await;
    assert_eq!((answer.status, answer.header("ratelimit")), (200, ""));
}
