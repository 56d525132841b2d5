//! Real requests to real servers on loopback, some of which misbehave on purpose.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::Transport;

mod delivery;

fn transport() -> Transport {
    Transport::new("127.0.0.0/8,::1/128".parse().unwrap())
}

async fn serve(router: Router) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url.parse().unwrap()
}

/// A server that sends these bytes to whoever asks, and closes.
async fn serve_bytes(bytes: &'static [u8]) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            if socket.read(&mut request).await.is_ok() {
                let _sent = socket.write_all(bytes).await;
            }
        }
    });
    url.parse().unwrap()
}

/// A server that fails `failures` times with `status` and `retry_after`, then answers `fine`.
async fn flaky(failures: usize, status: StatusCode, retry_after: &'static str) -> (Url, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let answer = move || async move {
        if counter.fetch_add(1, Ordering::SeqCst) < failures {
            (status, [(header::RETRY_AFTER, retry_after)], "not now").into_response()
        } else {
            "fine".into_response()
        }
    };
    (serve(Router::new().route("/", get(answer.clone()).post(answer))).await, asked)
}

fn retrying(url: Url, attempts: u32) -> HttpRequest {
    let retry = RetryPolicy { attempts, first_delay: Duration::from_millis(1) };
    HttpRequest { retry, ..HttpRequest::get(url) }
}

