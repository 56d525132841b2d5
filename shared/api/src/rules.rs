//! Which rules shape the records of a connection: those of its sync configs, and those that an assignment lays over
//! them.

use domain::DataType;
use domain::assignment::{ClientAssignment, SiteAssignment, default_of};
use domain::connection::Connection;
use domain::ids::{ClientId, ConnectionId, SiteId};
use domain::mapping::{Rules, RulesOverride};

use crate::query::Limit;
use crate::{ApiError, ApiState};

/// The rules a sync by hand would take: those of the oldest enabled config of the data type, else of the oldest.
pub(crate) async fn saved_rules(
    state: &ApiState,
    connection: &Connection,
    data_type: DataType,
) -> Result<Rules, ApiError> {
    let (mut cursor, mut oldest) = (None, None);
    loop {
        let page = state.store().sync_configs_of(&connection.id, Limit::MAX, cursor.as_deref()).await?;
        for config in page.items.into_iter().filter(|config| config.data_type == data_type) {
            if config.enabled {
                return Ok(config.rules());
            }
            oldest.get_or_insert(config);
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(oldest.map(|config| config.rules()).unwrap_or_default());
        }
    }
}

/// What a site's assignment of a connection overrides; of several, the one that counts, else the newest.
///
/// # Errors
/// 422 if the connection is not assigned to the site.
pub(crate) async fn overrides_of_site(
    state: &ApiState,
    site: &SiteId,
    connection: &ConnectionId,
    data_type: DataType,
) -> Result<Option<RulesOverride>, ApiError> {
    let mut all = site_assignments(state, site).await?;
    all.retain(|assignment| assignment.erp_connection_id == *connection);
    let found = all.iter().max_by_key(|assignment| (assignment.overrides_client, &assignment.id));
    let found = found.ok_or_else(|| not_assigned("siteId", site, connection))?;
    Ok(found.overrides_for(data_type).cloned())
}

/// What a client's assignment of a connection overrides; of several, the default, else the oldest.
///
/// # Errors
/// 422 if the connection is not assigned to the client.
pub(crate) async fn overrides_of_client(
    state: &ApiState,
    client: &ClientId,
    connection: &ConnectionId,
    data_type: DataType,
) -> Result<Option<RulesOverride>, ApiError> {
    let mut all = client_assignments(state, client).await?;
    all.retain(|assignment| assignment.erp_connection_id == *connection);
    let found = default_of(all).ok_or_else(|| not_assigned("clientId", client, connection))?;
    Ok(found.overrides_for(data_type).cloned())
}

fn not_assigned(field: &str, who: impl std::fmt::Display, connection: &ConnectionId) -> ApiError {
    ApiError::invalid_field(
        field,
        format!("names nobody who uses this connection: {connection} is not assigned to {who}"),
    )
}

/// Every assignment of a site, oldest first.
pub(crate) async fn site_assignments(
    state: &ApiState,
    site: &SiteId,
) -> Result<Vec<SiteAssignment>, ApiError> {
    let mut page = state.store().site_assignments(site, Limit::MAX, None).await?;
    let mut all = page.items;
    while let Some(cursor) = page.next {
        page = state.store().site_assignments(site, Limit::MAX, Some(&cursor)).await?;
        all.append(&mut page.items);
    }
    Ok(all)
}

/// Every assignment of a client, oldest first.
pub(crate) async fn client_assignments(
    state: &ApiState,
    client: &ClientId,
) -> Result<Vec<ClientAssignment>, ApiError> {
    let mut page = state.store().client_assignments(client, Limit::MAX, None).await?;
    let mut all = page.items;
    while let Some(cursor) = page.next {
        page = state.store().client_assignments(client, Limit::MAX, Some(&cursor)).await?;
        all.append(&mut page.items);
    }
    Ok(all)
}
