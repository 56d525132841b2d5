//! The keys that sign access tokens: shown to whoever checks tokens, renewed and revoked by admins.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use domain::audit::AuditAction;
use domain::signing_key::SigningKey;
use http::header::CACHE_CONTROL;
use http::{HeaderName, StatusCode};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::Created;
use crate::caller::Caller;
use crate::path::{Path, SigningKeyPath};
use crate::{ApiError, ApiState};
use sync::now;

/// The route everyone may call.
pub fn public_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get_jwks))
}

/// The routes of admins.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_signing_keys, create_signing_key))
        .routes(routes!(revoke_signing_key))
}

/// A set of JSON Web Keys (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Jwks)]
pub(crate) struct Jwks {
    /// The keys whose tokens are good, newest first.
    keys: Vec<Jwk>,
}

/// An Ed25519 key (RFC 8037).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Jwk {
    /// Always `OKP`.
    #[schema(example = "OKP")]
    kty: &'static str,
    /// Always `Ed25519`.
    #[schema(example = "Ed25519")]
    crv: &'static str,
    /// Always `EdDSA`.
    #[schema(example = "EdDSA")]
    alg: &'static str,
    /// Always `sig`.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    usage: &'static str,
    /// The key's id.
    #[schema(example = "key_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    kid: String,
    /// The key.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    x: String,
}

impl From<SigningKey> for Jwk {
    fn from(key: SigningKey) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            usage: "sig",
            kid: key.id.to_string(),
            x: key.public_key,
        }
    }
}

/// How old the set may be that strangers are shown. With [`KEEP_BRIEFLY`] it makes less than the minute for which a new
/// key is shown before it signs.
const SHOWN_FOR: Duration = Duration::from_secs(10);

const KEEP_BRIEFLY: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "public, max-age=30")];

/// Read the keys that tokens are checked with
///
/// A set of JSON Web Keys (RFC 7517), for services that check our tokens themselves. A new key stands here for a minute
/// before it signs, and an old one for as long as its tokens are good. Needs no token.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "sign-in",
    responses((status = 200, description = "The keys", body = Jwks)))]
pub(crate) async fn get_jwks(
    State(state): State<ApiState>,
) -> Result<([(HeaderName, &'static str); 1], Json<Jwks>), ApiError> {
    let keys = state.tokens.keys(now(), SHOWN_FOR).await?;
    Ok((KEEP_BRIEFLY, Json(Jwks { keys: keys.into_iter().map(Jwk::from).collect() })))
}

/// List the keys that sign tokens
///
/// Newest first; those whose tokens may still be good.
#[utoipa::path(get, path = "/api/v1/auth/signing-keys", tag = "sign-in",
    responses((status = 200, description = "The keys", body = [SigningKey])))]
pub(crate) async fn list_signing_keys(
    State(state): State<ApiState>,
) -> Result<Json<Vec<SigningKey>>, ApiError> {
    Ok(Json(state.tokens.keys(now(), Duration::ZERO).await?))
}

/// Renew the key that signs tokens
///
/// The new key signs in a minute; the one before it checks tokens for two hours more, so that nobody is signed out. The
/// first sign-in after thirty days does this by itself.
#[utoipa::path(post, path = "/api/v1/auth/signing-keys", tag = "sign-in",
    responses((status = 201, description = "The new key", body = SigningKey)))]
pub(crate) async fn create_signing_key(
    State(state): State<ApiState>,
    caller: Caller,
) -> Result<Created<SigningKey>, ApiError> {
    let key = state.tokens.renew_keys(now()).await?;
    caller.note(&state, AuditAction::SigningKeyMade, key.id.as_str(), json!({})).await?;
    let location = format!("/api/v1/auth/signing-keys/{}", key.id);
    Ok(Created { location, version: None, body: key })
}

/// Revoke a key that signs tokens
///
/// For a key that may have leaked: every token it signed is refused, within five minutes everywhere, and whoever was
/// signed in by it signs in again.
#[utoipa::path(delete, path = "/api/v1/auth/signing-keys/{id}", tag = "sign-in", params(SigningKeyPath),
    responses((status = 204, description = "Revoked"), (status = 404)))]
pub(crate) async fn revoke_signing_key(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<SigningKeyPath>,
) -> Result<StatusCode, ApiError> {
    if !state.tokens.revoke_key(&path.id).await? {
        return Err(ApiError::not_found("signing key", &path.id));
    }
    caller.note(&state, AuditAction::SigningKeyRevoked, path.id.as_str(), json!({})).await?;
    Ok(StatusCode::NO_CONTENT)
}
