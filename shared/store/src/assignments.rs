//! Assignments of connections to clients and sites.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use domain::assignment::{ClientAssignment, Scope, SiteAssignment};
use domain::ids::{AssignmentId, ClientId, ConnectionId, SiteId};
use serde::{Deserialize, Serialize};

use crate::item::{Item, Range, index, text, value};
use crate::key::{self, BY_KIND, BY_OWNER};
use crate::{Listing, Store, StoreError};

/// How often setting a client's default is tried anew when somebody else set it at the same moment.
const ATTEMPTS: usize = 20;

/// Which assignment is a client's default: what defaults set at the same moment contend for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientDefault {
    assignment_id: AssignmentId,
}

/// Which assignment uses a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignmentRef {
    /// A client's.
    Client {
        /// The client.
        client_id: ClientId,
        /// The assignment.
        id: AssignmentId,
    },
    /// A site's.
    Site {
        /// The site.
        site_id: SiteId,
        /// The assignment.
        id: AssignmentId,
    },
}

impl Store {
    /// Adds a client's assignment. If it is the default, the mark is taken from the one before in the same step.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if its id is taken, [`StoreError::Changed`] if others keep setting the default.
    pub async fn create_client_assignment(&self, assignment: &ClientAssignment) -> Result<(), StoreError> {
        let mut item = key::client_assignment(&assignment.client_id, &assignment.id).with(assignment)?;
        let sort = format!("{}{}", key::OWNED_CLIENT_ASSIGNMENTS, assignment.id);
        index(&mut item, BY_OWNER, key::owned_by(&assignment.erp_connection_id), sort);
        if !assignment.overrides.is_empty() {
            let sort = key::overriding_sort(&Scope::Client(assignment.client_id.clone()), &assignment.id);
            index(&mut item, BY_KIND, key::overriding(&assignment.erp_connection_id), sort);
        }
        if !assignment.is_default {
            return self.insert(item).await;
        }
        for _ in 0..ATTEMPTS {
            let writes = self.default_writes(assignment, item.clone()).await?;
            let sent = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
            let Err(error) = sent else { return Ok(()) };
            if !error.as_service_error().is_some_and(|e| e.is_transaction_canceled_exception()) {
                return Err(error.into());
            }
        }
        Err(StoreError::Changed)
    }

    /// What adds a default: the assignment, the client's mark moved to it, and the former default without it. A former
    /// default that was deleted stays deleted.
    async fn default_writes(
        &self,
        assignment: &ClientAssignment,
        item: Item,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let client = &assignment.client_id;
        let mark = key::client_default(client);
        let marked = ClientDefault { assignment_id: assignment.id.clone() };
        let Some(before) = self.get::<ClientDefault>(&mark).await? else {
            return Ok(vec![self.put_new(item)?, self.put_new(mark.with(marked)?)?]);
        };
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(mark.with(marked)?))
            .condition_expression("assignmentId = :before")
            .expression_attribute_values(":before", text(before.assignment_id.as_str()))
            .build();
        let put = TransactWriteItem::builder().put(put.map_err(StoreError::corrupt)?).build();
        let mut writes = vec![self.put_new(item)?, put];
        if let Some(former) = self.client_assignment(client, &before.assignment_id).await? {
            writes.push(self.unmark_default(&former, assignment)?);
        }
        Ok(writes)
    }

    fn unmark_default(
        &self,
        other: &ClientAssignment,
        by: &ClientAssignment,
    ) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key::client_assignment(&other.client_id, &other.id).to_item()))
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET isDefault = :no, updatedAt = :at")
            .expression_attribute_values(":no", value(false)?)
            .expression_attribute_values(":at", value(by.created_at)?)
            .build();
        Ok(TransactWriteItem::builder().update(update.map_err(StoreError::corrupt)?).build())
    }

    /// Lists a client's assignments, oldest first.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn client_assignments(
        &self,
        client: &ClientId,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<ClientAssignment>, StoreError> {
        let range = Range { prefix: "", descending: false };
        self.list(&key::client_assignments(client), range, limit, cursor).await
    }

    /// Reads a client's assignment.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn client_assignment(
        &self,
        client: &ClientId,
        id: &AssignmentId,
    ) -> Result<Option<ClientAssignment>, StoreError> {
        self.get(&key::client_assignment(client, id)).await
    }

    /// Deletes a client's assignment; says whether it was there.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn delete_client_assignment(
        &self,
        client: &ClientId,
        id: &AssignmentId,
    ) -> Result<bool, StoreError> {
        self.delete(&key::client_assignment(client, id)).await
    }

    /// Adds a site's assignment.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if its id is taken.
    pub async fn create_site_assignment(&self, assignment: &SiteAssignment) -> Result<(), StoreError> {
        let mut item = key::site_assignment(&assignment.site_id, &assignment.id).with(assignment)?;
        let sort = format!("{}{}", key::OWNED_SITE_ASSIGNMENTS, assignment.id);
        index(&mut item, BY_OWNER, key::owned_by(&assignment.erp_connection_id), sort);
        if !assignment.overrides.is_empty() {
            let sort = key::overriding_sort(&Scope::Site(assignment.site_id.clone()), &assignment.id);
            index(&mut item, BY_KIND, key::overriding(&assignment.erp_connection_id), sort);
        }
        self.insert(item).await
    }

    /// Lists a site's assignments, oldest first.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn site_assignments(
        &self,
        site: &SiteId,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<SiteAssignment>, StoreError> {
        let range = Range { prefix: "", descending: false };
        self.list(&key::site_assignments(site), range, limit, cursor).await
    }

    /// Reads a site's assignment.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn site_assignment(
        &self,
        site: &SiteId,
        id: &AssignmentId,
    ) -> Result<Option<SiteAssignment>, StoreError> {
        self.get(&key::site_assignment(site, id)).await
    }

    /// Deletes a site's assignment; says whether it was there.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn delete_site_assignment(&self, site: &SiteId, id: &AssignmentId) -> Result<bool, StoreError> {
        self.delete(&key::site_assignment(site, id)).await
    }

    /// The assignments that use a connection: at most 100, which is enough to name them.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn assignments_of_connection(
        &self,
        connection: &ConnectionId,
    ) -> Result<Vec<AssignmentRef>, StoreError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Owned {
            id: AssignmentId,
            site_id: Option<SiteId>,
            client_id: ClientId,
        }
        let owner = key::owned_by(connection);
        let mut found = Vec::new();
        for prefix in [key::OWNED_CLIENT_ASSIGNMENTS, key::OWNED_SITE_ASSIGNMENTS] {
            let range = Range { prefix, descending: false };
            let owned: Listing<Owned> = self.list_index(BY_OWNER, &owner, range, 50, None).await?;
            found.extend(owned.items.into_iter().map(|Owned { id, site_id, client_id }| match site_id {
                Some(site_id) => AssignmentRef::Site { site_id, id },
                None => AssignmentRef::Client { client_id, id },
            }));
        }
        Ok(found)
    }
}
