//! OAuth 2.0 by a SAML 2.0 bearer assertion (RFC 7522): the application says, signed with its own key, as which user it
//! comes. The assertion is written in its canonical form (Exclusive XML Canonicalization) from the start, so that what
//! is signed is what is sent, and no XML need be read.

use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use url::form_urlencoded::Serializer;

use super::token_endpoint::TokenEndpoint;
use super::{AccessToken, Grant, SigningKey};
use crate::ErpError;
use crate::http::{Auth, HttpClient, RetryPolicy};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";
const C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// How long an assertion holds, before and after it is made: clocks differ.
const LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Gets access tokens for an application that comes as a user.
#[derive(Debug, Clone)]
pub struct SamlBearer {
    /// Where tokens are given out.
    pub token_url: Url,
    /// The application.
    pub client_id: String,
    /// Who comes, and to whom.
    pub subject: SamlSubject,
    /// What signs: the server knows its certificate.
    pub key: SigningKey,
    /// Further fields of the form.
    pub form: Vec<(&'static str, String)>,
    /// How long one try may take.
    pub timeout: Duration,
    /// How often a failed try is repeated.
    pub retry: RetryPolicy,
    /// The fields of the connection to check when the server refuses.
    pub fields: &'static str,
}

/// What an assertion says.
#[derive(Debug, Clone)]
pub struct SamlSubject {
    /// Who says it.
    pub issuer: String,
    /// To whom it is said.
    pub audience: String,
    /// The user.
    pub user: String,
    /// What else is said of the user, by name.
    pub attributes: Vec<(&'static str, String)>,
}

#[async_trait]
impl Grant for SamlBearer {
    fn name(&self) -> &'static str {
        "saml2_bearer"
    }

    async fn fetch(&self, http: &HttpClient) -> Result<AccessToken, ErpError> {
        let (form, auth) = self.form()?;
        let endpoint = TokenEndpoint {
            url: &self.token_url,
            timeout: self.timeout,
            retry: self.retry,
            fields: self.fields,
        };
        endpoint.ask(http, form, auth).await
    }

    fn auth(&self, token: &AccessToken) -> Auth {
        Auth::bearer(token.secret.clone(), self.fields)
    }
}

impl SamlBearer {
    /// What is sent, with the assertion in it.
    fn form(&self) -> Result<(String, Auth), ErpError> {
        let assertion = self.assertion(Timestamp::now())?;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", GRANT_TYPE).append_pair("client_id", &self.client_id);
        form.extend_pairs(&self.form).append_pair("assertion", assertion.expose_secret());
        Ok((form.finish(), Auth::in_body(vec![assertion], self.fields)))
    }

