use std::time::Duration;

use super::*;
use crate::LogFormat;

#[tokio::test]
async fn what_lands_in_the_dead_letter_queue_is_kept() {
    let data_dir = tempfile::tempdir().unwrap();
    let process = LocalProcess::start(Settings {
        port: 0,
        data_dir: data_dir.path().to_owned(),
        storage: Storage::Memory,
        base_path: "".parse().unwrap(),
        admin_email: "admin@causeway.local".to_owned(),
        admin_password: Some("correct-horse-battery".into()),
        egress: "127.0.0.0/8".parse().unwrap(),
        cors_origins: "".parse().unwrap(),
        log: crate::LogFilter::default(),
        log_format: LogFormat::Text,
        tick: Duration::from_secs(60),
    });
    let process = process.await.unwrap();
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
