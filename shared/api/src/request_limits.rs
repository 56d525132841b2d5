//! How large the head of a request may be. The body's bound stands with the body.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::ApiError;

/// Longest address, in bytes: a cursor and every filter fit many times.
const MAX_ADDRESS_BYTES: usize = 8 * 1024;

/// Most bytes of all headers together. API Gateway takes 10 KB.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// Layer: refuses what no client of ours sends.
///
/// # Errors
/// 414 for the address, 431 for the headers.
pub(crate) async fn limit_head(request: Request, next: Next) -> Result<Response, ApiError> {
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if address > MAX_ADDRESS_BYTES {
        return Err(ApiError::address_too_long(MAX_ADDRESS_BYTES));
    }
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    if headers.sum::<usize>() > MAX_HEADER_BYTES {
        return Err(ApiError::headers_too_large(MAX_HEADER_BYTES));
    }
    Ok(next.run(request).await)
}
