//! Sessions with a real token endpoint on loopback that checks who asks, and with one that misbehaves.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

use super::*;
use crate::Transport;
use crate::http::RetryPolicy;

const RSA: &str = include_str!("fixtures/rsa.pem");
const RSA_PUBLIC: &str = include_str!("fixtures/rsa_public.pem");
const RSA_ENCRYPTED: &str = include_str!("fixtures/rsa_encrypted.pem");
const P256: &str = include_str!("fixtures/p256.pem");
const P256_PUBLIC: &str = include_str!("fixtures/p256_public.pem");
const CERTIFICATE: &str = include_str!("fixtures/certificate.pem");

/// A token endpoint and an API behind it. It takes the tokens from `good_from` on.
#[derive(Clone, Default)]
struct Server(Arc<Seen>);

#[derive(Default)]
struct Seen {
    tokens: AtomicUsize,
    calls: AtomicUsize,
    good_from: AtomicUsize,
    form: std::sync::Mutex<String>,
}

impl Server {
    async fn start(&self) -> Url {
        let router = Router::new()
            .route("/token", post(give_token))
            .route("/data", get(give_data).post(give_data))
            .with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url.parse().unwrap()
    }

    fn counts(&self) -> (usize, usize) {
        (self.0.tokens.load(Ordering::SeqCst), self.0.calls.load(Ordering::SeqCst))
    }
}

