//! Tokens of an outside issuer: let in for what it says, and never for more.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::harness::{Answer, Causeway, Issuer, IssuerKey};

async fn show(causeway: &Causeway, token: &str) -> Answer {
    causeway.stranger().with_token(token).get("/erp/connections").await
}

#[tokio::test]
async fn whoever_a_trusted_issuer_makes_an_admin_is_one_and_is_named_in_the_audit_trail() {
    let keys = [IssuerKey::rsa("rsa-1"), IssuerKey::ec("ec-1"), IssuerKey::ed("ed-1")];
    let issuer = Issuer::start(&keys.each_ref()).await;
    let causeway = Causeway::start_trusting(&issuer.setting()).await;
    for key in &keys {
        assert_eq!(show(&causeway, &key.sign(&issuer.claims())).await.status, 200, "{}", key.id);
    }
    assert_eq!(issuer.asked(), 1, "the keys are remembered");
    let outsider = causeway.stranger().with_token(&keys[0].sign(&issuer.claims()));
    outsider.post("/erp/mapping-templates", json!({"name": "T", "dataType": "products"})).await.expect(201);
    outsider.get("/api/v1/auth/profile").await.expect(404);
    let events = causeway.client().get("/api/v1/audit-events?limit=1").await.expect(200);
    assert_eq!(events["data"][0]["actor"], format!("auth0|42 at {}", issuer.url));
}

#[tokio::test]
async fn a_token_that_says_anything_else_opens_nothing() {
    let (key, other) = (IssuerKey::ed("ed-1"), IssuerKey::ed("ed-1"));
    let issuer = Issuer::start(&[&key]).await;
    let causeway = Causeway::start_trusting(&issuer.setting()).await;
    let now = Timestamp::now().as_second();
    for (name, wrong, status) in [
        ("iss", json!("https://login.example.com"), 401),
        ("iss", json!(["causeway", issuer.url]), 401),
        ("iss", json!("causeway"), 401),
        ("iss", json!(format!("{}/", issuer.url)), 401),
        ("aud", json!("account"), 401),
        ("aud", json!(null), 401),
        ("exp", json!(now - 60), 401),
        ("exp", json!(null), 401),
        ("nbf", json!(now + 60), 401),
        ("sub", json!(null), 401),
        ("sub", json!("a\u{7}b"), 401),
        ("realm_access", json!({"roles": ["user"]}), 403),
        ("realm_access", json!(null), 403),
    ] {
        let mut claims = issuer.claims();
        claims[name] = wrong.clone();
        assert_eq!(show(&causeway, &key.sign(&claims)).await.status, status, "{name}: {wrong}");
    }
    assert_eq!(
        show(&causeway, &other.sign(&issuer.claims())).await.status,
        401,
        "another key under the same id"
    );
    let nameless = key.sign_as(Algorithm::EdDSA, None, &issuer.claims());
    assert_eq!(show(&causeway, &nameless).await.status, 401, "no kid");
    assert_eq!(show(&causeway, &key.sign(&issuer.claims())).await.status, 200);
    let stranger = Issuer::start(&[&key]).await;
    assert_eq!(show(&causeway, &key.sign(&stranger.claims())).await.status, 401, "an issuer nobody trusts");
    assert_eq!(stranger.asked(), 0, "who is not trusted is not asked");
}

