//! An outside issuer of tokens: a real server that publishes keys, and the private halves to sign with.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Bytes that PKCS #8 puts before the PKCS #1 form of an RSA key of 2048 bits.
const PKCS8_HEADER: usize = 26;

/// A running issuer.
pub(crate) struct Issuer {
    pub(crate) url: String,
    keys: Arc<Mutex<Value>>,
    asked: Arc<AtomicUsize>,
}

/// A key of an issuer.
pub(crate) struct IssuerKey {
    pub(crate) id: &'static str,
    algorithm: Algorithm,
    private: EncodingKey,
}

impl IssuerKey {
    pub(crate) fn rsa(id: &'static str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let private = EncodingKey::from_rsa_der(&der.as_ref()[PKCS8_HEADER..]);
        Self { id, algorithm: Algorithm::RS256, private }
    }

    pub(crate) fn ec(id: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der = pair.to_pkcs8v1().unwrap();
        Self { id, algorithm: Algorithm::ES256, private: EncodingKey::from_ec_der(der.as_ref()) }
    }

    pub(crate) fn ed(id: &'static str) -> Self {
        let der = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
        Self { id, algorithm: Algorithm::EdDSA, private: EncodingKey::from_ed_der(der.as_ref()) }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_as(self.algorithm, Some(self.id), claims)
    }

    /// Signs with what the header says otherwise.
    pub(crate) fn sign_as(&self, algorithm: Algorithm, kid: Option<&str>, claims: &Value) -> String {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
        jsonwebtoken::encode(&header, claims, &self.private).unwrap()
    }

    /// The public half, as the issuer shows it.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk =
            serde_json::to_value(Jwk::from_encoding_key(&self.private, self.algorithm).unwrap()).unwrap();
        jwk["kid"] = json!(self.id);
        jwk["use"] = json!("sig");
        jwk
    }
}

impl Issuer {
    /// Starts one that shows these keys.
    pub(crate) async fn start(keys: &[&IssuerKey]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shown = Arc::new(Mutex::new(json!({"keys": []})));
        let asked = Arc::new(AtomicUsize::new(0));
        let discovery = json!({"issuer": url, "jwks_uri": format!("{url}/keys")});
        let (keys_shown, counter) = (Arc::clone(&shown), Arc::clone(&asked));
        let show = move || async move {
            counter.fetch_add(1, Ordering::SeqCst);
            Json(keys_shown.lock().unwrap().clone())
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(async || Json(discovery)))
            .route("/keys", get(show));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let issuer = Self { url, keys: shown, asked };
        issuer.show(keys.iter().map(|key| key.jwk()).collect());
        issuer
    }

    /// Shows other keys from now on.
    pub(crate) fn show(&self, keys: Vec<Value>) {
        *self.keys.lock().unwrap() = json!({"keys": keys});
    }

    /// How often its keys were asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// What its tokens say of an admin of ours.
    pub(crate) fn claims(&self) -> Value {
        let now = Timestamp::now().as_second();
        json!({
            "iss": self.url, "aud": ["account", "causeway"], "sub": "auth0|42", "iat": now, "nbf": now, "exp": now + 60,
            "realm_access": {"roles": ["offline_access", "erp-admin"]},
        })
    }

    /// The setting that trusts it.
    pub(crate) fn setting(&self) -> String {
        json!([{
            "issuer": self.url, "audience": "causeway", "roleClaim": "realm_access.roles", "roles": {"erp-admin": "admin"},
        }])
        .to_string()
    }
}