    /// The signed assertion, in Base64.
    fn assertion(&self, now: Timestamp) -> Result<SecretString, ErpError> {
        let id = format!("_{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..));
        let (head, tail) = self.halves(&id, now);
        let signature = self.signature(&id, &format!("{head}{tail}"))?;
        Ok(BASE64.encode(format!("{head}{signature}{tail}")).into())
    }

    /// The assertion before and after its signature, which stands behind the issuer.
    fn halves(&self, id: &str, now: Timestamp) -> (String, String) {
        let moment =
            |moment: Timestamp| Timestamp::from_second(moment.as_second()).unwrap_or(moment).to_string();
        let (from, until) = (moment(now - LIFE), moment(now + LIFE));
        let now = moment(now);
        let SamlSubject { issuer, audience, user, attributes } = &self.subject;
        let head = format!(
            r#"<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" IssueInstant="{now}" Version="2.0"><saml2:Issuer>{}</saml2:Issuer>"#,
            escaped(issuer)
        );
        let mut tail = format!(
            r#"<saml2:Subject><saml2:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified">{}</saml2:NameID><saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData NotOnOrAfter="{until}" Recipient="{}"></saml2:SubjectConfirmationData></saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions NotBefore="{from}" NotOnOrAfter="{until}"><saml2:AudienceRestriction><saml2:Audience>{}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions><saml2:AuthnStatement AuthnInstant="{now}" SessionIndex="{id}"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement><saml2:AttributeStatement>"#,
            escaped(user),
            escaped(self.token_url.as_str()),
            escaped(audience)
        );
        for (name, value) in attributes {
            let value = escaped(value);
            tail += &format!(
                r#"<saml2:Attribute Name="{name}"><saml2:AttributeValue>{value}</saml2:AttributeValue></saml2:Attribute>"#
            );
        }
        tail.push_str("</saml2:AttributeStatement></saml2:Assertion>");
        (head, tail)
    }

    /// The enveloped signature over an assertion without one (XML Signature, RSA with SHA-256).
    fn signature(&self, id: &str, assertion: &str) -> Result<String, ErpError> {
        let sha256 = BASE64.encode(digest::digest(&digest::SHA256, assertion.as_bytes()));
        let info = format!(
            r##"<ds:CanonicalizationMethod Algorithm="{C14N}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#{id}"><ds:Transforms><ds:Transform Algorithm="{DSIG}enveloped-signature"></ds:Transform><ds:Transform Algorithm="{C14N}"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>{sha256}</ds:DigestValue></ds:Reference></ds:SignedInfo>"##
        );
        // By itself it declares the prefix that it has from around it.
        let value = self.key.rsa_sha256(&format!(r#"<ds:SignedInfo xmlns:ds="{DSIG}">{info}"#))?;
        let value = BASE64.encode(value);
        Ok(format!(
            r#"<ds:Signature xmlns:ds="{DSIG}"><ds:SignedInfo>{info}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"#
        ))
    }
}

/// A text as canonical XML has it; an address too, for it holds neither quotes nor angle brackets.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::crypto::verify;
    use jsonwebtoken::{Algorithm, DecodingKey};

    use super::*;

    const RSA: &str = include_str!("fixtures/rsa.pem");
    const RSA_PUBLIC: &str = include_str!("fixtures/rsa_public.pem");
    const P256: &str = include_str!("fixtures/p256.pem");

    fn bearer(pem: &str) -> SamlBearer {
        SamlBearer {
            token_url: "https://api4.example.com/oauth/token".parse().unwrap(),
            client_id: "app".to_owned(),
            subject: SamlSubject {
                issuer: "Causeway".to_owned(),
                audience: "www.successfactors.com".to_owned(),
                user: "a<b>&c".to_owned(),
                attributes: vec![("api_key", "app".to_owned())],
            },
            key: SigningKey::from_pem(&pem.to_owned().into(), None).unwrap(),
            form: vec![("company_id", "ACME".to_owned())],
            timeout: Duration::from_secs(1),
            retry: RetryPolicy::NONE,
            fields: "privateKey",
        }
    }

    fn assertion() -> String {
        let now = "2026-11-21T20:00:00.5Z".parse().unwrap();
        let text = bearer(RSA).assertion(now).unwrap();
        String::from_utf8(BASE64.decode(text.expose_secret()).unwrap()).unwrap()
    }

    fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
        let start = text.find(from).unwrap() + from.len();
        &text[start..start + text[start..].find(to).unwrap()]
    }

    #[test]
    fn the_digest_is_of_the_assertion_without_its_signature() {
        let text = assertion();
        let signature = between(&text, "</saml2:Issuer>", "<saml2:Subject>");
        let bare = text.replace(signature, "");
        let sha256 = BASE64.encode(digest::digest(&digest::SHA256, bare.as_bytes()));
        assert_eq!(between(&text, "<ds:DigestValue>", "<"), sha256);
        let id = between(&text, " ID=\"", "\"");
        assert_eq!(between(&text, "URI=\"#", "\""), id);
    }

    #[test]
    fn the_signature_is_of_what_says_the_digest() {
        let text = assertion();
        let info = between(&text, "<ds:SignedInfo>", "<ds:SignatureValue>");
        let canonical = format!("<ds:SignedInfo xmlns:ds=\"{DSIG}\">{info}");
        let value = BASE64.decode(between(&text, "<ds:SignatureValue>", "<")).unwrap();
        let value = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value);
        let key = DecodingKey::from_rsa_pem(RSA_PUBLIC.as_bytes()).unwrap();
        assert!(verify(&value, canonical.as_bytes(), &key, Algorithm::RS256).unwrap());
    }

    #[test]
    fn it_holds_for_ten_minutes_and_says_who_comes() {
        let text = assertion();
        for part in [
            r#"IssueInstant="2026-11-21T20:00:00Z""#,
            r#"NotBefore="2026-11-21T19:50:00Z" NotOnOrAfter="2026-11-21T20:10:00Z""#,
            r#"Recipient="https://api4.example.com/oauth/token""#,
            ">a&lt;b&gt;&amp;c</saml2:NameID>",
            r#"<saml2:Attribute Name="api_key"><saml2:AttributeValue>app<"#,
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_key_that_is_none_of_rsa_is_refused() {
        let error = bearer(P256).assertion(Timestamp::now()).unwrap_err();
        assert!(matches!(&error, ErpError::Misconfigured(why) if why.contains("privateKey")), "{error:?}");
    }
}
