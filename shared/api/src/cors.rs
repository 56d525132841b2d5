//! Which web pages may call us from a browser.

use std::str::FromStr;
use std::time::Duration;

use http::header::{ETAG, LINK, LOCATION, RETRY_AFTER};
use http::{HeaderValue, Method};
use thiserror::Error;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};
use url::Url;

use crate::rate_limit::{RATE_LIMIT, RATE_LIMIT_POLICY};
use crate::request_id::X_REQUEST_ID;

/// Origins such as `https://admin.example.com`; `*` for all; none means that only our own pages may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Vec<HeaderValue>);

/// Why a text is no list of origins.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{0:?} is not an origin: write scheme and host such as https://admin.example.com, separated by commas, or *"
)]
pub struct InvalidOrigin(String);

impl FromStr for Origins {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let named = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        named.map(origin).collect::<Result<_, _>>().map(Self)
    }
}

fn origin(text: &str) -> Result<HeaderValue, InvalidOrigin> {
    let wrong = || InvalidOrigin(text.to_owned());
    if text == "*" {
        return Ok(HeaderValue::from_static("*"));
    }
    let url = Url::parse(text).map_err(|_| wrong())?;
    let serialised = url.origin().ascii_serialization();
    let is_origin = matches!(url.scheme(), "http" | "https") && text.trim_end_matches('/') == serialised;
    HeaderValue::from_str(&serialised).ok().filter(|_| is_origin).ok_or_else(wrong)
}

/// The layer that lets `origins` in. Tokens travel in a header, so no cookies are allowed.
pub(crate) fn layer(Origins(origins): &Origins) -> CorsLayer {
    let allowed = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::from(Any)
    } else {
        AllowOrigin::list(origins.clone())
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([ETAG, LINK, LOCATION, RETRY_AFTER, RATE_LIMIT, RATE_LIMIT_POLICY, X_REQUEST_ID])
        .max_age(Duration::from_mins(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_scheme_and_host_and_nothing_else() {
        let origins: Origins = "https://admin.example.com, http://localhost:5173/".parse().unwrap();
        assert_eq!(origins.0, ["https://admin.example.com", "http://localhost:5173"]);
        assert_eq!("".parse::<Origins>().unwrap(), Origins::default());
        for bad in ["admin.example.com", "https://a.example/path", "ftp://a.example", "null"] {
            assert!(bad.parse::<Origins>().unwrap_err().to_string().contains(bad), "{bad}");
        }
    }
}
