//! The data key of the cloud, over a real table and a KMS of a few lines that speaks the real protocol.

#![cfg(test)]

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_smithy_http_client::Builder;
use aws_types::SdkConfig;
use aws_types::region::Region;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local::{LocalProcess, LogFilter, LogFormat, RateLimits, Settings, Storage};
use secrecy::ExposeSecret;
use secrets::Vault;
use serde_json::{Value, json};
use store::Store;
use tokio::net::TcpListener;

const KEY_ID: &str = "alias/causeway";

/// Wraps keys under numbers, and opens what it wrapped for who names the same key and context.
#[derive(Debug, Default)]
struct Kms {
    wrapped: Mutex<HashMap<String, (Value, Vec<u8>)>>,
    made: AtomicUsize,
    opened: AtomicUsize,
    refuses: bool,
}

async fn answer(State(kms): State<Arc<Kms>>, headers: HeaderMap, body: String) -> (StatusCode, Json<Value>) {
    let asked: Value = serde_json::from_str(&body).unwrap();
    let bound_to = json!([asked["KeyId"], asked["EncryptionContext"]]);
    if kms.refuses {
        let refusal = json!({"__type": "AccessDeniedException", "message": "not for you"});
        return (StatusCode::BAD_REQUEST, Json(refusal));
    }
    match headers["x-amz-target"].to_str().unwrap() {
        "TrentService.GenerateDataKey" => {
            let number = kms.made.fetch_add(1, Ordering::SeqCst);
            let (key, wrapped) =
                (vec![u8::try_from(number).unwrap(); 32], STANDARD.encode([b'w', number as u8]));
            kms.wrapped.lock().unwrap().insert(wrapped.clone(), (bound_to, key.clone()));
            // Long enough for the other who makes one at the same time.
            tokio::task::yield_now().await;
            (StatusCode::OK, Json(json!({"CiphertextBlob": wrapped, "Plaintext": STANDARD.encode(key)})))
        }
        "TrentService.Decrypt" => {
            kms.opened.fetch_add(1, Ordering::SeqCst);
            let wrapped = kms.wrapped.lock().unwrap();
            let (binding, key) = &wrapped[asked["CiphertextBlob"].as_str().unwrap()];
            assert_eq!(*binding, bound_to, "the same key and context");
            (StatusCode::OK, Json(json!({"Plaintext": STANDARD.encode(key)})))
        }
        other => panic!("{other} is not needed"),
    }
}

/// A KMS on a port of its own, and how to reach it.
async fn serve(kms: Kms) -> (Arc<Kms>, SdkConfig) {
    let kms = Arc::new(kms);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(answer).with_state(Arc::clone(&kms));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let credentials = aws_sdk_kms::config::Credentials::new("key", "secret", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(aws_sdk_kms::config::BehaviorVersion::v2026_01_12())
        .region(Region::from_static("local"))
        .credentials_provider(aws_sdk_kms::config::SharedCredentialsProvider::new(credentials))
        .endpoint_url(url)
        .http_client(Builder::new().build_http());
    (kms, config.build())
}

async fn table() -> (LocalProcess, tempfile::TempDir) {
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
        trusted_issuers: "".parse().unwrap(),
        rate_limits: RateLimits::default(),
        log: LogFilter::default(),
        log_format: LogFormat::Text,
        tick: Duration::from_secs(600),
    });
    (process.await.unwrap(), data_dir)
}

async fn vaults(kms: Kms) -> (Arc<Kms>, impl Fn() -> Vault, Store, (LocalProcess, tempfile::TempDir)) {
    let (kms, config) = serve(kms).await;
    let process = table().await;
    let store = process.0.engine().store.clone();
    let for_vaults = store.clone();
    (kms, move || Vault::from_kms(config.clone(), KEY_ID, for_vaults.clone()), store, process)
}

#[tokio::test]
async fn two_that_make_the_data_key_at_once_agree() {
    let (kms, vault, _, _process) = vaults(Kms::default()).await;
    let (one, other) = (vault(), vault());
    let (sealed, theirs) = tokio::join!(one.seal_bytes("a", b"ours"), other.seal_bytes("b", b"theirs"));
    assert_eq!(other.open_bytes("a", &sealed.unwrap()).await.unwrap().expose_secret(), b"ours");
    assert_eq!(one.open_bytes("b", &theirs.unwrap()).await.unwrap().expose_secret(), b"theirs");
    assert!((1..=2).contains(&kms.made.load(Ordering::SeqCst)));
}

#[tokio::test]
async fn the_data_key_is_unwrapped_when_it_is_first_needed_and_once() {
    let (kms, vault, store, _process) = vaults(Kms::default()).await;
    let (first, later) = (vault(), vault());
    assert_eq!(kms.made.load(Ordering::SeqCst), 0, "a vault that is not used asks for nothing");
    let sealed = first.seal_bytes("a", b"secret").await.unwrap();
    for _ in 0..3 {
        later.open_bytes("a", &sealed).await.unwrap();
    }
    assert_eq!((kms.made.load(Ordering::SeqCst), kms.opened.load(Ordering::SeqCst)), (1, 1));
    assert_eq!(store.wrapped_data_key().await.unwrap().unwrap(), [b'w', 0], "no key in clear");
}

#[tokio::test]
async fn a_refusal_says_whose_it_is_and_is_not_remembered() {
    let (_kms, vault, _, _process) = vaults(Kms { refuses: true, ..Kms::default() }).await;
    let vault = vault();
    for _ in 0..2 {
        let error = vault.seal_bytes("a", b"secret").await.unwrap_err().to_string();
        assert!(error.contains("KMS did not make the data key") && error.contains("not for you"), "{error}");
    }
}
