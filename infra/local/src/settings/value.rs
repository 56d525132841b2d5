//! How the text of each variable is read. An error goes on from the variable's name: "must be …".

use std::num::NonZeroU32;

use api::{BasePath, InvalidBasePath, InvalidIssuers, InvalidOrigin, Origins, TrustedIssuers};
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use transport::{Egress, InvalidCidr};

use super::LogFormat;

/// First segments that our own routes begin with.
const OWN_SEGMENTS: [&str; 9] =
    [".well-known", "api", "clients", "docs", "erp", "health", "oauth", "openapi.json", "sites"];

/// Shortest accepted password, in characters.
const MIN_PASSWORD: usize = 8;

/// Libraries that would drown our own lines; said outright in `CAUSEWAY_LOG`, they are heard.
const QUIET: &str = "aws_config=warn,aws_smithy_runtime=warn,aws_smithy_runtime_api=warn,dynoxide=error,\
                     h2=warn,hyper=warn,hyper_util=warn,russh=warn,rustack_sqs_core=warn,rustack_sqs_http=warn";

pub(super) fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("must be a port from 0 to 65535, not \"{text}\""))
}

pub(super) fn base_path(text: &str) -> Result<BasePath, String> {
    let first = text.split('/').nth(1).unwrap_or_default();
    if OWN_SEGMENTS.contains(&first) {
        return Err(format!("must not begin with /{first}: a route of ours does"));
    }
    text.parse().map_err(|error: InvalidBasePath| format!("{error}, not \"{text}\""))
}

pub(super) fn email(text: &str) -> Result<String, String> {
    let address = text.to_lowercase();
    let parts = address.split('@').collect::<Vec<_>>();
    let plain =
        |part: &&str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control());
    if parts.len() == 2 && parts.iter().all(plain) && address.len() <= 254 {
        Ok(address)
    } else {
        Err(format!("must be an e-mail address, not \"{text}\""))
    }
}

/// The text itself is never part of an error.
pub(super) fn password(text: &str) -> Result<Option<SecretString>, String> {
    match text.chars().count() {
        0 => Ok(None),
        length if length < MIN_PASSWORD => Err(format!("must have at least {MIN_PASSWORD} characters")),
        length if length > 256 => Err("must have at most 256 characters".to_owned()),
        _ => Ok(Some(SecretString::from(text))),
    }
}

pub(super) fn egress(text: &str) -> Result<Egress, String> {
    if text == "none" {
        return Ok(Egress::default());
    }
    text.parse().map_err(|error: InvalidCidr| {
        format!("cannot be read: {error}; \"none\" allows public addresses only")
    })
}

pub(super) fn origins(text: &str) -> Result<Origins, String> {
    text.parse().map_err(|error: InvalidOrigin| format!("cannot be read: {error}"))
}

pub(super) fn trusted_issuers(text: &str) -> Result<TrustedIssuers, String> {
    text.parse().map_err(|error: InvalidIssuers| {
        format!("must be a JSON list of issuers, each with issuer, audience, roleClaim, roles: {error}")
    })
}

/// Requests a minute.
pub(super) fn rate_limit(text: &str) -> Result<Option<NonZeroU32>, String> {
    if text == "none" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("must be how many requests a minute, or none, not \"{text}\""))
}

pub(super) fn log_filter(text: &str) -> Result<EnvFilter, String> {
    EnvFilter::try_new(format!("{QUIET},{text}")).map_err(|error| {
        format!("must be a level such as info or debug, or a list such as info,sync=debug, not \"{text}\" ({error})")
    })
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("must be text or json, not \"{text}\"")),
    }
}
