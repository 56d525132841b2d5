//! The keys behind the tokens: who forges, who renews and who revokes, and what becomes of those signed in.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::signing_key::SigningKey;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::harness::{ADMIN, Causeway, PASSWORD};

const KEYS: &str = "/api/v1/auth/signing-keys";
const JWKS: &str = "/.well-known/jwks.json";

fn claims() -> Value {
    let now = Timestamp::now().as_second();
    let (sub, role) = ("usr_1", "admin");
    json!({"sub": sub, "role": role, "iss": "causeway", "aud": "causeway-api", "iat": now, "exp": now + 60})
}

fn header(algorithm: Algorithm, kid: Option<&str>) -> Header {
    Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) }
}

/// The newest key and its private half, as only the process itself can open it.
async fn newest_key(causeway: &Causeway) -> (SigningKey, EncodingKey) {
    let engine = causeway.engine();
    let key = engine.store.signing_keys().await.unwrap().remove(0);
    let sealed = engine.store.private_signing_key(&key).await.unwrap().unwrap();
    let private = engine.vault.open_bytes(&format!("signing_key:{}", key.id), &sealed).await.unwrap();
    let private = EncodingKey::from_ed_der(private.expose_secret());
    (key, private)
}

/// Which status a token gets.
async fn status(causeway: &Causeway, token: &str) -> u16 {
    causeway.stranger().with_token(token).get("/erp/connections").await.status
}

/// Puts a key into the table, of which the process knows then, and returns a token that it signed.
async fn plant(causeway: &Causeway, key: &mut SigningKey) -> String {
    let token = plant_unseen(causeway, key).await;
    causeway.client().get(KEYS).await.expect(200);
    token
}

/// Puts a key into the table as another process would, and returns a token that it signed.
async fn plant_unseen(causeway: &Causeway, key: &mut SigningKey) -> String {
    let pair = Ed25519KeyPair::generate().unwrap();
    key.public_key = URL_SAFE_NO_PAD.encode(pair.public_key());
    let private = pair.to_pkcs8v1().unwrap();
    let engine = causeway.engine();
    let sealed = engine.vault.seal_bytes(&format!("signing_key:{}", key.id), private.as_ref()).await.unwrap();
    engine.store.add_signing_key(key, sealed, None).await.unwrap();
    let header = header(Algorithm::EdDSA, Some(key.id.as_str()));
    jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_ed_der(private.as_ref())).unwrap()
}

/// A key that follows `newest` and is due for a successor.
fn grown_old(newest: &SigningKey) -> SigningKey {
    let made_at = Timestamp::now() - SignedDuration::from_hours(30 * 24 + 1);
    let key = SigningKey::following(Some(newest), String::new(), made_at);
    SigningKey { signs_from: made_at, ..key }
}

async fn sign_in(causeway: &Causeway) -> String {
    let login = json!({"email": ADMIN, "password": PASSWORD});
    let answer = causeway.stranger().post("/api/v1/auth/login", login).await.expect(200);
    answer["data"]["access_token"].as_str().unwrap().to_owned()
}

