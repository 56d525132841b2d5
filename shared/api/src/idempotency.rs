//! `Idempotency-Key`: a request that is sent twice is done once, and answered alike both times.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use store::Idempotent;
use xxhash_rust::xxh3::Xxh3;

use crate::body::bytes_of;
use crate::caller::Admin;
use crate::{ApiError, ApiState};
use sync::now;

/// The header that carries the key.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Tells that an answer is a repetition.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Longest key, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// Layer behind the guard: does a POST with an `Idempotency-Key` at most once per user and key. Only what succeeded is
/// kept: a request that was refused changed nothing and may be mended under the same key.
///
/// # Errors
/// 400 for a key that is none, 409 while the first request is at work, 422 for a key used for another request.
pub(crate) async fn do_once(
    State(state): State<ApiState>,
    admin: Admin,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let Some(key) = key_of(&request)? else { return Ok(next.run(request).await) };
    let name = format!("{}:{key}", admin.id);
    let (request, fingerprint) = fingerprinted(request).await?;
    match state.store().begin_idempotent(&name, fingerprint, now()).await? {
        Idempotent::First => keep(&state, &name, next.run(request).await).await,
        Idempotent::Replay { status, body, location } => replay(status, body, location),
        Idempotent::InProgress => Err(ApiError::still_in_progress()),
        Idempotent::Mismatch => Err(ApiError::idempotency_key_reused()),
    }
}

fn key_of(request: &Request) -> Result<Option<String>, ApiError> {
    let Some(key) = request.headers().get(IDEMPOTENCY_KEY).filter(|_| request.method() == Method::POST)
    else {
        return Ok(None);
    };
    let visible =
        |key: &&str| (1..=MAX_KEY_BYTES).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
    let key = key.to_str().ok().filter(visible);
    let key = key.ok_or_else(|| {
        ApiError::invalid_parameter("Idempotency-Key", "must be 1 to 255 visible ASCII characters")
    })?;
    Ok(Some(key.to_owned()))
}

/// The request with its body read, and what tells it from another under the same key.
async fn fingerprinted(request: Request) -> Result<(Request, u64), ApiError> {
    let target = request.uri().to_string();
    let (parts, body) = request.into_parts();
    let bytes = bytes_of(Request::from_parts(parts.clone(), body)).await?;
    let mut hash = Xxh3::new();
    hash.update(target.as_bytes());
    hash.update(&[0]);
    hash.update(&bytes);
    Ok((Request::from_parts(parts, Body::from(bytes)), hash.digest()))
}

/// Keeps a good answer under `name`, and frees the name otherwise.
async fn keep(state: &ApiState, name: &str, response: Response) -> Result<Response, ApiError> {
    if !response.status().is_success() {
        state.store().abandon_idempotent(name).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.map_err(ApiError::internal)?;
    let text = String::from_utf8_lossy(&bytes);
    let location = parts.headers.get(LOCATION).and_then(|location| location.to_str().ok());
    state.store().finish_idempotent(name, parts.status.as_u16(), &text, location).await?;
    Ok(Response::from_parts(parts, Body::from(bytes)))
}

fn replay(status: u16, body: String, location: Option<String>) -> Result<Response, ApiError> {
    let status = StatusCode::from_u16(status).map_err(ApiError::internal)?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if let Some(location) = location {
        headers.insert(LOCATION, HeaderValue::from_str(&location).map_err(ApiError::internal)?);
    }
    Ok((status, headers, body).into_response())
}
