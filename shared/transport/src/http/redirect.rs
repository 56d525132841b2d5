//! Where a redirect may lead: nowhere but to the same host, for the credentials go along.

use http::header::LOCATION;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use super::{Unanswered, place};
use crate::ErpError;

/// The address an answer redirects to, if it does.
///
/// # Errors
/// `Forbidden` when it is at another host, `Rejected` when it cannot be followed.
pub(super) fn target(
    method: &Method,
    from: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Url>, ErpError> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(to) = location.and_then(|location| from.join(location).ok()) else {
        return Err(ErpError::Rejected(format!("{} answered {status} but not where to go on", place(from))));
    };
    if !is_same_host(from, &to) {
        return Err(ErpError::Forbidden(format!(
            "{} redirected to another host, {}: credentials are not sent there; if it is the right one, set the \
             connection's address to it",
            place(from),
            place(&to)
        )));
    }
    if !method.is_safe() {
        return Err(ErpError::Rejected(format!(
            "{} redirected a {method} to {}: set the connection's address to the latter",
            place(from),
            place(&to)
        )));
    }
    Ok(Some(to))
}

/// What a redirect that is not followed says of the request: `302` and `303` may also follow what was done.
pub(super) fn unanswered(status: StatusCode, error: ErpError) -> Unanswered {
    match status.as_u16() {
        302 | 303 => Unanswered::Unknown(error),
        _ => Unanswered::NotSent(error),
    }
}

/// Whether both addresses are at one host and port. Changing from `http` to `https` is welcome.
fn is_same_host(from: &Url, to: &Url) -> bool {
    let upgraded = from.scheme() == "http" && to.scheme() == "https" && from.host() == to.host();
    from.origin() == to.origin() || upgraded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(from: &str, to: &str) -> Result<Option<Url>, ErpError> {
        let headers = HeaderMap::from_iter([(LOCATION, to.parse().unwrap())]);
        target(&Method::GET, &from.parse().unwrap(), StatusCode::FOUND, &headers)
    }

    #[test]
    fn the_same_host_is_followed() {
        let from = "http://erp.example.com/api";
        for to in ["/v2", "v2", "http://erp.example.com:80/v2", "https://erp.example.com/v2"] {
            assert_eq!(redirect(from, to).unwrap().unwrap().path(), "/v2", "{to}");
        }
    }

    #[test]
    fn another_host_port_or_scheme_is_forbidden_and_named() {
        let from = "https://erp.example.com/api";
        let others = [
            "https://evil.example/x?token=t",
            "https://erp.example.com:8443/x",
            "http://erp.example.com/x",
            "//169.254.169.254/latest",
            "ftp://erp.example.com/x",
        ];
        for to in others {
            assert!(matches!(redirect(from, to), Err(ErpError::Forbidden(_))), "{to}");
        }
        let sentence = redirect(from, others[0]).unwrap_err().to_string();
        assert!(sentence.contains("https://evil.example/x") && !sentence.contains("token"), "{sentence}");
    }
}
