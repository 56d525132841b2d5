use std::time::Duration;

use super::*;
use crate::LogFormat;

async fn start(data_dir: &std::path::Path) -> LocalProcess {
    let process = LocalProcess::start(Settings {
        port: 0,
        data_dir: data_dir.to_owned(),
        storage: Storage::Memory,
        base_path: "".parse().unwrap(),
        admin_email: "admin@causeway.local".to_owned(),
        admin_password: Some("correct-horse-battery".into()),
        egress: "127.0.0.0/8".parse().unwrap(),
        cors_origins: "".parse().unwrap(),
        trusted_issuers: "".parse().unwrap(),
        rate_limits: api::RateLimits::default(),
        log: crate::LogFilter::default(),
        log_format: LogFormat::Text,
        tick: Duration::from_secs(60),
    });
    process.await.unwrap()
}

#[tokio::test]
async fn a_queue_that_does_not_answer_is_told_and_nothing_hangs_on_it() {
    let data_dir = tempfile::tempdir().unwrap();
    let process = start(data_dir.path()).await;
    let api = format!("http://{}", process.address());
    let client = client();
    let login = r#"{"email":"admin@causeway.local","password":"correct-horse-battery"}"#;
    let request = client.post(format!("{api}/api/v1/auth/login")).header("content-type", "application/json");
    let answer = request.body(login).send().await.unwrap().bytes().await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
    let token = answer["data"]["access_token"].as_str().unwrap();

    process.services.sqs.fall_silent();
    let asked = client.get(format!("{api}/health/dependencies")).bearer_auth(token).send().await.unwrap();
    assert_eq!(asked.status(), 503);
    let health: serde_json::Value = serde_json::from_slice(&asked.bytes().await.unwrap()).unwrap();
    assert_eq!(
        (&health["status"], &health["queue"]["status"]),
        (&"unavailable".into(), &"unavailable".into())
    );
    assert_eq!(health["table"]["status"], "ok", "{health}");
    let alive = client.get(format!("{api}/health")).send().await.unwrap();
    assert_eq!(alive.status(), 200, "it is alive all the same");
    process.stop().await;
}

#[expect(clippy::disallowed_methods, reason = "a test is a client from outside")]
fn client() -> reqwest::Client {
    reqwest::Client::new()
}

#[tokio::test]
async fn what_lands_in_the_dead_letter_queue_is_kept() {
    let data_dir = tempfile::tempdir().unwrap();
    let process = start(data_dir.path()).await;
    let Services { sqs_client, queues, .. } = &process.services;
    sqs_client.send_message().queue_url(&queues.dead_letters).message_body("hello").send().await.unwrap();

    let kept = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let letters = process.engine.store.list_dead_letters(10, None).await.unwrap().items;
            if let Some(letter) = letters.first() {
                return letter.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert_eq!(kept.await.expect("the letter is kept").body, "hello");
    process.stop().await;
}