#[tokio::test]
async fn the_key_decides_the_algorithm_and_never_the_token() {
    let (rsa, ec) = (IssuerKey::rsa("rsa-1"), IssuerKey::ec("ec-1"));
    let issuer = Issuer::start(&[&rsa, &ec]).await;
    let causeway = Causeway::start_trusting(&issuer.setting()).await;
    let claims = issuer.claims();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for public in [rsa.jwk()["n"].as_str().unwrap(), ec.jwk()["x"].as_str().unwrap()] {
        for secret in [public.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(public).unwrap()] {
            for kid in ["rsa-1", "ec-1"] {
                let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::HS256) };
                let forged =
                    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&secret)).unwrap();
                assert_eq!(show(&causeway, &forged).await.status, 401, "HS256 under the public key {kid}");
            }
        }
    }
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let other = rsa.sign_as(algorithm, Some("rsa-1"), &claims);
        assert_eq!(show(&causeway, &other).await.status, 401, "{algorithm:?}");
    }
    let swapped = [
        rsa.sign_as(Algorithm::RS256, Some("ec-1"), &claims),
        ec.sign_as(Algorithm::ES256, Some("rsa-1"), &claims),
    ];
    for token in swapped {
        assert_eq!(show(&causeway, &token).await.status, 401, "a key of another kind");
    }
    let signature = rsa.sign(&claims).rsplit('.').next().unwrap().to_owned();
    for (alg, signature) in [("none", ""), ("NONE", ""), ("none", signature.as_str())] {
        let head = part(&json!({"alg": alg, "kid": "rsa-1"}));
        let forged = format!("{head}.{}.{signature}", part(&claims));
        assert_eq!(show(&causeway, &forged).await.status, 401, "alg {alg}");
    }
}

#[tokio::test]
async fn keys_that_are_not_meant_for_signatures_are_not_used() {
    let key = IssuerKey::rsa("k");
    let issuer = Issuer::start(&[]).await;
    let changed = |name: &str, value: Value| {
        let mut jwk = key.jwk();
        jwk[name] = value;
        jwk
    };
    let symmetric = json!({"kty": "oct", "kid": "k", "k": "c2VjcmV0", "alg": "HS256"});
    for jwk in
        [changed("use", json!("enc")), changed("alg", json!("PS256")), changed("kid", json!(null)), symmetric]
    {
        issuer.show(vec![json!({"kty": "EC", "crv": "secp256k1", "kid": "odd"}), jwk.clone()]);
        let causeway = Causeway::start_trusting(&issuer.setting()).await;
        assert_eq!(show(&causeway, &key.sign(&issuer.claims())).await.status, 401, "{jwk}");
    }
    issuer.show(vec![json!({"kty": "EC", "crv": "secp256k1", "kid": "odd"}), json!("garbage"), key.jwk()]);
    let causeway = Causeway::start_trusting(&issuer.setting()).await;
    assert_eq!(show(&causeway, &key.sign(&issuer.claims())).await.status, 200, "the others do not hide it");
}

#[tokio::test]
async fn unknown_keys_do_not_make_us_ask_the_issuer_again_and_again() {
    let (old, new) = (IssuerKey::ed("old"), IssuerKey::ed("new"));
    let issuer = Issuer::start(&[&old]).await;
    let causeway = Causeway::start_trusting(&issuer.setting()).await;
    assert_eq!(show(&causeway, &old.sign(&issuer.claims())).await.status, 200);
    for _ in 0..20 {
        assert_eq!(show(&causeway, &new.sign(&issuer.claims())).await.status, 401);
    }
    assert_eq!(issuer.asked(), 1, "not within ten seconds");
}

#[tokio::test]
async fn an_issuer_that_cannot_be_asked_is_no_reason_to_believe_or_to_blame() {
    let key = IssuerKey::ed("ed-1");
    let issuer = Issuer::start(&[&key]).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}/keys", listener.local_addr().unwrap());
    drop(listener);
    let mut setting: Value = serde_json::from_str(&issuer.setting()).unwrap();
    for unreachable in [closed.as_str(), "https://169.254.169.254/keys", "https://[::ffff:10.0.0.1]/keys"] {
        setting[0]["jwksUri"] = json!(unreachable);
        let causeway = Causeway::start_trusting(&setting.to_string()).await;
        let answer = show(&causeway, &key.sign(&issuer.claims())).await;
        assert_eq!(answer.status, 503, "{unreachable}: {}", answer.body);
        assert!(!answer.body.to_string().contains("169.254"), "{}", answer.body);
        causeway.client().get("/erp/connections").await.expect(200);
    }
}
