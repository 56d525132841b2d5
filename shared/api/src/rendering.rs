//! Writes every body that handlers do not write themselves: errors on both surfaces, and the platform surface's
//! envelope around what a handler answered.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::FieldError;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::ApiError;
use crate::page::Pagination;
use crate::request_id::RequestId;
use sync::now;

/// What the paths of the platform surface begin with.
pub(crate) const PLATFORM_PREFIX: &str = "/api/v1/";

/// The version the platform surface names in its envelope.
const PLATFORM_VERSION: &str = "1.0";

/// An error on the ERP surface.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Error)]
pub(crate) struct ErrorBody<'a> {
    /// One sentence for a person.
    #[schema(example = "There is no connection erp_001.")]
    error: &'a str,
    /// What happened, for a program.
    #[schema(example = "NOT_FOUND")]
    code: &'a str,
    /// The fields or parameters at fault, or the things in the way.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    details: &'a [FieldError],
    /// Names the request in our log.
    #[schema(example = "01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    request_id: &'a str,
}

/// An error on the platform surface.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlatformError)]
pub(crate) struct PlatformErrorBody<'a> {
    /// Always `false`.
    #[schema(example = false)]
    success: bool,
    /// What happened.
    error: PlatformErrorDetail<'a>,
    /// When, and which request.
    meta: Meta<'a>,
}

/// What happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlatformErrorDetail<'a> {
    /// What happened, for a program.
    #[schema(example = "UNAUTHORIZED")]
    code: &'a str,
    /// One sentence for a person.
    #[schema(example = "Sign in first: send Authorization: Bearer with the token from /api/v1/auth/login.")]
    message: &'a str,
    /// The fields or parameters at fault.
    details: &'a [FieldError],
}

/// About an answer of the platform surface.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Meta<'a> {
    /// When it was written.
    timestamp: Timestamp,
    /// The version of the envelope.
    #[schema(example = "1.0")]
    version: &'static str,
    /// Names the request in our log.
    #[schema(example = "01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    request_id: &'a str,
    /// Of a list: how it is paged.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pagination: Option<Pagination>,
}

/// A good answer of the platform surface, around what the handler wrote.
#[derive(Serialize)]
struct Envelope<'a> {
    success: bool,
    data: &'a RawValue,
    meta: Meta<'a>,
}

/// Layer: writes the body of an [`ApiError`], and the platform surface's envelope.
pub(crate) async fn render(request: Request, next: Next) -> Response {
    let platform = request.uri().path().starts_with(PLATFORM_PREFIX);
    let RequestId(id) = request.extensions().get().cloned().unwrap_or_else(|| RequestId(String::new()));
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Arc<ApiError>>() {
        Some(error) => render_error(&error, platform, &id, response),
        None if platform && is_json(&response) => wrap(response, &id).await.unwrap_or_else(|error| {
            let bare = StatusCode::INTERNAL_SERVER_ERROR.into_response();
            render_error(&ApiError::internal(error), platform, &id, bare)
        }),
        None => response,
    }
}

fn is_json(response: &Response) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

fn meta(request_id: &str, pagination: Option<Pagination>) -> Meta<'_> {
    Meta { timestamp: now(), version: PLATFORM_VERSION, request_id, pagination }
}

fn render_error(error: &ApiError, platform: bool, request_id: &str, response: Response) -> Response {
    log(error);
    let (code, message, details) = (error.code, error.message.as_ref(), error.details.as_slice());
    let body = if platform {
        let error = PlatformErrorDetail { code, message, details };
        serde_json::to_vec(&PlatformErrorBody { success: false, error, meta: meta(request_id, None) })
    } else {
        serde_json::to_vec(&ErrorBody { error: message, code, details, request_id })
    };
    with_body(response, body.unwrap_or_default())
}

/// A failure of ours is logged here and nowhere else; the request's span adds which request it was.
fn log(error: &ApiError) {
    if let Some(cause) = &error.cause {
        let cause: &(dyn std::error::Error + 'static) = cause.as_ref();
        tracing::error!(error = cause, code = error.code, "a request could not be answered");
    }
}

async fn wrap(
    response: Response,
    request_id: &str,
) -> Result<Response, Box<dyn std::error::Error + Send + Sync>> {
    let (mut parts, body) = response.into_parts();
    let data = to_bytes(body, usize::MAX).await?;
    let pagination = parts.extensions.remove();
    let data: &RawValue = serde_json::from_slice(&data)?;
    let envelope = Envelope { success: true, data, meta: meta(request_id, pagination) };
    let body = serde_json::to_vec(&envelope)?;
    Ok(with_body(Response::from_parts(parts, Body::empty()), body))
}

fn with_body(mut response: Response, body: Vec<u8>) -> Response {
    response.headers_mut().remove(CONTENT_LENGTH);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Body::from(body);
    response
}
