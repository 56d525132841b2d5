//! Who has records of their own: the clients and sites whose assignment of a connection overrides its rules.

use domain::DataType;
use domain::assignment::{Scope, default_of, override_of};
use domain::ids::ConnectionId;
use domain::mapping::RulesOverride;
use jiff::Timestamp;

use crate::item::{Range, string};
use crate::key::{self, BY_KIND};
use crate::{Collection, Listing, Store, StoreError};

/// Assignments read at a time.
const PAGE: u32 = 100;

impl Store {
    /// What a client or a site overrides of a connection's rules; `None` if no assignment of that connection counts for
    /// it. For a client its default counts, else its oldest; for a site its newest that replaces the client's.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn overrides(
        &self,
        scope: &Scope,
        connection: &ConnectionId,
    ) -> Result<Option<Vec<RulesOverride>>, StoreError> {
        let (mut of_client, mut of_site, mut cursor) = (Vec::new(), Vec::new(), None);
        loop {
            cursor = match scope {
                Scope::Client(client) => {
                    let Listing { items, next } =
                        self.client_assignments(client, PAGE, cursor.as_deref()).await?;
                    of_client.extend(items.into_iter().filter(|one| one.erp_connection_id == *connection));
                    next
                }
                Scope::Site(site) => {
                    let Listing { items, next } =
                        self.site_assignments(site, PAGE, cursor.as_deref()).await?;
                    of_site.extend(items.into_iter().filter(|one| one.erp_connection_id == *connection));
                    next
                }
            };
            if cursor.is_none() {
                break;
            }
        }
        Ok(match scope {
            Scope::Client(_) => default_of(of_client).map(|counts| counts.overrides),
            Scope::Site(_) => override_of(of_site).map(|counts| counts.overrides),
        })
    }

    /// [`Self::overrides`] for one data type. With some, the client or site has records of its own.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn overrides_for(
        &self,
        scope: &Scope,
        connection: &ConnectionId,
        data_type: DataType,
    ) -> Result<Option<RulesOverride>, StoreError> {
        let overrides = self.overrides(scope, connection).await?.unwrap_or_default();
        Ok(overrides.into_iter().find(|one| one.data_type == data_type))
    }

    /// Everyone who has records of their own of a data type over a connection.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn scopes_of(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
    ) -> Result<Vec<Scope>, StoreError> {
        let mut scopes = self.overriding(connection).await?;
        let mut kept = Vec::with_capacity(scopes.len());
        for scope in scopes.drain(..) {
            if self.overrides_for(&scope, connection, data_type).await?.is_some() {
                kept.push(scope);
            }
        }
        Ok(kept)
    }

    /// Everyone with an assignment of a connection that has rules of its own, whether it counts or not.
    async fn overriding(&self, connection: &ConnectionId) -> Result<Vec<Scope>, StoreError> {
        let pk = key::overriding(connection);
        let range = Range { prefix: "", descending: false };
        let (mut scopes, mut after): (Vec<Scope>, Option<String>) = (Vec::new(), None);
        loop {
            let page = self.query(Some(BY_KIND), &pk, &range, PAGE, after.as_deref()).await?;
            for item in &page {
                scopes.extend(key::scope_of_overriding(string(item, BY_KIND.sk)?));
            }
            let Some(last) = page.last().filter(|_| page.len() >= PAGE as usize) else { break };
            after = Some(string(last, BY_KIND.sk)?.to_owned());
        }
        scopes.dedup();
        Ok(scopes)
    }

    /// Deletes what a client or a site had of its own over a connection where nothing is overridden for it any more:
    /// records, what its syncs remember, and its records that were set aside, which are closed at `at`.
    ///
    /// # Errors
    /// If the table cannot be reached; may be called again then.
    pub async fn forget_disowned(
        &self,
        scope: &Scope,
        connection: &ConnectionId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let overrides = self.overrides(scope, connection).await?.unwrap_or_default();
        for data_type in DataType::ALL {
            if !overrides.iter().any(|one| one.data_type == data_type) {
                let scope = Some(scope.clone());
                let of = Collection { scope, ..Collection::plain(connection.clone(), data_type) };
                self.delete_collection(&of).await?;
                self.close_set_aside(&of, None, None, at).await?;
            }
        }
        Ok(())
    }

    /// Deletes the records of a connection, also those that clients and sites have of their own.
    pub(crate) async fn delete_records(&self, connection: &ConnectionId) -> Result<(), StoreError> {
        let own = self.overriding(connection).await?.into_iter().map(Some);
        for scope in own.chain([None]) {
            for data_type in DataType::ALL {
                let scope = scope.clone();
                let of = Collection { scope, ..Collection::plain(connection.clone(), data_type) };
                self.delete_collection(&of).await?;
            }
        }
        Ok(())
    }
}
