//! Serves everything a second time under a prefix, so that an existing front end moves over by changing one URL.

use std::str::FromStr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{LINK, LOCATION};
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, Uri};
use thiserror::Error;

/// A prefix such as `/make-server-6fcaeea3`, or none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// Why a text is no base path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "must be a path such as /make-server-6fcaeea3: it begins with /, and holds letters, digits or any of - _ . ~ /"
)]
pub struct InvalidBasePath;

impl FromStr for BasePath {
    type Err = InvalidBasePath;

    /// An ending `/` does not matter; an empty text, or `/` alone, means none.
    fn from_str(text: &str) -> Result<Self, InvalidBasePath> {
        let path = text.trim_end_matches('/');
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~/".contains(&b);
        let sound =
            path.is_empty() || (path.starts_with('/') && path.bytes().all(plain) && !path.contains("//"));
        if sound { Ok(Self(path.to_owned())) } else { Err(InvalidBasePath) }
    }
}

impl BasePath {
    /// The prefix, without an ending `/`; empty if there is none.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address without the prefix; `None` if it does not begin with it.
    #[must_use]
    pub fn strip(&self, uri: &Uri) -> Option<Uri> {
        let rest = uri.path().strip_prefix(self.0.as_str()).filter(|_| !self.0.is_empty())?;
        let rest = match rest {
            "" => "/",
            rest if rest.starts_with('/') => rest,
            _ => return None,
        };
        let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(format!("{rest}{query}")).ok()?);
        Uri::from_parts(parts).ok()
    }

    /// Puts the prefix before the addresses that an answer's headers name.
    pub fn prepend_to(&self, response: &mut Response) {
        if !self.0.is_empty() {
            self.prepend(response, &LOCATION, "/");
            self.prepend(response, &LINK, "</");
        }
    }

    fn prepend(&self, response: &mut Response, name: &HeaderName, rooted: &str) {
        let Some(value) = response.headers().get(name).and_then(|value| value.to_str().ok()) else { return };
        let Some(rest) = value.strip_prefix(rooted) else { return };
        if let Ok(value) = HeaderValue::from_str(&format!("{rooted}{}/{rest}", &self.0[1..])) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// Layer around the router: takes the prefix off the request, and puts it before the addresses in the answer's headers.
pub(crate) async fn strip_base_path(
    State(base): State<BasePath>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(stripped) = base.strip(request.uri()) else { return next.run(request).await };
    *request.uri_mut() = stripped;
    let mut response = next.run(request).await;
    base.prepend_to(&mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> BasePath {
        "/make-server-6fcaeea3/".parse().unwrap()
    }

    #[test]
    fn a_prefix_is_taken_off_only_where_it_is_whole() {
        let strip = |uri: &str| base().strip(&uri.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(
            strip("/make-server-6fcaeea3/erp/connections?limit=2").as_deref(),
            Some("/erp/connections?limit=2")
        );
        assert_eq!(strip("/make-server-6fcaeea3").as_deref(), Some("/"));
        assert_eq!(strip("/make-server-6fcaeea3x/erp"), None);
        assert_eq!(strip("/erp/connections"), None);
        assert_eq!(BasePath::default().strip(&"/erp".parse().unwrap()), None);
    }

    #[test]
    fn addresses_in_the_answer_carry_the_prefix() {
        let mut response = Response::default();
        response.headers_mut().insert(LOCATION, HeaderValue::from_static("/erp/connections/erp_1"));
        response
            .headers_mut()
            .insert(LINK, HeaderValue::from_static("</erp/connections?cursor=a>; rel=\"next\""));
        base().prepend_to(&mut response);
        assert_eq!(response.headers()[LOCATION], "/make-server-6fcaeea3/erp/connections/erp_1");
        assert_eq!(
            response.headers()[LINK],
            "</make-server-6fcaeea3/erp/connections?cursor=a>; rel=\"next\""
        );
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for bad in ["erp", "/a b", "/a?b", "//a", "/a//b", "https://example.com"] {
            assert!(bad.parse::<BasePath>().is_err(), "{bad}");
        }
        assert_eq!("/".parse::<BasePath>().unwrap(), BasePath::default());
    }
}
