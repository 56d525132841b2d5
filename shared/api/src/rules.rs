//! Which rules shape the records of a connection: those of its sync configs, and those that an assignment lays over
//! them.

use domain::DataType;
use domain::assignment::{ClientAssignment, Scope, SiteAssignment};
use domain::connection::Connection;
use domain::ids::{ClientId, ConnectionId, SiteId};
use domain::mapping::{Rules, RulesOverride};
use domain::validation::Checks;
use store::Collection;

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

/// The client or site that a request names: whose rules count, and whose records are meant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whose<'a> {
    pub(crate) site: Option<&'a SiteId>,
    pub(crate) client: Option<&'a ClientId>,
}

/// Rules of somebody's own, and whose they are.
pub(crate) struct OwnRules {
    pub(crate) scope: Scope,
    pub(crate) overrides: RulesOverride,
}

/// Nobody uses the connection by that name.
pub(crate) struct NotAssigned {
    field: &'static str,
    message: String,
}

impl Whose<'_> {
    /// A request names one of them at most.
    pub(crate) fn check(&self, checks: &mut Checks) {
        let both = self.site.is_some() && self.client.is_some();
        checks.require(!both, "clientId", "must not be given together with siteId");
    }

    /// The rules of its own that count for whom the request names: for a site those of its own assignment if that
    /// replaces its client's, else its client's. `None` where the plain ones do.
    ///
    /// # Errors
    /// A [`NotAssigned`] inside, if the connection is not assigned to whom it names.
    pub(crate) async fn own_rules(
        &self,
        state: &ApiState,
        connection: &ConnectionId,
        data_type: DataType,
    ) -> Result<Result<Option<OwnRules>, NotAssigned>, ApiError> {
        let mut scopes = Vec::new();
        let mut client = self.client.cloned();
        if let Some(site) = self.site {
            scopes.push(Scope::Site(site.clone()));
            let newest = site_assignments(state, site).await?.pop();
            client = newest.map(|assignment| assignment.client_id);
        }
        scopes.extend(client.map(Scope::Client));
        for scope in scopes {
            if let Some(overrides) = state.store().overrides(&scope, connection).await? {
                let own = overrides.into_iter().find(|one| one.data_type == data_type);
                return Ok(Ok(own.map(|overrides| OwnRules { scope, overrides })));
            }
        }
        Ok(match (self.site, self.client) {
            (None, None) => Ok(None),
            (Some(site), _) => Err(not_assigned("siteId", site, connection)),
            (None, Some(client)) => Err(not_assigned("clientId", client, connection)),
        })
    }

    /// The collection that the query parameters of a request name.
    ///
    /// # Errors
    /// 400 if both are given, or the connection is not assigned to whom they name.
    pub(crate) async fn collection(
        &self,
        state: &ApiState,
        connection: &ConnectionId,
        data_type: DataType,
    ) -> Result<Collection, ApiError> {
        if self.site.is_some() && self.client.is_some() {
            return Err(ApiError::invalid_parameter("clientId", "must not be given together with siteId"));
        }
        let own = self.own_rules(state, connection, data_type).await?;
        let own =
            own.map_err(|NotAssigned { field, message }| ApiError::invalid_parameter(field, &message))?;
        let scope = own.map(|own| own.scope);
        Ok(Collection { scope, ..Collection::plain(connection.clone(), data_type) })
    }

    /// Whose own records are to be synced, by the fields of a body; `None` if it names nobody.
    ///
    /// # Errors
    /// 422 if whom it names has no records of its own.
    pub(crate) async fn scope(
        &self,
        state: &ApiState,
        connection: &ConnectionId,
        data_type: DataType,
    ) -> Result<Option<Scope>, ApiError> {
        let (field, scope) = match (self.site, self.client) {
            (Some(site), _) => ("siteId", Scope::Site(site.clone())),
            (None, Some(client)) => ("clientId", Scope::Client(client.clone())),
            (None, None) => return Ok(None),
        };
        if state.store().overrides_for(&scope, connection, data_type).await?.is_some() {
            return Ok(Some(scope));
        }
        let message = format!(
            "has no {data_type} of its own: no assignment of {connection} that counts for it overrides their rules, so \
             the plain records, or its client's, are its records"
        );
        Err(ApiError::invalid_field(field, message))
    }
}

impl From<NotAssigned> for ApiError {
    fn from(NotAssigned { field, message }: NotAssigned) -> Self {
        Self::invalid_field(field, message)
    }
}

fn not_assigned(field: &'static str, who: impl std::fmt::Display, connection: &ConnectionId) -> NotAssigned {
    let message = format!("names nobody who uses this connection: {connection} is not assigned to {who}");
    NotAssigned { field, message }
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
