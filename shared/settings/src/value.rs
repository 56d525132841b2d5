//! How the text of each variable is read. An error goes on from the variable's name: "must be …".

use std::num::NonZeroU32;

use api::{BasePath, InvalidBasePath, InvalidIssuers, InvalidOrigin, Origins, TrustedIssuers};
use secrecy::SecretString;
use tracing_subscriber::filter::{LevelFilter, Targets};
use transport::{Egress, InvalidCidr};

use crate::LogFormat;

/// First segments that our own routes begin with.
const OWN_SEGMENTS: [&str; 9] =
    [".well-known", "api", "clients", "docs", "erp", "health", "oauth", "openapi.json", "sites"];

/// Shortest accepted password, in characters.
const MIN_PASSWORD: usize = 8;

/// Libraries that would drown our own lines; said outright in `CAUSEWAY_LOG`, they are heard.
const QUIET: &str =
    "aws_smithy_runtime=warn,aws_smithy_runtime_api=warn,h2=warn,hyper=warn,hyper_util=warn,russh=warn";

/// Text that must be there: the name or address of something.
///
/// # Errors
/// When it is empty.
pub fn needed(text: &str) -> Result<String, String> {
    if text.is_empty() { Err("must be set".to_owned()) } else { Ok(text.to_owned()) }
}

/// A port; 0 lets the system choose.
///
/// # Errors
/// With what would do.
pub fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("must be a port from 0 to 65535, not \"{text}\""))
}

/// A prefix under which everything is served as well.
///
/// # Errors
/// With what would do.
pub fn base_path(text: &str) -> Result<BasePath, String> {
    let first = text.split('/').nth(1).unwrap_or_default();
    if OWN_SEGMENTS.contains(&first) {
        return Err(format!("must not begin with /{first}: a route of ours does"));
    }
    text.parse().map_err(|error: InvalidBasePath| format!("{error}, not \"{text}\""))
}

/// An e-mail address, in lower case.
///
/// # Errors
/// With what would do.
pub fn email(text: &str) -> Result<String, String> {
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

/// A password, or none. The text itself is never part of an error.
///
/// # Errors
/// With what would do.
pub fn password(text: &str) -> Result<Option<SecretString>, String> {
    match text.chars().count() {
        0 => Ok(None),
        length if length < MIN_PASSWORD => Err(format!("must have at least {MIN_PASSWORD} characters")),
        length if length > 256 => Err("must have at most 256 characters".to_owned()),
        _ => Ok(Some(SecretString::from(text))),
    }
}

/// Which addresses besides public ones may be connected to; `none` for public ones only.
///
/// # Errors
/// With what would do.
pub fn egress(text: &str) -> Result<Egress, String> {
    if text == "none" {
        return Ok(Egress::default());
    }
    text.parse().map_err(|error: InvalidCidr| {
        format!("cannot be read: {error}; \"none\" allows public addresses only")
    })
}

/// The web origins whose pages may call the API.
///
/// # Errors
/// With what would do.
pub fn origins(text: &str) -> Result<Origins, String> {
    text.parse().map_err(|error: InvalidOrigin| format!("cannot be read: {error}"))
}

/// The outside issuers to trust.
///
/// # Errors
/// With the first that cannot be.
pub fn trusted_issuers(text: &str) -> Result<TrustedIssuers, String> {
    text.parse().map_err(|error: InvalidIssuers| {
        format!("must be a JSON list of issuers, each with issuer, audience, roleClaim, roles: {error}")
    })
}

/// How many requests a minute; `none` for no limit.
///
/// # Errors
/// With what would do.
pub fn rate_limit(text: &str) -> Result<Option<NonZeroU32>, String> {
    if text == "none" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| format!("must be how many requests a minute, or none, not \"{text}\""))
}

/// What is logged: a level, or a list. `also_quiet` quietens more libraries than all processes have.
///
/// # Errors
/// With what would do.
pub fn log_filter(text: &str, also_quiet: &str) -> Result<Targets, String> {
    let directives = [QUIET, also_quiet, text].into_iter().flat_map(|list| list.split(','));
    let mut filter = Targets::new();
    for directive in directives.map(str::trim).filter(|directive| !directive.is_empty()) {
        let (target, level) =
            directive.rsplit_once('=').map_or((None, directive), |(t, level)| (Some(t), level));
        let level: LevelFilter = level.parse().map_err(|_| {
            format!(
                "must be a level such as info or debug, or a list such as info,sync=debug, not \"{text}\""
            )
        })?;
        filter = match target {
            Some(target) => filter.with_target(target, level),
            None => filter.with_default(level),
        };
    }
    Ok(filter)
}

/// How log lines look.
///
/// # Errors
/// With what would do.
pub fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("must be text or json, not \"{text}\"")),
    }
}