fn kid(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

#[tokio::test]
async fn a_token_of_another_issuer_audience_time_or_key_is_refused() {
    let causeway = Causeway::start_another().await;
    let (key, private) = newest_key(&causeway).await;
    let signed = |kid: Option<&str>, claims: &Value| {
        jsonwebtoken::encode(&header(Algorithm::EdDSA, kid), claims, &private).unwrap()
    };
    let kid = Some(key.id.as_str());
    assert_eq!(status(&causeway, &signed(kid, &claims())).await, 200);
    let past = Timestamp::now().as_second() - 1;
    for (name, wrong) in [
        ("iss", json!("else")),
        ("aud", json!("else")),
        ("aud", json!(["else"])),
        ("exp", json!(past)),
        ("exp", json!("never")),
        ("sub", json!("")),
        ("role", json!("owner")),
    ] {
        let mut claims = claims();
        claims[name] = wrong;
        assert_eq!(status(&causeway, &signed(kid, &claims)).await, 401, "{name} is wrong");
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(status(&causeway, &signed(kid, &claims)).await, 401, "{name} is missing");
    }
    for kid in [None, Some("key_01KAHV3Z8M6W6W1Z0Q3T4N5P6R"), Some("a key"), Some("../signing_key")] {
        assert_eq!(status(&causeway, &signed(kid, &claims())).await, 401, "kid {kid:?}");
    }
}

#[tokio::test]
async fn a_token_that_picks_its_own_algorithm_is_refused() {
    let causeway = Causeway::start_another().await;
    let (key, private) = newest_key(&causeway).await;
    let kid = key.id.as_str();
    let good = jsonwebtoken::encode(&header(Algorithm::EdDSA, Some(kid)), &claims(), &private).unwrap();
    assert_eq!(status(&causeway, &good).await, 200);
    for public_key in [key.public_key.clone().into_bytes(), URL_SAFE_NO_PAD.decode(&key.public_key).unwrap()]
    {
        let secret = EncodingKey::from_secret(&public_key);
        let forged = jsonwebtoken::encode(&header(Algorithm::HS256, Some(kid)), &claims(), &secret).unwrap();
        assert_eq!(status(&causeway, &forged).await, 401, "HS256 under the public key");
    }
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = good.rsplit('.').next().unwrap();
    for (alg, signature) in [("none", ""), ("None", ""), ("none", signature), ("ES256", signature), ("", "")]
    {
        let head = part(json!({"alg": alg, "typ": "JWT", "kid": kid}));
        let forged = format!("{head}.{}.{signature}", part(claims()));
        assert_eq!(status(&causeway, &forged).await, 401, "alg {alg:?}, signature {signature:?}");
    }
    let other = Ed25519KeyPair::generate().unwrap();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(other.public_key())});
    let head = part(json!({"alg": "EdDSA", "jwk": jwk, "jku": "http://127.0.0.1:1/", "kid": kid}));
    let message = format!("{head}.{}", part(claims()));
    let forged = format!("{message}.{}", URL_SAFE_NO_PAD.encode(other.sign(message.as_bytes())));
    assert_eq!(status(&causeway, &forged).await, 401, "a key that comes with the token");
}

