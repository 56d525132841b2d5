//! Starting a sync by hand.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::assignment::Scope;
use domain::audit::AuditAction;
use domain::connection::{Connection, ConnectionStatus};
use domain::ids::{ClientId, SiteId};
use domain::run::{Mode, Run, SyncLog, Trigger};
use domain::sync_config::SyncConfig;
use domain::validation::Checks;
use domain::{DataType, Direction, Invalid};
use http::StatusCode;
use http::header::LOCATION;
use serde::Deserialize;
use serde_json::json;
use store::StoreError;
use sync::{TriggerError, TriggerRequest};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{Form, Input};
use crate::caller::Caller;
use crate::connections::find;
use crate::path::{ConnectionPath, Path};
use crate::query::{Limit, Query, WaitSeconds};
use crate::rules::Whose;
use crate::{ApiError, ApiState};
use sync::now;

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(trigger_sync))
}

/// What to sync.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SyncInput {
    /// The kind of record.
    data_type: DataType,
    /// Which side is written to; as the sync config says, else `pull`, if left out.
    #[serde(default)]
    direction: Option<Direction>,
    /// How much is read; if left out, what changed since the last run, where the ERP can be asked that, and everything
    /// once a day or as `settings.fullSchedules` say.
    #[serde(default)]
    mode: Option<Mode>,
    /// Sync the records that this site has of its own, because its assignment of the connection overrides the rules.
    /// They are only pulled.
    #[serde(default)]
    #[schema(example = "site_001")]
    site_id: Option<SiteId>,
    /// Sync the records that this client has of its own. Not together with `siteId`.
    #[serde(default)]
    #[schema(example = "client_001")]
    client_id: Option<ClientId>,
}

impl Input for SyncInput {
    fn validate(&self) -> Result<(), Invalid> {
        let mut checks = Checks::default();
        self.whose().check(&mut checks);
        let own = self.site_id.is_some() || self.client_id.is_some();
        let pulls = matches!(self.direction, None | Some(Direction::Pull));
        checks.require(
            !own || pulls,
            "direction",
            "must be pull for the records of a site or client of its own",
        );
        checks.finish()
    }
}

impl SyncInput {
    const fn whose(&self) -> Whose<'_> {
        Whose { site: self.site_id.as_ref(), client: self.client_id.as_ref() }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct TriggerQuery {
    /// Only tell what would be created, updated, deleted and pushed: nothing is written, here or at the ERP. The list is
    /// at `/erp/sync-logs/{id}/plan`.
    dry_run: bool,
    /// Hold the answer up to this many seconds for the finished run.
    #[param(value_type = u32, minimum = 0, maximum = 25, default = 0, example = 20)]
    wait: WaitSeconds,
}

/// Start a sync
///
/// Takes the mapping and direction of the connection's oldest enabled sync config for that data type, if it has one.
/// With `siteId` or `clientId`, what the assignment overrides is laid over it, and the records are kept apart from the
/// plain ones: such a sync only pulls, and runs beside others of the same connection and data type.
#[utoipa::path(post, path = "/erp/connections/{id}/sync", tag = "syncs", params(ConnectionPath, TriggerQuery),
    request_body(content = SyncInput, example = json!({"dataType": "products", "direction": "pull"})),
    responses((status = 202, description = "Started; `Location` is its log", body = SyncLog),
        (status = 200, description = "Finished, with `wait`", body = SyncLog), (status = 404),
        (status = 409, description = "The connection is switched off, or such a sync is already running")))]
pub(crate) async fn trigger_sync(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<ConnectionPath>,
    Query(query): Query<TriggerQuery>,
    Form(input): Form<SyncInput>,
) -> Result<Response, ApiError> {
    let connection = find(&state, &path.id).await?;
    let config = oldest_enabled_config(&state, &connection, input.data_type).await?;
    let scope = input.whose().scope(&state, &connection.id, input.data_type).await?;
    let request =
        TriggerRequest { dry_run: query.dry_run, scope, ..request_for(connection, config, &input, &caller)? };
    let run = state.engine.trigger(request).await.map_err(refused)?;
    let details = json!({"runId": run.id, "dataType": run.data_type, "direction": run.direction,
        "dryRun": run.dry_run, "scope": run.scope});
    caller.note(&state, AuditAction::ErpManualSyncTriggered, path.id.as_str(), details).await?;
    let run = match query.wait.0 {
        0 => run,
        seconds => state.engine.wait_for(&run.id, Duration::from_secs(seconds)).await?,
    };
    Ok(started(run))
}

