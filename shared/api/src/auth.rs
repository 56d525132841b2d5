//! Signing in. A wrong password, an unknown account and a blocked one cannot be told apart by answer or by time.

use axum::Json;
use axum::extract::State;
use domain::Invalid;
use domain::audit::AuditAction;
use domain::user::User;
use domain::validation::Checks;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{Form, Input};
use crate::caller::{Admin, Identity, Origin};
use crate::first_admin::found_or_made;
use crate::{ApiError, ApiState};
use sync::now;

/// Failures within [`WINDOW`] after which an account is blocked until they are forgotten.
const MAX_FAILURES_OF_ACCOUNT: u32 = 5;

/// The same for an address, which many people may share.
const MAX_FAILURES_OF_ADDRESS: u32 = 20;

/// How long failures count.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// The route everyone may call.
pub fn public_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(login))
}

/// The route for who has signed in.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get_profile))
}

/// E-mail and password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginInput {
    /// The e-mail address of the account.
    #[schema(example = "admin@causeway.local")]
    email: String,
    /// Its password.
    #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
    password: SecretString,
}

impl Input for LoginInput {
    fn validate(&self) -> Result<(), Invalid> {
        let mut checks = Checks::default();
        let plain = (3..=254).contains(&self.email.len()) && !self.email.chars().any(char::is_control);
        checks.require(plain, "email", "must be an e-mail address");
        let length = self.password.expose_secret().len();
        checks.require((1..=1024).contains(&length), "password", "must be 1 to 1024 bytes");
        checks.finish()
    }
}

/// A token, and whose it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Login {
    /// Send it as `Authorization: Bearer`.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSJ9.…")]
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// How long the token is good for, in seconds.
    #[schema(example = 3600)]
    expires_in: i64,
    /// Who signed in.
    user: User,
}

/// Sign in
///
/// After five failures within a quarter of an hour an account, and after twenty an address, has to wait.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "sign-in", request_body = LoginInput,
    responses((status = 200, description = "Signed in", body = Login),
        (status = 401, description = "E-mail or password is wrong"),
        (status = 429, description = "Too many failures; `Retry-After` tells when to try again")))]
pub(crate) async fn login(
    State(state): State<ApiState>,
    origin: Origin,
    Form(input): Form<LoginInput>,
) -> Result<Json<Login>, ApiError> {
    let email = input.email.trim().to_lowercase();
    let now = now();
    let turn = state.passwords.turn().await.ok_or_else(ApiError::unavailable)?;
    refuse_the_blocked(&state, &email, &origin, now).await?;
    let (user, hash) = found_or_made(&state, &email).await?.unzip();
    if !turn.check(input.password, hash).await {
        return Err(failed(&state, &email, &origin, now).await?);
    }
    drop(turn);
    let user = user.ok_or_else(|| ApiError::internal("a password matched, but there is no user"))?;
    state.store().clear_failed_sign_ins(&account(&email)).await?;
    let issued = state.tokens.issue(&user, now).await?;
    let id = user.id.as_str();
    origin.note(&state, id, AuditAction::SignedIn, id, json!({})).await?;
    Ok(Json(Login {
        access_token: issued.token,
        token_type: "Bearer",
        expires_in: issued.expires_in_s,
        user,
    }))
}

/// Read who has signed in
///
/// The user the token was issued to.
#[utoipa::path(get, path = "/api/v1/auth/profile", tag = "sign-in",
    responses((status = 200, description = "The user", body = User),
        (status = 404, description = "The token is of an outside issuer; its accounts are not kept here")))]
pub(crate) async fn get_profile(State(state): State<ApiState>, admin: Admin) -> Result<Json<User>, ApiError> {
    let Identity::User(id) = admin.id else {
        return Err(ApiError::not_found("account here for", admin.id));
    };
    let user = state.store().user(&id).await?;
    user.map(Json).ok_or_else(|| ApiError::unauthorized("This account is gone: sign in with another."))
}

fn account(email: &str) -> String {
    format!("account:{email}")
}

fn address(origin: &Origin) -> String {
    format!("address:{}", origin.ip_address)
}

async fn refuse_the_blocked(
    state: &ApiState,
    email: &str,
    origin: &Origin,
    now: Timestamp,
) -> Result<(), ApiError> {
    let limits = [(account(email), MAX_FAILURES_OF_ACCOUNT), (address(origin), MAX_FAILURES_OF_ADDRESS)];
    for (subject, limit) in limits {
        let (failures, until) = state.store().failed_sign_ins(&subject, now).await?;
        if failures >= limit {
            let wait_s = until.duration_since(now).as_secs().max(1);
            return Err(ApiError::too_many_attempts(u32::try_from(wait_s).unwrap_or(u32::MAX)));
        }
    }
    Ok(())
}

/// Counts and audits a failure, and answers with what the client is told.
async fn failed(
    state: &ApiState,
    email: &str,
    origin: &Origin,
    now: Timestamp,
) -> Result<ApiError, ApiError> {
    for subject in [account(email), address(origin)] {
        state.store().count_failed_sign_in(&subject, now, WINDOW).await?;
    }
    origin.note(state, email, AuditAction::SignInFailed, email, json!({})).await?;
    Ok(ApiError::unauthorized("E-mail or password is wrong."))
}