async fn failure(request: &HttpRequest) -> ErpError {
    transport().http().unwrap().send(request).await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_fails_for_a_while_is_asked_again() {
    for status in
        [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT]
    {
        let (url, asked) = flaky(2, status, "0").await;
        let answer = transport().http().unwrap().send(&retrying(url, 3)).await.unwrap();
        assert_eq!((&answer.body[..], asked.load(Ordering::SeqCst)), (&b"fine"[..], 3));
    }
}

#[tokio::test]
async fn retry_after_is_obeyed() {
    let (url, _) = flaky(1, StatusCode::TOO_MANY_REQUESTS, "1").await;
    let begun = std::time::Instant::now();
    transport().http().unwrap().send(&retrying(url, 1)).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn when_retries_are_used_up_the_last_answer_counts() {
    let (url, asked) = flaky(9, StatusCode::TOO_MANY_REQUESTS, "0").await;
    let error = failure(&retrying(url, 2)).await;
    assert!(matches!(&error, ErpError::RateLimited { retry_after: Some(Duration::ZERO), .. }), "{error:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_refusal_is_final() {
    let (url, asked) = flaky(9, StatusCode::NOT_FOUND, "0").await;
    assert!(matches!(failure(&retrying(url, 3)).await, ErpError::Rejected(_)));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn credentials_arrive_and_a_refusal_names_the_field_but_never_the_secret() {
    let refuse = |headers: HeaderMap| async move {
        let sent = headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
        (StatusCode::UNAUTHORIZED, format!(r#"{{"error": {{"message": "invalid api key {sent}"}}}}"#))
    };
    let url = serve(Router::new().route("/api", get(refuse))).await.join("api?token=t0p").unwrap();
    let auth = Auth::bearer("s3cret".to_owned().into(), "apiKey");
    let sentence = failure(&HttpRequest { auth, ..HttpRequest::get(url) }).await.to_string();
    assert!(sentence.contains("/api answered 401 Unauthorized: invalid api key Bearer •••"), "{sentence}");
    assert!(sentence.ends_with("check the connection's apiKey") && !sentence.contains("t0p"), "{sentence}");
}

#[tokio::test]
async fn basic_credentials_and_headers_are_sent() {
    let echo = |headers: HeaderMap| async move {
        let text = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        format!("{} {}", text("authorization"), text("x-api-key"))
    };
    let url = serve(Router::new().route("/", get(echo))).await;
    let secret = |text: &str| text.to_owned().into();
    let sent = async |auth| {
        transport().http().unwrap().send(&HttpRequest { auth, ..HttpRequest::get(url.clone()) }).await
    };
    let basic = sent(Auth::basic(secret("erp"), secret("pass"), "apiSecret")).await.unwrap();
    assert_eq!(&basic.body[..], b"Basic ZXJwOnBhc3M= ");
    let header = sent(Auth::in_header("x-api-key".parse().unwrap(), secret("k"), "apiKey")).await.unwrap();
    assert_eq!(&header.body[..], b" k");
    let broken = sent(Auth::bearer(secret("a\nb"), "apiKey")).await.unwrap_err();
    assert!(matches!(&broken, ErpError::Misconfigured(why) if why.contains("apiKey")), "{broken:?}");
}

#[tokio::test]
async fn every_try_is_signed_anew_and_no_secret_of_the_signature_is_shown() {
    let (seen, refused) = (Arc::<std::sync::Mutex<Vec<String>>>::default(), Arc::new(AtomicUsize::new(0)));
    let kept = Arc::clone(&seen);
    let answer = move |headers: HeaderMap| async move {
        kept.lock().unwrap().push(headers[header::AUTHORIZATION].to_str().unwrap().to_owned());
        let status = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::UNAUTHORIZED];
        (status[refused.fetch_add(1, Ordering::SeqCst)], "no signature of tid by tsecret")
    };
    let url = serve(Router::new().route("/", get(answer))).await;
    let secret = |text: &str| text.to_owned().into();
    let signer = OAuth1 {
        consumer_key: secret("ckey"),
        consumer_secret: secret("csecret"),
        token: secret("tid"),
        token_secret: secret("tsecret"),
        realm: None,
    };
    let auth = Auth::oauth1(signer, "tokenId and tokenSecret");
    let sentence = failure(&HttpRequest { auth, ..retrying(url, 1) }).await.to_string();
    let seen = seen.lock().unwrap().clone();
    assert!(
        seen.len() == 2 && seen[0] != seen[1] && seen[0].starts_with("OAuth oauth_consumer_key="),
        "{seen:?}"
    );
    assert!(sentence.contains("no signature of ••• by •••"), "{sentence}");
    assert!(sentence.ends_with("check the connection's tokenId and tokenSecret"), "{sentence}");
}

#[tokio::test]
async fn a_redirect_on_the_same_host_is_followed_and_a_circle_is_not() {
    let router = Router::new()
        .route("/", get(|| async { Redirect::permanent("/new") }))
        .route("/new", get(|| async { "here" }))
        .route("/circle", get(|| async { Redirect::temporary("/circle") }));
    let url = serve(router).await;
    let answer = transport().http().unwrap().send(&HttpRequest::get(url.clone())).await.unwrap();
    assert_eq!((&answer.body[..], answer.url.path()), (&b"here"[..], "/new"));
    let error = failure(&HttpRequest::get(url.join("circle").unwrap())).await;
    assert!(matches!(&error, ErpError::Rejected(why) if why.contains("more than 5 times")), "{error:?}");
}

#[tokio::test]
async fn a_redirect_to_the_metadata_service_is_forbidden() {
    let away = || async { Redirect::temporary("http://169.254.169.254/latest/meta-data") };
    let url = serve(Router::new().route("/", get(away))).await;
    let error = failure(&retrying(url, 3)).await;
    assert!(
        matches!(&error, ErpError::Forbidden(why) if why.contains("http://169.254.169.254")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_forbidden_however_it_is_written() {
    for away in [
        "http://2852039166/",
        "http://0251.0376.0251.0376/",
        "http://[::ffff:a9fe:a9fe]/",
        "//10.0.0.1/",
        "http://user@192.168.0.1/",
        "https://localhost/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
    ] {
        let url =
            serve(Router::new().route("/", get(move || async move { Redirect::temporary(away) }))).await;
        let error = failure(&retrying(url, 3)).await;
        assert!(matches!(error, ErpError::Forbidden(_)), "{away}: {error:?}");
    }
}

#[tokio::test]
async fn a_dns_answer_that_changes_leads_nowhere_else() {
    // Two servers at one port: the one that may be asked, and the one that the second answer of the DNS leads to.
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let inside = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let close = [(header::CONNECTION, "close")];
    let public = Router::new().route("/", get(move || async move { (close, "public") }));
    tokio::spawn(async move { axum::serve(listener, public).await });
    let private = Router::new().route("/", get(|| async { "private" }));
    tokio::spawn(async move { axum::serve(inside, private).await });

    let (egress, asked) = crate::egress::tests::scripted("127.0.0.2/32", &[&["127.0.0.2"], &["127.0.0.1"]]);
    let transport = Transport::new(egress);
    let request = HttpRequest::get(format!("http://rebind.test:{port}/").parse().unwrap());
    assert_eq!(&transport.http().unwrap().send(&request).await.unwrap().body[..], b"public");
    assert_eq!(asked.load(Ordering::SeqCst), 1, "it is connected to what was judged, not to a second answer");
    let error = transport.http().unwrap().send(&request).await.unwrap_err();
    assert!(matches!(&error, ErpError::Forbidden(why) if why.contains("leads to 127.0.0.1")), "{error:?}");
}

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_written() {
    let guarded = Transport::new(Egress::default());
    let hosts = [
        "127.0.0.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost",
        "169.254.169.254",
        "169.254.169.254.",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "10.0.0.1",
        "0300.0250.0.1",
        "172.16.0.1",
        "100.64.0.1",
        "224.0.0.1",
        "0.0.0.0",
        "0",
        "[::]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00::1]",
        "127\u{3002}0\u{3002}0\u{3002}1",
        "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
    ];
    for host in hosts {
        let url = format!("http://{host}:9/").parse().unwrap();
        let error = guarded.http().unwrap().send(&retrying(url, 3)).await.unwrap_err();
        assert!(
            matches!(&error, ErpError::Forbidden(why) if why.contains("CAUSEWAY_EGRESS_ALLOW")),
            "{host}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_compressed_bomb_is_stopped_at_the_limit() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![b'0'; 1024 * 1024];
    for _ in 0..80 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let answer = move || async move { ([(header::CONTENT_ENCODING, "gzip")], bomb) };
    let url = serve(Router::new().route("/", get(answer))).await;
    let error = failure(&retrying(url, 3)).await;
    assert!(matches!(&error, ErpError::Malformed(why) if why.contains("more than 64 MiB")), "{error:?}");
}

#[tokio::test]
async fn what_is_compressed_arrives_plain() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"[1,2]").unwrap();
    let body = encoder.finish().unwrap();
    let answer = move || async move { ([(header::CONTENT_ENCODING, "gzip")], body) };
    let url = serve(Router::new().route("/", get(answer))).await;
    let answer = transport().http().unwrap().send(&HttpRequest::get(url)).await.unwrap();
    assert_eq!(&answer.body[..], b"[1,2]");
}

#[tokio::test]
async fn each_way_of_not_answering_has_its_own_words() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let plain = serve(Router::new()).await;
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[1, 2";
    let cases = [
        (closed, "refused the connection"),
        ("http://erp.invalid/".parse().unwrap(), "cannot be resolved"),
        (plain.as_str().replace("http:", "https:").parse().unwrap(), "TLS with https://127.0.0.1"),
        (serve_bytes(b"").await, "closed the connection without an answer"),
        (serve_bytes(half).await, "broke off in the middle of its answer"),
    ];
    for (url, words) in cases {
        let error = failure(&HttpRequest::get(url)).await;
        assert!(matches!(&error, ErpError::Unavailable(why) if why.contains(words)), "{words}: {error:?}");
    }
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let url = serve(Router::new().route("/", get(std::future::pending::<String>))).await;
    let request = HttpRequest { timeout: Duration::from_millis(50), ..HttpRequest::get(url) };
    let sentence = failure(&request).await.to_string();
    assert!(sentence.contains("did not answer within 0.05 s"), "{sentence}");
}

#[tokio::test]
async fn a_web_page_is_quoted_by_its_title() {
    let page = "<html><head><title>Sign in</title></head><body>x</body></html>";
    let url =
        serve(Router::new().route("/", get(move || async move { (StatusCode::BAD_REQUEST, page) }))).await;
    let sentence = failure(&HttpRequest::get(url)).await.to_string();
    assert!(sentence.ends_with("answered 400 Bad Request: Sign in"), "{sentence}");
}

#[test]
fn an_excerpt_is_one_clean_line_of_bounded_length() {
    let said = |body: &str| failure::excerpt(body.as_bytes(), &Auth::none(), None);
    assert_eq!(said("<fault>\n <text>no\tsuch&thing</text></fault>"), "no such&thing");
    assert_eq!(said(r#"{"errors": [{"message": "bad\u0007 field"}]}"#), "bad field");
    assert_eq!(said(&"é".repeat(1000)).chars().count(), 301);
}
