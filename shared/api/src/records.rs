//! The synced records themselves.

use axum::extract::State;
use domain::ids::{ClientId, ConnectionId, SiteId};
use domain::records::Record;
use futures::try_join;
use http::Uri;
use serde::Deserialize;
use url::Url;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use xxhash_rust::xxh3::xxh3_64;

use crate::answer::Versioned;
use crate::connections::find as find_connection;
use crate::page::Page;
use crate::path::{DataTypePath, Path, RecordPath};
use crate::query::{Limit, Moment, Query};
use crate::rules::Whose;
use crate::{ApiError, ApiState};

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list_records)).routes(routes!(get_record))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RecordsQuery {
    /// The connection the records came over.
    #[param(example = "erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    erp_connection_id: ConnectionId,
    /// As this site has them: its own, or its client's, if the assignment that counts overrides the rules.
    #[serde(default)]
    #[param(example = "site_001")]
    site_id: Option<SiteId>,
    /// As this client has them. Not together with `siteId`.
    #[serde(default)]
    #[param(example = "client_001")]
    client_id: Option<ClientId>,
    /// Only records that changed here at or after this moment; also those that are gone at the ERP since.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime, example = "2026-11-21T06:00:00Z")]
    updated_since: Option<Moment>,
    /// How many to show.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 50, required = false)]
    limit: Limit,
    /// Where to go on: from the `Link` header of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReadQuery {
    /// The connection the record came over.
    #[param(example = "erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    erp_connection_id: ConnectionId,
    /// As this site has it: its own, or its client's, if the assignment that counts overrides the rules.
    #[serde(default)]
    #[param(example = "site_001")]
    site_id: Option<SiteId>,
    /// As this client has it. Not together with `siteId`.
    #[serde(default)]
    #[param(example = "client_001")]
    client_id: Option<ClientId>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RecordQuery {
    /// The connection the record came over.
    #[param(example = "erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub(crate) erp_connection_id: ConnectionId,
}

/// List records
///
/// In the order of their keys. Changes that the ERP has not taken yet are laid over them: see `pending`. Records that a
/// client or site has of its own are only pulled: they show what the ERP has.
#[utoipa::path(get, path = "/erp/records/{dataType}", tag = "records", params(DataTypePath, RecordsQuery),
    responses((status = 200, description = "The records", body = [Record]),
        (status = 404, description = "There is no such connection")))]
pub(crate) async fn list_records(
    State(state): State<ApiState>,
    Path(path): Path<DataTypePath>,
    Query(query): Query<RecordsQuery>,
    uri: Uri,
) -> Result<Page<Record>, ApiError> {
    let (store, limit, cursor) = (state.store(), query.limit.0, query.cursor.as_deref());
    let since = query.updated_since.map(|moment| moment.0);
    let whose = Whose { site: query.site_id.as_ref(), client: query.client_id.as_ref() };
    let connection = &query.erp_connection_id;
    let listed = async {
        let of = whose.collection(&state, connection, path.data_type).await?;
        Ok::<_, ApiError>(match &of.scope {
            Some(_) => store.list_records(&of, since, limit, cursor).await?,
            None => store.list_current_records(connection, path.data_type, since, limit, cursor).await?,
        })
    };
    let (_, listing) = try_join!(find_connection(&state, connection), listed)?;
    Ok(Page::new(&uri, query.limit.0, listing))
}

/// Read a record
///
/// Also one that is gone at the ERP: see `deleted`. A change that the ERP has not taken yet is laid over it: see
/// `pending`. An order that the ERP gave a number of its own is found under ours too. A record that a client or site has
/// of its own is only pulled: it shows what the ERP has.
#[utoipa::path(get, path = "/erp/records/{dataType}/{id}", tag = "records", params(RecordPath, ReadQuery),
    responses((status = 200, description = "The record", body = Record), (status = 404)))]
pub(crate) async fn get_record(
    State(state): State<ApiState>,
    Path(path): Path<RecordPath>,
    Query(query): Query<ReadQuery>,
) -> Result<Versioned<Record>, ApiError> {
    let connection = find_connection(&state, &query.erp_connection_id).await?;
    let whose = Whose { site: query.site_id.as_ref(), client: query.client_id.as_ref() };
    let of = whose.collection(&state, &connection.id, path.data_type).await?;
    let record = match &of.scope {
        Some(_) => state.store().record(&of, &path.id.0).await?,
        None => state.store().current_record(&of.connection, of.data_type, &path.id.0).await?.record,
    };
    let what = format!("{} record", path.data_type);
    let record = record.ok_or_else(|| ApiError::not_found(&what, path.id.0))?;
    Ok(Versioned(version(&record)?, record))
}

/// What tells a record from what it was before, for its `ETag`: a record has no version of its own.
pub(crate) fn version(record: &Record) -> Result<u64, ApiError> {
    let text = serde_json::to_vec(record).map_err(ApiError::internal)?;
    Ok(xxh3_64(&text))
}

/// The address of a record.
pub(crate) fn location(record: &Record) -> Result<String, ApiError> {
    let mut url = Url::parse("https://causeway.invalid/erp/records").map_err(ApiError::internal)?;
    if let Ok(mut path) = url.path_segments_mut() {
        path.push(record.data_type.as_str()).push(&record.id);
    }
    url.query_pairs_mut().append_pair("erpConnectionId", record.erp_connection_id.as_str());
    Ok(format!("{}?{}", url.path(), url.query().unwrap_or_default()))
}
