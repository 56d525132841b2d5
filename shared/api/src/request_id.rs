//! Names each request, so that an answer, its log lines and its audit events can be brought together.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use ulid::Ulid;

/// The header that carries it, in both directions.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id taken over from a client, in bytes.
const MAX_BYTES: usize = 128;

/// The name of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(pub(crate) String);

impl RequestId {
    /// The client's own id where it is harmless in a log and a header, else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let harmless = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        headers
            .get(X_REQUEST_ID)
            .and_then(|id| id.to_str().ok())
            .filter(|id| (1..=MAX_BYTES).contains(&id.len()) && id.bytes().all(harmless))
            .map_or_else(|| Self(Ulid::generate().to_string()), |id| Self(id.to_owned()))
    }
}

/// Layer: names the request, and tells the name in the answer.
pub(crate) async fn name_request(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let header = HeaderValue::from_str(&id.0);
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    if let Ok(header) = header {
        response.headers_mut().insert(X_REQUEST_ID, header);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_id_is_kept_and_any_other_replaced() {
        let given = |id: &str| {
            let headers =
                HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_bytes(id.as_bytes()).unwrap())]);
            RequestId::of(&headers).0
        };
        assert_eq!(given("checkout-42.a_b"), "checkout-42.a_b");
        for bad in ["", "a b", "<script>", "ü", &"x".repeat(129)] {
            assert_eq!(given(bad).len(), 26, "{bad:?} is replaced by a ULID");
        }
    }
}
