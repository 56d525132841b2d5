//! The audit trail: who did what, to what, from where.

use axum::extract::State;
use domain::audit::{AuditAction, AuditEvent};
use http::Uri;
use serde::Deserialize;
use store::AuditFilter;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::page::Page;
use crate::query::{Limit, Moment, Query};
use crate::{ApiError, ApiState};

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list_audit_events))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AuditQuery {
    /// Only events of this kind.
    action: Option<AuditAction>,
    /// Only events by this user.
    actor: Option<String>,
    /// Only events on this connection, sync config, assignment or user.
    target: Option<String>,
    /// Only events at or after this moment.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-21T00:00:00Z")]
    since: Option<Moment>,
    /// Only events before this moment.
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-22T00:00:00Z")]
    until: Option<Moment>,
    /// How many to show.
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// Where to go on: `meta.pagination.next_cursor` of the page before.
    cursor: Option<String>,
}

/// List audit events
///
/// Newest first. A page may hold fewer than `limit` and still have a next one.
#[utoipa::path(get, path = "/api/v1/audit-events", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "The events", body = [AuditEvent])))]
pub(crate) async fn list_audit_events(
    State(state): State<ApiState>,
    Query(query): Query<AuditQuery>,
    uri: Uri,
) -> Result<Page<AuditEvent>, ApiError> {
    let filter = AuditFilter {
        action: query.action,
        actor: query.actor,
        target: query.target,
        since: query.since.map(|moment| moment.0),
        until: query.until.map(|moment| moment.0),
    };
    let listing = state.store().list_audit_events(&filter, query.limit.0, query.cursor.as_deref()).await?;
    Ok(Page::new(&uri, query.limit.0, listing))
}