async fn give_token(State(server): State<Server>, headers: HeaderMap, form: String) -> Response {
    let header = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    // "shop+1:s%26cret" in base64, as RFC 6749 has it encoded.
    let by_header = header.as_deref() == Some("Basic c2hvcCUyQjE6cyUyNmNyZXQ=");
    let by_body = form.contains("client_id=shop%2B1&client_secret=s%26cret");
    let by_assertion = form.contains("client_assertion=ey");
    *server.0.form.lock().unwrap() = form;
    if !by_header && !by_body && !by_assertion {
        let refusal = r#"{"error":"invalid_client","error_description":"no client with s&cret"}"#;
        return (StatusCode::BAD_REQUEST, refusal).into_response();
    }
    let number = server.0.tokens.fetch_add(1, Ordering::SeqCst);
    format!(r#"{{"access_token":"t0ken-{number}","token_type":"bearer","expires_in":"3600"}}"#)
        .into_response()
}

async fn give_data(State(server): State<Server>, headers: HeaderMap) -> Response {
    server.0.calls.fetch_add(1, Ordering::SeqCst);
    let header = headers.get(header::AUTHORIZATION).unwrap().to_str().unwrap();
    let number: usize = header.strip_prefix("Bearer t0ken-").unwrap().parse().unwrap();
    if number < server.0.good_from.load(Ordering::SeqCst) {
        return (StatusCode::UNAUTHORIZED, format!("{header} was revoked")).into_response();
    }
    "here".into_response()
}

/// Keeps nothing: each session gets its own.
#[derive(Debug)]
struct Unkept;

#[async_trait]
impl AccessTokens for Unkept {
    async fn token(
        &self,
        grant: &dyn Grant,
        http: &HttpClient,
        _: Option<&AccessToken>,
    ) -> Result<AccessToken, ErpError> {
        grant.fetch(http).await
    }
}

fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

fn grant(token_url: Url, proof: ClientProof) -> ClientCredentials {
    ClientCredentials {
        token_url,
        client_id: "shop+1".to_owned(),
        proof,
        scope: Some("orders products".to_owned()),
        audience: Some("https://erp".to_owned()),
        timeout: std::time::Duration::from_secs(5),
        retry: RetryPolicy::NONE,
        fields: "clientId and clientSecret",
    }
}

fn client() -> HttpClient {
    Transport::new("127.0.0.0/8".parse().unwrap()).http().unwrap()
}

fn session(origin: &Url, proof: ClientProof) -> Session {
    let grant = grant(origin.join("token").unwrap(), proof);
    Session::with_token(client(), Arc::new(grant), Arc::new(Unkept))
}

fn data(origin: &Url) -> HttpRequest {
    HttpRequest::get(origin.join("data").unwrap())
}

#[tokio::test]
async fn a_token_is_got_by_either_style_and_used_until_it_ends() {
    for proof in [ClientProof::Header(secret("s&cret")), ClientProof::Body(secret("s&cret"))] {
        let server = Server::default();
        let origin = server.start().await;
        let session = session(&origin, proof);
        for _ in 0..3 {
            assert_eq!(&session.send(&data(&origin)).await.unwrap().body[..], b"here");
        }
        assert_eq!(server.counts(), (1, 3));
        let form = server.0.form.lock().unwrap().clone();
        assert!(form.starts_with("grant_type=client_credentials"), "{form}");
        assert!(form.ends_with("scope=orders+products&audience=https%3A%2F%2Ferp"), "{form}");
    }
}

#[tokio::test]
async fn a_revoked_token_is_replaced_once_for_reads_and_for_writes() {
    let server = Server::default();
    let origin = server.start().await;
    let session = session(&origin, ClientProof::Body(secret("s&cret")));
    session.send(&data(&origin)).await.unwrap();
    server.0.good_from.store(1, Ordering::SeqCst);
    session.send(&data(&origin)).await.unwrap();
    assert_eq!(server.counts(), (2, 3));
    server.0.good_from.store(2, Ordering::SeqCst);
    let order = HttpRequest { method: http::Method::POST, body: "{}".into(), ..data(&origin) };
    assert_eq!(session.deliver(&order).await.unwrap().status, 200);
    assert_eq!(server.counts(), (3, 5));
}

#[tokio::test]
async fn a_token_that_is_refused_twice_is_unauthorized_and_not_shown() {
    let server = Server::default();
    let origin = server.start().await;
    server.0.good_from.store(9, Ordering::SeqCst);
    let session = session(&origin, ClientProof::Body(secret("s&cret")));
    let error = session.send(&data(&origin)).await.unwrap_err();
    let sentence = error.to_string();
    assert!(matches!(error, ErpError::Unauthorized(_)), "{sentence}");
    assert!(sentence.ends_with("check the connection's clientId and clientSecret"), "{sentence}");
    assert!(!sentence.contains("t0ken"), "{sentence}");
    assert_eq!(server.counts(), (2, 2));
}

#[tokio::test]
async fn a_client_that_is_refused_is_told_what_the_server_said_without_its_secret() {
    let server = Server::default();
    let origin = server.start().await;
    let mut grant = grant(origin.join("token").unwrap(), ClientProof::Body(secret("s&cret")));
    grant.client_id = "nobody".to_owned();
    let error = grant.fetch(&client()).await.unwrap_err();
    let sentence = error.to_string();
    assert!(matches!(error, ErpError::Unauthorized(_)), "{sentence}");
    assert!(sentence.contains("no client with •••") && !sentence.contains("s&cret"), "{sentence}");
}

#[tokio::test]
async fn a_token_endpoint_that_is_down_or_talks_nonsense_is_told_in_words() {
    let router = Router::new()
        .route("/page", post(|| async { "<html>Welcome</html>" }))
        .route("/empty", post(|| async { r#"{"access_token":" "}"# }))
        .route("/mac", post(|| async { r#"{"access_token":"t","token_type":"mac"}"# }))
        .route("/failing", post(|| async { (StatusCode::BAD_GATEWAY, "upstream") }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody: Url = format!("http://{}/", closed.local_addr().unwrap()).parse().unwrap();
    drop(closed);
    let cases = [
        (origin.join("page").unwrap(), "answered 200 OK without an access token: check tokenUrl"),
        (origin.join("empty").unwrap(), "an access token that is empty"),
        (origin.join("mac").unwrap(), "gives tokens of the type mac, which cannot be used"),
        (origin.join("failing").unwrap(), "answered 502 Bad Gateway: upstream"),
        (origin.join("nothing").unwrap(), "there is no token endpoint at"),
        (nobody, "refused the connection"),
    ];
    for (url, words) in cases {
        let error = grant(url, ClientProof::Header(secret("s&cret"))).fetch(&client()).await.unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
}

#[test]
fn a_token_is_used_until_shortly_before_its_end_and_never_after_it_was_refused() {
    let now: Timestamp = "2026-11-21T06:00:00Z".parse().unwrap();
    let at = |seconds: i64| now + SignedDuration::from_secs(seconds);
    let hour = AccessToken::given(secret("t"), now, SignedDuration::from_hours(1));
    assert!(hour.serves(at(3539), None) && !hour.serves(at(3540), None));
    let minute = AccessToken::given(secret("t"), now, SignedDuration::from_mins(1));
    assert!(minute.serves(at(53), None) && !minute.serves(at(54), None));
    assert!(!hour.serves(now, Some(&minute)));
}

/// The claims of an assertion, its signature checked.
fn claims(key: SigningKey, public: &DecodingKey, algorithm: Algorithm) -> (jsonwebtoken::Header, Value) {
    let url: Url = "https://login.example.com/token".parse().unwrap();
    let signed = key.assertion("shop", &url, Some("a b")).unwrap();
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[url.as_str()]);
    let token = decode::<Value>(signed.expose_secret(), public, &validation).unwrap();
    (token.header, token.claims)
}

#[test]
fn an_assertion_is_signed_by_the_kind_of_key_there_is() {
    let rsa_public = DecodingKey::from_rsa_pem(RSA_PUBLIC.as_bytes()).unwrap();
    let curve_public = DecodingKey::from_ec_pem(P256_PUBLIC.as_bytes()).unwrap();
    let rsa = SigningKey::from_pem(&secret(RSA), None).unwrap().with_key_id(Some("k1".to_owned()));
    let (header, body) = claims(rsa.with_scope_in_claims(), &rsa_public, Algorithm::PS256);
    assert_eq!(header.kid.as_deref(), Some("k1"));
    assert_eq!(
        (&body["iss"], &body["sub"], &body["scope"]),
        (&"shop".into(), &"shop".into(), &["a", "b"][..].into())
    );
    let opened = SigningKey::from_pem(&secret(RSA_ENCRYPTED), Some(&secret("open-sesame"))).unwrap();
    let opened = opened.with_rs256().with_certificate(CERTIFICATE).unwrap();
    let (header, body) = claims(opened, &rsa_public, Algorithm::RS256);
    assert_eq!(header.x5t_s256.as_deref(), Some("v_YGkmECF6JJR-bAp3WDFVqgN_g1ZDf5W3_4iGVRN6E"));
    assert!(body.get("scope").is_none());
    claims(SigningKey::from_pem(&secret(P256), None).unwrap(), &curve_public, Algorithm::ES256);
}

#[tokio::test]
async fn an_assertion_that_tells_the_scope_is_all_that_is_sent_of_the_client() {
    for (tells_scope, others) in
        [(true, ["audience"].as_slice()), (false, &["client_id", "scope", "audience"])]
    {
        let server = Server::default();
        let origin = server.start().await;
        let key = SigningKey::from_pem(&secret(P256), None).unwrap();
        let key = if tells_scope { key.with_scope_in_claims() } else { key };
        session(&origin, ClientProof::Assertion(Box::new(key))).send(&data(&origin)).await.unwrap();
        let form = server.0.form.lock().unwrap().clone();
        let names = url::form_urlencoded::parse(form.as_bytes()).map(|(name, _)| name.into_owned());
        let names: Vec<_> =
            names.filter(|name| !name.starts_with("client_assertion") && name != "grant_type").collect();
        assert_eq!(names, others);
    }
}

#[tokio::test]
async fn a_token_of_our_own_names_issuer_user_and_certificate() {
    let key = SigningKey::from_pem(&secret(RSA), None).unwrap().with_rs256();
    let key = key.with_certificate_by_sha1(CERTIFICATE).unwrap();
    let grant = SelfSigned { key, issuer: "shop".to_owned(), user: "JOE".to_owned(), fields: "username" };
    let token = grant.fetch(&client()).await.unwrap();
    let public = DecodingKey::from_rsa_pem(RSA_PUBLIC.as_bytes()).unwrap();
    let decoded = decode::<Value>(token.secret.expose_secret(), &public, &Validation::new(Algorithm::RS256));
    let (header, claims) = decoded.map(|token| (token.header, token.claims)).unwrap();
    assert_eq!(header.x5t.as_deref(), Some("Mf8jelqFaaYoq49rCGPhEp55ln4"));
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["prn"]),
        (&"shop".into(), &"JOE".into(), &"JOE".into())
    );
    assert!(token.serves(Timestamp::now(), None));
}

#[test]
fn an_assertion_may_be_for_another_audience() {
    let key = SigningKey::from_pem(&secret(RSA), None).unwrap().with_audience("https://all".to_owned());
    let url: Url = "https://login.example.com/token".parse().unwrap();
    let signed = key.assertion("shop", &url, None).unwrap();
    let mut validation = Validation::new(Algorithm::PS256);
    validation.set_audience(&["https://all"]);
    let public = DecodingKey::from_rsa_pem(RSA_PUBLIC.as_bytes()).unwrap();
    decode::<Value>(signed.expose_secret(), &public, &validation).unwrap();
}

#[test]
fn a_key_that_cannot_be_used_names_its_field_and_shows_nothing() {
    let refused = |pem: &str, passphrase: Option<&str>| {
        let passphrase = passphrase.map(secret);
        SigningKey::from_pem(&secret(pem), passphrase.as_ref()).unwrap_err().to_string()
    };
    assert!(refused("nonsense", None).contains("privateKey cannot be read"));
    assert!(refused(RSA_ENCRYPTED, None).contains("set privateKeyPassphrase"));
    assert!(refused(RSA_ENCRYPTED, Some("wrong")).contains("does not open with privateKeyPassphrase"));
    let key = SigningKey::from_pem(&secret(RSA), None).unwrap();
    assert_eq!(format!("{key:?}"), "SigningKey(PS256)");
    assert!(key.with_certificate("none").unwrap_err().to_string().contains("certificate cannot be read"));
}