/// Starts a pull of everything of a collection, by the connection's oldest enabled config for the data type.
///
/// # Errors
/// 409 with the reason it cannot be started for.
pub(crate) async fn start_full_pull(
    state: &ApiState,
    connection: Connection,
    data_type: DataType,
    scope: Option<Scope>,
    caller: &Caller,
) -> Result<Run, ApiError> {
    let config = oldest_enabled_config(state, &connection, data_type).await?;
    let (direction, mode) = (Some(Direction::Pull), Some(Mode::Full));
    let input = SyncInput { data_type, direction, mode, site_id: None, client_id: None };
    let request = TriggerRequest { scope, ..request_for(connection, config, &input, caller)? };
    state.engine.trigger(request).await.map_err(refused)
}

/// The answer about a run that was started: its log, and where to find it.
pub(crate) fn started(run: Run) -> Response {
    let status = if run.is_open() { StatusCode::ACCEPTED } else { StatusCode::OK };
    let location = format!("/erp/sync-logs/{}", run.id);
    (status, [(LOCATION, location)], Json(SyncLog::of(run, now()))).into_response()
}

fn request_for(
    connection: Connection,
    config: Option<SyncConfig>,
    input: &SyncInput,
    caller: &Caller,
) -> Result<TriggerRequest, ApiError> {
    let data_type = input.data_type;
    if connection.status == ConnectionStatus::Inactive {
        return Err(ApiError::conflict(
            "This connection is switched off; set its status to active to sync over it.",
        ));
    }
    if config.as_ref().is_some_and(|config| !config.settings.sync_on_demand) {
        let message =
            "This sync config may not be started by hand; set its settings.syncOnDemand to allow it.";
        return Err(ApiError::conflict(message));
    }
    if !connection.settings.enables(data_type) {
        let message =
            format!("must be one of the connection's enabledDataTypes; {data_type} is not among them");
        return Err(ApiError::invalid_field("dataType", message));
    }
    let configured = config.as_ref().map(|config| config.direction);
    let direction = input.direction.or(configured).unwrap_or_default();
    let transforms = config.as_ref().is_some_and(|config| !config.transformations.is_empty());
    if transforms && direction != Direction::Pull {
        let message =
            "must be pull: the sync config has transformations, which cannot be undone for what is pushed";
        return Err(ApiError::invalid_field("direction", message));
    }
    let triggered_by = caller.admin.id.to_string();
    let trigger = Trigger::Manual;
    Ok(TriggerRequest {
        connection,
        config,
        data_type,
        scope: None,
        direction,
        trigger,
        triggered_by,
        slot: None,
        retry_of: None,
        mode: input.mode,
        dry_run: false,
    })
}

/// The config that shapes the sync: the oldest enabled one of the data type, or none if there is none at all. That all
/// are switched off is no reason to sync without their mapping.
async fn oldest_enabled_config(
    state: &ApiState,
    connection: &Connection,
    data_type: DataType,
) -> Result<Option<SyncConfig>, ApiError> {
    let (mut cursor, mut any) = (None, false);
    loop {
        let page = state.store().sync_configs_of(&connection.id, Limit::MAX, cursor.as_deref()).await?;
        for config in page.items.into_iter().filter(|config| config.data_type == data_type) {
            if config.enabled {
                return Ok(Some(config));
            }
            any = true;
        }
        cursor = page.next;
        match (&cursor, any) {
            (Some(_), _) => {}
            (None, false) => return Ok(None),
            (None, true) => {
                let message =
                    format!("Every sync config of this connection for {data_type} is switched off.");
                return Err(ApiError::conflict(message));
            }
        }
    }
}

/// Why no run was started, as the client is told.
pub(crate) fn refused(error: TriggerError) -> ApiError {
    match error {
        TriggerError::AlreadyRunning(run) => ApiError::already_running(&run),
        TriggerError::Disabled(reason) => ApiError::conflict(reason),
        TriggerError::Store(error) => error.into(),
        TriggerError::SlotGone => StoreError::Changed.into(),
    }
}
