//! Connections in the table.

use domain::connection::{Connection, ConnectionStatus};
use domain::ids::ConnectionId;
use jiff::Timestamp;

use aws_sdk_dynamodb::types::ReturnValue;

use crate::item::{Item, Range, number, text, value};
use crate::key::{self, BY_OWNER};
use crate::{Listing, Store, StoreError};

impl Store {
    /// Adds a connection.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if its id is taken.
    pub async fn create_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        self.insert(key::connection(&connection.id).with(connection)?).await
    }

    /// Reads a connection.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        self.get(&key::connection(id)).await
    }

    /// Lists connections by id, which is the order they were made in.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn list_connections(
        &self,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<Connection>, StoreError> {
        self.list(key::CONNECTIONS, Range { prefix: "", descending: false }, limit, cursor).await
    }

    /// Writes what a user may change, and forgets the last error if `connection` has none. What runs and tests note
    /// beside it stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Changed`] unless the version in the table is the one before `connection.version`.
    pub async fn replace_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        let set = "SET #name = :name, provider = :provider, connectionMethod = :method, #status = :status, \
                   credentials = :credentials, settings = :settings, updatedAt = :updated, version = :version";
        let forget = if connection.last_error.is_none() { " REMOVE lastError" } else { "" };
        let update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::connection(&connection.id).to_item()))
            .update_expression(format!("{set}{forget}"))
            .condition_expression("version = :before")
            .expression_attribute_names("#name", "name")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":name", text(&*connection.name))
            .expression_attribute_values(":provider", value(connection.provider)?)
            .expression_attribute_values(":method", value(connection.connection_method)?)
            .expression_attribute_values(":status", value(connection.status)?)
            .expression_attribute_values(":credentials", value(&connection.credentials)?)
            .expression_attribute_values(":settings", value(&connection.settings)?)
            .expression_attribute_values(":updated", value(connection.updated_at)?)
            .expression_attribute_values(":version", number(connection.version))
            .expression_attribute_values(":before", number(connection.version.saturating_sub(1)));
        update.send().await?;
        Ok(())
    }

    /// Notes what a test found, and pins the host key if none is pinned. Answers the connection as it is then.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if the connection has gone meanwhile.
    pub async fn note_test(
        &self,
        id: &ConnectionId,
        status: ConnectionStatus,
        at: Timestamp,
        error: Option<&str>,
        host_key: Option<&str>,
    ) -> Result<Connection, StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::connection(id).to_item()))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", value(status)?)
            .expression_attribute_values(":at", value(at)?)
            .return_values(ReturnValue::AllNew);
        let mut set = "SET #status = :status, lastTestedAt = :at".to_owned();
        let mut update = update;
        if let Some(host_key) = host_key {
            set.push_str(", credentials.sftpHostKey = if_not_exists(credentials.sftpHostKey, :hostKey)");
            update = update.expression_attribute_values(":hostKey", text(host_key));
        }
        match error {
            Some(error) => {
                set.push_str(", lastError = :error");
                update = update.expression_attribute_values(":error", text(error));
            }
            None => set.push_str(" REMOVE lastError"),
        }
        let noted = update.update_expression(set).send().await?;
        Ok(serde_dynamo::from_item(noted.attributes.unwrap_or_default())?)
    }

    /// Pins the server's host key, if none is pinned.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if one is pinned already, or the connection has gone.
    pub async fn pin_host_key(&self, id: &ConnectionId, host_key: &str) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::connection(id).to_item()))
            .update_expression("SET credentials.sftpHostKey = :key")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(credentials.sftpHostKey)")
            .expression_attribute_values(":key", text(host_key));
        update.send().await?;
        Ok(())
    }

    /// Deletes a connection with all that belongs to it: sync configs, assignments, records, our changes and their
    /// conflicts, statistics. Its runs stay as history. May be called again after it was cut off: the connection itself goes last.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn delete_connection(&self, id: &ConnectionId) -> Result<(), StoreError> {
        let owner = key::owned_by(id);
        // First, while the assignments tell who has records of their own.
        self.delete_records(id).await?;
        for prefix in [
            key::OWNED_CONFIGS,
            key::OWNED_CLIENT_ASSIGNMENTS,
            key::OWNED_SITE_ASSIGNMENTS,
            key::OWNED_CHANGES,
            key::OWNED_CONFLICTS,
        ] {
            self.delete_indexed(&owner, prefix).await?;
        }
        self.delete_links(id).await?;
        self.delete_inbox(id).await?;
        self.delete_health(id).await?;
        self.delete(&key::statistics(id)).await?;
        self.delete(&key::connection(id)).await?;
        Ok(())
    }

    async fn delete_indexed(&self, owner: &str, prefix: &str) -> Result<(), StoreError> {
        loop {
            let range = Range { prefix, descending: false };
            let keys: Vec<Item> = self.query(Some(BY_OWNER), owner, &range, 100, None).await?;
            if keys.is_empty() {
                return Ok(());
            }
            self.delete_many(&keys).await?;
        }
    }
}