#[tokio::test]
async fn who_checks_our_tokens_finds_the_keys_without_signing_in() {
    let causeway = Causeway::start_another().await;
    let token = sign_in(&causeway).await;
    let answer = causeway.stranger().get(JWKS).await;
    assert_eq!(answer.header("cache-control"), "public, max-age=30");
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(answer.expect(200)).unwrap();
    let key = jsonwebtoken::DecodingKey::from_jwk(keys.find(&kid(&token)).unwrap()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(Algorithm::EdDSA);
    rules.set_audience(&["causeway-api"]);
    let read = jsonwebtoken::decode::<Value>(&token, &key, &rules).unwrap();
    assert_eq!(read.claims["iss"], "causeway");
}

#[tokio::test]
async fn a_renewed_key_takes_over_in_a_minute_and_signs_nobody_out() {
    let causeway = Causeway::start_another().await;
    let before = sign_in(&causeway).await;
    let made = causeway.client().post(KEYS, json!({})).await;
    assert_eq!(made.header("location"), format!("{KEYS}/{}", made.body["data"]["id"].as_str().unwrap()));
    let made = made.expect(201)["data"].clone();
    let events = causeway.client().get("/api/v1/audit-events?limit=1").await.expect(200);
    assert_eq!(events["data"][0]["action"], "signing_key_made");
    let keys = causeway.client().get(KEYS).await.expect(200)["data"].clone();
    assert_eq!((keys.as_array().unwrap().len(), &keys[0]), (2, &made));
    assert_eq!(keys[1]["id"], kid(&before));
    let moment = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
    let (created, begins) = (moment(&made["createdAt"]), moment(&made["signsFrom"]));
    assert_eq!(begins.duration_since(created), SignedDuration::from_mins(1));
    assert_eq!(moment(&keys[1]["goodUntil"]).duration_since(created), SignedDuration::from_hours(2));
    assert_eq!(kid(&sign_in(&causeway).await), kid(&before), "the new one is shown before it signs");
    assert_eq!(status(&causeway, &before).await, 200);
}

#[tokio::test]
async fn a_key_signs_for_thirty_days_and_its_tokens_stay_good_until_they_expire() {
    let causeway = Causeway::start_another().await;
    let (newest, _) = newest_key(&causeway).await;
    let mut old = grown_old(&newest);
    let token = plant(&causeway, &mut old).await;
    let signed_in = futures::future::join_all([sign_in(&causeway), sign_in(&causeway)]).await;
    assert!(signed_in.iter().all(|token| kid(token) == old.id.as_str()), "{signed_in:?}");
    let keys = causeway.engine().store.signing_keys().await.unwrap();
    assert_eq!(keys.len(), 3, "two sign-ins at once make one key: {keys:?}");
    assert_eq!(keys[0].generation, old.generation + 1);
    assert!(keys[1].good_until.is_some());
    assert_eq!(status(&causeway, &token).await, 200);
}

#[tokio::test]
async fn a_successor_that_somebody_else_made_meanwhile_gets_none_of_its_own() {
    let causeway = Causeway::start_another().await;
    let (newest, _) = newest_key(&causeway).await;
    let mut old = grown_old(&newest);
    plant(&causeway, &mut old).await;
    let mut successor = SigningKey::following(Some(&old), String::new(), Timestamp::now());
    plant_unseen(&causeway, &mut successor).await;
    sign_in(&causeway).await;
    let keys = causeway.engine().store.signing_keys().await.unwrap();
    assert_eq!((keys.len(), &keys[0].id), (3, &successor.id), "{keys:?}");
}

#[tokio::test]
async fn a_token_of_a_key_whose_time_is_over_is_refused() {
    let causeway = Causeway::start_another().await;
    let (newest, _) = newest_key(&causeway).await;
    let mut over = SigningKey::following(Some(&newest), String::new(), Timestamp::now());
    over.good_until = Some(Timestamp::now() - SignedDuration::from_secs(1));
    let token = plant(&causeway, &mut over).await;
    assert_eq!(status(&causeway, &token).await, 401);
    let shown = causeway.stranger().get(JWKS).await.expect(200);
    assert!(!shown.to_string().contains(over.id.as_str()), "{shown}");
}

#[tokio::test]
async fn a_revoked_key_takes_its_tokens_with_it_and_the_next_sign_in_makes_another() {
    let causeway = Causeway::start_another().await;
    let before = sign_in(&causeway).await;
    let path = format!("{KEYS}/{}", kid(&before));
    causeway.client().delete(&path).await.expect(204);
    assert_eq!(status(&causeway, &before).await, 401);
    let after = sign_in(&causeway).await;
    assert_ne!(kid(&after), kid(&before));
    assert_eq!(status(&causeway, &after).await, 200);
    causeway.stranger().with_token(&after).delete(&path).await.expect(404);
}

#[tokio::test]
async fn a_private_half_that_cannot_be_opened_is_replaced() {
    let causeway = Causeway::start_another().await;
    let (newest, _) = newest_key(&causeway).await;
    let broken = SigningKey::following(Some(&newest), newest.public_key.clone(), Timestamp::now());
    let broken = SigningKey { signs_from: broken.created_at, ..broken };
    let store = &causeway.engine().store;
    store
        .add_signing_key(&broken, "v1.AAAA".to_owned(), Some(&newest.retired(Timestamp::now())))
        .await
        .unwrap();
    causeway.client().get(KEYS).await.expect(200);
    let token = sign_in(&causeway).await;
    assert_ne!(kid(&token), broken.id.as_str());
    assert_eq!(status(&causeway, &token).await, 200);
}
