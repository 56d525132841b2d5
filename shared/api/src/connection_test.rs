//! Testing a connection: the one route resource that opens sockets to an ERP and unseals secrets for it.

use axum::Json;
use axum::extract::State;
use domain::audit::AuditAction;
use serde::Serialize;
use serde_json::{Value, json};
use sync::TestOutcome;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::connections::find;
use crate::path::{ConnectionPath, Path};
use crate::{ApiError, ApiState};

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(test_connection)).routes(routes!(test_connection_enhanced))
}

/// What a test found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionTest {
    /// Whether the ERP was reached and let us in.
    #[schema(example = true)]
    success: bool,
    /// One sentence for a person.
    #[schema(example = "Connection successful")]
    message: String,
    /// How long it took, in milliseconds.
    #[schema(example = 245)]
    response_time: u64,
    /// What was seen: status, server, listing, host key.
    #[schema(value_type = Object, example = json!({"status": 200}))]
    details: Value,
}

impl From<TestOutcome> for ConnectionTest {
    fn from(outcome: TestOutcome) -> Self {
        Self {
            success: outcome.success,
            message: outcome.message,
            response_time: outcome.response_time_ms,
            details: outcome.details,
        }
    }
}

/// Test a connection
///
/// Really connects with the connection's credentials, and notes the outcome as its `status` and `lastTestedAt`. The
/// answer is 200 even where the test failed: see `success`.
#[utoipa::path(post, path = "/erp/connections/{id}/test", tag = "connections", params(ConnectionPath),
    responses((status = 200, description = "What the test found", body = ConnectionTest), (status = 404)))]
pub(crate) async fn test_connection(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<ConnectionPath>,
) -> Result<Json<ConnectionTest>, ApiError> {
    let connection = find(&state, &path.id).await?;
    let outcome = state.engine.test_connection(&connection).await?;
    let details = json!({"success": outcome.success, "responseTimeMs": outcome.response_time_ms});
    caller.note(&state, AuditAction::ErpConnectionTested, path.id.as_str(), details).await?;
    Ok(Json(outcome.into()))
}

/// Test a connection (the name existing front ends call)
///
/// The same as `POST /erp/connections/{id}/test`.
#[utoipa::path(post, path = "/erp/connections/{id}/test-enhanced", tag = "connections", params(ConnectionPath),
    responses((status = 200, description = "What the test found", body = ConnectionTest), (status = 404)))]
pub(crate) async fn test_connection_enhanced(
    state: State<ApiState>,
    caller: Caller,
    path: Path<ConnectionPath>,
) -> Result<Json<ConnectionTest>, ApiError> {
    test_connection(state, caller, path).await
}
