//! What anybody may ask: is it alive, and what can it do.

use domain::dead_letter::DeadLetter;
use domain::ids::DeadLetterId;
use jiff::Timestamp;

use crate::harness::{Causeway, left_out_in_the_cloud};

const DEPENDENCIES: &str = "/health/dependencies";

#[tokio::test]
async fn it_says_that_it_is_alive() {
    let causeway = Causeway::start().await;
    let body = causeway.stranger().get("/health").await.expect(200);
    assert_eq!(body["status"], "ok");
}

#[tokio::test]
async fn an_admin_learns_how_everything_is_that_it_needs() {
    let causeway = Causeway::start().await;
    causeway.stranger().get(DEPENDENCIES).await.expect(401);
    let health = causeway.client().get(DEPENDENCIES).await.expect(200);
    assert_eq!(health["status"], "ok", "{health}");
    for name in ["table", "queue", "vault", "work", "deadLetters"] {
        assert_eq!(health[name]["status"], "ok", "{name}: {health}");
        assert!(health[name]["latencyMs"].is_u64(), "{name}: {health}");
    }
    assert_eq!(health["queue"]["figures"]["waiting"], 0);
}

#[tokio::test]
async fn what_waits_for_a_person_makes_it_degraded_until_it_is_sent_again() {
    let causeway = Causeway::start().await;
    let store = &causeway.engine().store;
    let id = DeadLetterId::generate();
    let letter = DeadLetter::new(id.clone(), "not ours", "it cannot be read".to_owned(), 5, Timestamp::now());
    store.keep_dead_letter(&letter).await.unwrap();
    let health = causeway.client().get(DEPENDENCIES).await.expect(200);
    assert_eq!(
        (&health["status"], &health["deadLetters"]["status"]),
        (&"degraded".into(), &"degraded".into())
    );
    assert_eq!(health["deadLetters"]["figures"]["waiting"], 1);
    store.claim_dead_letter(&id, Timestamp::now()).await.unwrap();
    assert_eq!(causeway.client().get(DEPENDENCIES).await.expect(200)["status"], "ok");
}

#[tokio::test]
async fn it_describes_itself_and_offers_a_page_to_try_it() {
    let causeway = Causeway::start().await;
    let document = causeway.stranger().get("/openapi.json").await.expect(200);
    assert_eq!(document["openapi"].as_str().unwrap().split('.').take(2).collect::<Vec<_>>(), ["3", "1"]);
    if !left_out_in_the_cloud("the page about the API", "the emulator takes /docs/ for a bucket of S3") {
        let page = causeway.stranger().get("/docs/").await.expect(200);
        assert!(page.as_str().unwrap().contains("swagger-ui"));
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_shape_of_every_error() {
    let causeway = Causeway::start().await;
    let body = causeway.client().get("/erp/nothing").await.expect(404);
    assert!(body["error"].is_string() && body["code"].is_string() && body["requestId"].is_string(), "{body}");
    let answer = causeway.client().delete("/health").await;
    assert_eq!(answer.status, 405);
    assert!(answer.header("allow").contains("GET"));
}

#[tokio::test]
async fn everything_is_served_under_the_base_path_as_well() {
    let causeway = Causeway::start_with_base_path().await;
    for prefix in ["", "/make-server-6fcaeea3"] {
        causeway.client().get(&format!("{prefix}/erp/connections")).await.expect(200);
        causeway.stranger().get(&format!("{prefix}/erp/connections")).await.expect(401);
        causeway.stranger().get(&format!("{prefix}/health")).await.expect(200);
    }
    causeway.client().get("/another-prefix/erp/connections").await.expect(404);
}
