//! Who else may say who calls: outside issuers of tokens, as the settings name them.

use std::collections::BTreeMap;
use std::str::FromStr;

use domain::user::Role;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;
use url::{Host, Url};

use crate::reading::read;

/// The outside issuers whose tokens are accepted beside our own; none unless named.
#[derive(Debug, Clone, Default)]
pub struct TrustedIssuers(pub(super) Vec<TrustedIssuer>);

/// An outside issuer: an OpenID Connect provider, or whoever else publishes its keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TrustedIssuer {
    /// What its tokens say in `iss`, to the letter.
    pub(super) issuer: String,
    /// Where its keys are; found by OpenID Connect Discovery if left out.
    pub(super) jwks_uri: Option<Url>,
    /// What its tokens say in `aud` if they are meant for us.
    pub(super) audience: String,
    /// The claim that tells what the caller may do: its name, or a dotted path such as `realm_access.roles`.
    pub(super) role_claim: String,
    /// Which of that claim's values is which of our roles.
    pub(super) roles: BTreeMap<String, Role>,
}

/// Why a text names no issuers to trust.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidIssuers(String);

impl FromStr for TrustedIssuers {
    type Err = InvalidIssuers;

    /// Reads a JSON list of objects with `issuer`, `audience`, `roleClaim`, `roles` and, optionally, `jwksUri`. The
    /// empty text names none.
    fn from_str(text: &str) -> Result<Self, InvalidIssuers> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let issuers: Vec<TrustedIssuer> = read(&mut json)
            .and_then(|issuers| json.end().map(|()| issuers).map_err(|error| named("", error.to_string())))
            .map_err(|error| InvalidIssuers(format!("{}: {}", error.field, error.message)))?;
        for (place, issuer) in issuers.iter().enumerate() {
            issuer.check().map_err(|(field, reason)| InvalidIssuers(format!("{place}.{field}: {reason}")))?;
            if issuers[..place].iter().any(|other| other.issuer == issuer.issuer) {
                return Err(InvalidIssuers(format!("{place}.issuer: stands there twice")));
            }
        }
        Ok(Self(issuers))
    }
}

fn named(field: &str, message: String) -> domain::FieldError {
    domain::FieldError::new(field, message)
}

impl TrustedIssuer {
    fn check(&self) -> Result<(), (&'static str, &'static str)> {
        const SAFE: &str = "must be an https address: who can change the keys on their way can be anybody";
        let url = Url::parse(&self.issuer).map_err(|_| ("issuer", "must be an https address"))?;
        if self.issuer == super::ISSUER || !is_safe(&url) {
            return Err(("issuer", SAFE));
        }
        if self.jwks_uri.as_ref().is_some_and(|uri| !is_safe(uri)) {
            return Err(("jwksUri", SAFE));
        }
        if self.audience.is_empty() {
            return Err(("audience", "is needed: else a token meant for another service would open ours"));
        }
        if self.role_claim.is_empty() {
            return Err(("roleClaim", "must name a claim"));
        }
        if self.roles.is_empty() {
            return Err((
                "roles",
                "must name at least one value of roleClaim, such as {\"erp-admin\": \"admin\"}",
            ));
        }
        Ok(())
    }

    /// The role that a token's claims give, if any. A claim may be one value, several in a list, or several in a text
    /// separated by spaces, as `scope` is.
    pub(super) fn role(&self, claims: &Value) -> Option<Role> {
        let plain = claims.get(&self.role_claim);
        let claim = plain.or_else(|| self.role_claim.split('.').try_fold(claims, |at, step| at.get(step)))?;
        let of = |value: &str| self.roles.get(value).copied();
        match claim {
            Value::String(text) => of(text).or_else(|| text.split(' ').find_map(of)),
            Value::Array(values) => values.iter().filter_map(Value::as_str).find_map(of),
            _ => None,
        }
    }
}

/// Whether nobody on the way can change what is read there. One machine is its own way.
pub(super) fn is_safe(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    url.scheme() == "https" || url.scheme() == "http" && here
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(changed: &Value) -> Value {
        let mut issuer = json!({
            "issuer": "https://login.example.com/", "audience": "causeway", "roleClaim": "realm_access.roles",
            "roles": {"erp-admin": "admin"},
        });
        issuer.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        issuer
    }

    fn parsed(issuers: &Value) -> Result<TrustedIssuers, InvalidIssuers> {
        issuers.to_string().parse()
    }

    #[test]
    fn what_is_not_safe_or_not_whole_is_refused_by_its_place() {
        assert!(parsed(&json!([one(&json!({}))])).is_ok());
        assert!(parsed(&json!([one(&json!({"jwksUri": "http://127.0.0.1:9/keys"}))])).is_ok());
        for (changed, told) in [
            (json!({"issuer": "http://login.example.com"}), "0.issuer: must be an https address"),
            (json!({"issuer": "causeway"}), "0.issuer: must be an https address"),
            (json!({"jwksUri": "http://login.example.com/keys"}), "0.jwksUri: must be an https address"),
            (json!({"audience": ""}), "0.audience: is needed"),
            (json!({"roles": {}}), "0.roles: must name at least one"),
            (json!({"roles": {"x": "owner"}}), "0.roles.x: must be one of admin"),
            (json!({"audiences": []}), "0.audiences: is not known"),
        ] {
            let error = parsed(&json!([one(&changed)])).unwrap_err().to_string();
            assert!(error.starts_with(told), "{changed}: {error}");
        }
        assert!(parsed(&json!([one(&json!({})), one(&json!({}))])).is_err(), "one issuer twice");
        assert!("{}".parse::<TrustedIssuers>().is_err() && "[] x".parse::<TrustedIssuers>().is_err());
        assert!("".parse::<TrustedIssuers>().unwrap().0.is_empty());
    }

    #[test]
    fn a_role_is_found_by_name_or_path_as_text_words_or_list() {
        let role = |claim: &str, claims: Value| {
            let issuers = parsed(&json!([one(&json!({"roleClaim": claim}))])).unwrap();
            issuers.0[0].role(&claims).is_some()
        };
        assert!(role("realm_access.roles", json!({"realm_access": {"roles": ["user", "erp-admin"]}})));
        assert!(role("https://example.com/role", json!({"https://example.com/role": "erp-admin"})));
        assert!(role("scope", json!({"scope": "openid erp-admin"})));
        for none in [
            json!({}),
            json!({"scope": "erp-admins"}),
            json!({"scope": 1}),
            json!({"scope": [["erp-admin"]]}),
        ] {
            assert!(!role("scope", none.clone()), "{none}");
        }
    }
}
