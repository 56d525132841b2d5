//! OAuth 1.0a (RFC 5849) with HMAC-SHA256 for its signature: every try is signed anew, over its method, its address, the
//! time and a number that is used once.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Method;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// All but what RFC 3986 calls unreserved (RFC 5849, section 3.6).
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What signs: an application, and a token that it was given.
#[derive(Debug, Clone)]
pub struct OAuth1 {
    /// The key of the application.
    pub consumer_key: SecretString,
    /// The secret of the application.
    pub consumer_secret: SecretString,
    /// The id of the token.
    pub token: SecretString,
    /// The secret of the token.
    pub token_secret: SecretString,
    /// The part of the server that is meant, where it wants to be told. It is not signed.
    pub realm: Option<String>,
}

impl OAuth1 {
    /// The `Authorization` of one try. A body is not signed: RFC 5849 has none signed but those of forms.
    pub(super) fn authorization(&self, method: &Method, url: &Url) -> String {
        let nonce = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        self.signed(method, url, &nonce, Timestamp::now().as_second())
    }

    fn signed(&self, method: &Method, url: &Url, nonce: &str, timestamp: i64) -> String {
        let timestamp = timestamp.to_string();
        let parameters = [
            ("oauth_consumer_key", self.consumer_key.expose_secret()),
            ("oauth_nonce", nonce),
            ("oauth_signature_method", "HMAC-SHA256"),
            ("oauth_timestamp", &timestamp),
            ("oauth_token", self.token.expose_secret()),
            ("oauth_version", "1.0"),
        ];
        let signature = self.signature(&base_string(method, url, &parameters));
        let realm = self.realm.iter().map(|realm| format!("realm=\"{realm}\""));
        let quoted = |(name, value): (&str, &str)| format!("{name}=\"{}\"", encoded(value));
        let signed = parameters.into_iter().chain([("oauth_signature", signature.as_str())]).map(quoted);
        format!("OAuth {}", realm.chain(signed).collect::<Vec<_>>().join(", "))
    }

    fn signature(&self, base_string: &str) -> String {
        let secrets = [&self.consumer_secret, &self.token_secret];
        let key = SecretString::from(secrets.map(|secret| encoded(secret.expose_secret())).join("&"));
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret().as_bytes());
        BASE64.encode(hmac::sign(&key, base_string.as_bytes()))
    }

    /// What must not be shown.
    pub(super) fn secrets(&self) -> Vec<String> {
        let all = [&self.consumer_key, &self.consumer_secret, &self.token, &self.token_secret];
        all.map(|secret| secret.expose_secret().to_owned()).into()
    }
}

/// What is signed (RFC 5849, section 3.4.1).
fn base_string(method: &Method, url: &Url, parameters: &[(&str, &str)]) -> String {
    let query = url.query_pairs().map(|(name, value)| (encoded(&name), encoded(&value)));
    let own = parameters.iter().map(|(name, value)| (encoded(name), encoded(value)));
    let mut pairs: Vec<_> = query.chain(own).collect();
    pairs.sort_unstable();
    let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut address = url.clone();
    address.set_query(None);
    address.set_fragment(None);
    format!("{method}&{}&{}", encoded(address.as_str()), encoded(&pairs.join("&")))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "abcdefghij1234567890";
    const TIME: i64 = 1_700_000_000;
    const BASE: &str = "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest";

    fn signer() -> OAuth1 {
        let secret = |text: &str| SecretString::from(text.to_owned());
        OAuth1 {
            consumer_key: secret("ckey"),
            consumer_secret: secret("csecret"),
            token: secret("tid"),
            token_secret: secret("tsecret"),
            realm: Some("1234567_SB1".to_owned()),
        }
    }

    /// The signatures are those that the library oauthlib gives for the same requests.
    #[test]
    fn requests_are_signed_as_another_implementation_signs_them() {
        let cases = [
            (
                Method::POST,
                "/query/v1/suiteql?limit=1000&offset=0",
                "7sHt9WTYQvIWAMvh28xz2EQm4TAyAKJ+X3cY0l/oM6I=",
            ),
            (
                Method::PUT,
                "/record/v1/salesOrder/eid:WEB-1001",
                "Cnoy1WfYqpJVvBmZ5uzSqeCGPBB/jXxN0og1oSlfdXg=",
            ),
            (
                Method::GET,
                "/record/v1/customer?q=email%20IS%20%22a%2Bb@x.com%22&limit=5",
                "Cf7FY9AW74MYfrRn3yfkJb7EX3XzConO6jqFbLmUG4w=",
            ),
        ];
        for (method, path, signature) in cases {
            let url: Url = format!("{BASE}{path}").parse().unwrap();
            let header = signer().signed(&method, &url, NONCE, TIME);
            assert!(
                header.ends_with(&format!("oauth_signature=\"{}\"", encoded(signature))),
                "{path}: {header}"
            );
        }
    }

    #[test]
    fn what_is_signed_has_every_parameter_in_order_and_the_header_has_the_realm_beside_it() {
        let url: Url = format!("{BASE}/query/v1/suiteql?limit=1000&offset=0").parse().unwrap();
        let base = base_string(&Method::POST, &url, &[("oauth_token", "tid"), ("oauth_nonce", NONCE)]);
        let expected = "POST&https%3A%2F%2F1234567-sb1.suitetalk.api.netsuite.com%2Fservices%2Frest%2Fquery%2Fv1%2F\
                        suiteql&limit%3D1000%26oauth_nonce%3Dabcdefghij1234567890%26oauth_token%3Dtid%26offset%3D0";
        assert_eq!(base, expected);
        let header = signer().signed(&Method::POST, &url, NONCE, TIME);
        let begin =
            r#"OAuth realm="1234567_SB1", oauth_consumer_key="ckey", oauth_nonce="abcdefghij1234567890","#;
        assert!(header.starts_with(begin), "{header}");
    }

    /// The parameters of the example in RFC 5849, section 3.4.1.3, but for those of its form.
    #[test]
    fn names_and_values_are_decoded_before_they_are_encoded_and_sorted() {
        let url: Url =
            "http://EXAMPLE.com:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2+=x#end".parse().unwrap();
        let base = base_string(&Method::GET, &url, &[]);
        let pairs = "a2%3Dr%2520b%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%2520%3Dx";
        assert_eq!(base, format!("GET&http%3A%2F%2Fexample.com%2Frequest&{pairs}"));
    }

    #[test]
    fn no_try_is_signed_like_the_one_before() {
        let url: Url = BASE.parse().unwrap();
        assert_ne!(signer().authorization(&Method::GET, &url), signer().authorization(&Method::GET, &url));
    }
}
