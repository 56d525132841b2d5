//! Whether a request comes from whom it says: by an assertion for a token, or by a signature of its own.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, crypto, decode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use crate::conformance::Asked;

const PUBLIC_KEY: &str = include_str!("../../../../transport/src/session/fixtures/rsa_public.pem");

/// All but what RFC 3986 calls unreserved.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether a request for a token is one that NetSuite answers: three parameters and no more, and an assertion by the
/// certificate `cert-1` of the application `app`, for this very address.
pub(super) fn is_application(asked: &Asked) -> bool {
    let form: BTreeMap<String, String> =
        url::form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect();
    let names: Vec<&str> = form.keys().map(String::as_str).collect();
    if names != ["client_assertion", "client_assertion_type", "grant_type"]
        || form["grant_type"] != "client_credentials"
        || form["client_assertion_type"] != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        || asked.header("content-type") != "application/x-www-form-urlencoded"
    {
        return false;
    }
    let mut validation = Validation::new(Algorithm::PS256);
    validation.set_audience(&[format!("{}{}", asked.origin, asked.path)]);
    let key = DecodingKey::from_rsa_pem(PUBLIC_KEY.as_bytes()).unwrap();
    let Ok(token) = decode::<Value>(&form["client_assertion"], &key, &validation) else { return false };
    let claims = token.claims;
    let lives = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    token.header.kid.as_deref() == Some("cert-1")
        && token.header.typ.as_deref() == Some("JWT")
        && claims["iss"] == "app"
        && claims["scope"] == serde_json::json!(["rest_webservices"])
        && lives < 3600
}

/// Whether a request is signed by the token `tid` (RFC 5849), within five minutes, with a nonce that was not `used`.
pub(super) fn is_signed(asked: &Asked, used: &mut HashSet<String>) -> bool {
    let Some(header) = asked.header("authorization").strip_prefix("OAuth ") else { return false };
    let parameters: BTreeMap<String, String> = header
        .split(", ")
        .filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let value = value.strip_prefix('"')?.strip_suffix('"')?;
            Some((name.to_owned(), percent_decode_str(value).decode_utf8().ok()?.into_owned()))
        })
        .collect();
    let told = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    let seconds: i64 = told("oauth_timestamp").parse().unwrap_or_default();
    let fresh = (Timestamp::now().as_second() - seconds).abs() < 300;
    let nonce = told("oauth_nonce");
    let plain = (6..=64).contains(&nonce.len()) && nonce.chars().all(|c| c.is_ascii_alphanumeric());
    told("realm") == "1234567_SB1"
        && told("oauth_consumer_key") == "ckey"
        && told("oauth_token") == "tid"
        && told("oauth_version") == "1.0"
        && told("oauth_signature_method") == "HMAC-SHA256"
        && fresh
        && plain
        && used.insert(nonce.to_owned())
        && told("oauth_signature") == signature(asked, &parameters)
}

fn signature(asked: &Asked, parameters: &BTreeMap<String, String>) -> String {
    let own = parameters.iter().filter(|(name, _)| !["realm", "oauth_signature"].contains(&name.as_str()));
    let mut pairs: Vec<String> = own
        .chain(&asked.query)
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    let address = format!("{}{}", asked.origin, asked.path);
    let base = [asked.method.as_str(), &address, &pairs.join("&")].map(encoded).join("&");
    let key = EncodingKey::from_secret(b"csecret&tsecret");
    let signed = crypto::sign(base.as_bytes(), &key, Algorithm::HS256).unwrap();
    // JWT has the other alphabet, and leaves the end off.
    format!("{}=", signed.replace('-', "+").replace('_', "/"))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}
