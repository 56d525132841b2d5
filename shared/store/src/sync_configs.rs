//! Sync configs in the table.

use domain::ids::{ConnectionId, SyncConfigId};
use domain::sync_config::SyncConfig;
use jiff::Timestamp;

use crate::item::{Item, Range, index, number, text, value};
use crate::key::{self, BY_DUE, BY_OWNER};
use crate::{Listing, Store, StoreError};

impl Store {
    /// Adds a sync config.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if its id is taken.
    pub async fn create_sync_config(&self, config: &SyncConfig) -> Result<(), StoreError> {
        let mut item = key::sync_config(&config.id).with(config)?;
        index(&mut item, BY_OWNER, key::owned_by(&config.erp_connection_id), owner_sort(config));
        if let Some(due) = config.next_sync_at {
            index(&mut item, BY_DUE, key::DUE, key::moment(due));
        }
        self.insert(item).await
    }

    /// Reads a sync config.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn sync_config(&self, id: &SyncConfigId) -> Result<Option<SyncConfig>, StoreError> {
        self.get(&key::sync_config(id)).await
    }

    /// Lists the sync configs of a connection, oldest first.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn sync_configs_of(
        &self,
        connection: &ConnectionId,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<SyncConfig>, StoreError> {
        let range = Range { prefix: key::OWNED_CONFIGS, descending: false };
        self.list_index(BY_OWNER, &key::owned_by(connection), range, limit, cursor).await
    }

    /// Writes what a user may change and, if it is `retimed`, when it is due. What runs note beside it stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Changed`] unless the version in the table is the one before `config.version`.
    pub async fn replace_sync_config(&self, config: &SyncConfig, retimed: bool) -> Result<(), StoreError> {
        let mut update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::sync_config(&config.id).to_item()))
            .condition_expression("version = :before")
            .expression_attribute_names("#owner", BY_OWNER.pk)
            .expression_attribute_values(":owner", text(key::owned_by(&config.erp_connection_id)))
            .expression_attribute_values(":connection", text(config.erp_connection_id.as_str()))
            .expression_attribute_values(":dataType", value(config.data_type)?)
            .expression_attribute_values(":direction", value(config.direction)?)
            .expression_attribute_values(":schedule", value(&config.schedule)?)
            .expression_attribute_values(":enabled", value(config.enabled)?)
            .expression_attribute_values(":settings", value(&config.settings)?)
            .expression_attribute_values(":mapping", value(&config.field_mapping)?)
            .expression_attribute_values(":transformations", value(&config.transformations)?)
            .expression_attribute_values(":filters", value(&config.filters)?)
            .expression_attribute_values(":updated", value(config.updated_at)?)
            .expression_attribute_values(":version", number(config.version))
            .expression_attribute_values(":before", number(config.version.saturating_sub(1)));
        let set = "SET #owner = :owner, erpConnectionId = :connection, dataType = :dataType, direction = :direction, \
                   schedule = :schedule, enabled = :enabled, settings = :settings, fieldMapping = :mapping, \
                   transformations = :transformations, filters = :filters, \
                   updatedAt = :updated, version = :version";
        let due = match config.next_sync_at {
            _ if !retimed => "",
            None => " REMOVE nextSyncAt, due, due_at",
            Some(at) => {
                update = update
                    .expression_attribute_values(":next", value(at)?)
                    .expression_attribute_values(":due", text(key::DUE))
                    .expression_attribute_values(":dueAt", text(key::moment(at)));
                ", nextSyncAt = :next, due = :due, due_at = :dueAt"
            }
        };
        update.update_expression(format!("{set}{due}")).send().await?;
        Ok(())
    }

    /// Deletes a sync config; says whether it was there.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn delete_sync_config(&self, id: &SyncConfigId) -> Result<bool, StoreError> {
        self.delete(&key::sync_config(id)).await
    }

    /// The configs that are due at `now`, the longest due first, at most `limit`.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn due_sync_configs(&self, now: Timestamp, limit: u32) -> Result<Vec<SyncConfig>, StoreError> {
        let due = self.due(key::DUE, now, limit).await?;
        self.get_many(&due).await
    }

    /// The keys of what is due at `now` in a partition of `by_due`, the longest due first, at most `limit`.
    pub(crate) async fn due(
        &self,
        partition: &str,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Item>, StoreError> {
        let range = Range { prefix: "", descending: false };
        let mut due = self.query(Some(BY_DUE), partition, &range, limit, None).await?;
        let now = key::moment(now);
        due.retain(|item| item.get(BY_DUE.sk).and_then(|at| at.as_s().ok()).is_some_and(|at| *at <= now));
        Ok(due)
    }

    /// Moves a config's due time on without a run: one is at work already, or something holds it back.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if it was moved or changed meanwhile.
    pub async fn skip_slot(&self, config: &SyncConfig, next: Option<Timestamp>) -> Result<(), StoreError> {
        let mut update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::sync_config(&config.id).to_item()))
            .condition_expression("version = :version AND due_at = :was")
            .expression_attribute_values(":version", number(config.version))
            .expression_attribute_values(
                ":was",
                text(config.next_sync_at.map(key::moment).unwrap_or_default()),
            );
        let expression = match next {
            None => "REMOVE nextSyncAt, due, due_at, heldSince",
            Some(at) => {
                update = update
                    .expression_attribute_values(":next", value(at)?)
                    .expression_attribute_values(":dueAt", text(key::moment(at)));
                "SET nextSyncAt = :next, due_at = :dueAt REMOVE heldSince"
            }
        };
        update.update_expression(expression).send().await?;
        Ok(())
    }

    /// Makes a config due at `now`, unless it is due before that anyway.
    ///
    /// # Errors
    /// If the table cannot be reached. That it was changed or deleted meanwhile is none.
    pub async fn make_due(&self, config: &SyncConfig, now: Timestamp) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::sync_config(&config.id).to_item()))
            .update_expression("SET nextSyncAt = :now, due = :due, due_at = :at")
            .condition_expression("version = :version AND (attribute_not_exists(due_at) OR due_at > :at)")
            .expression_attribute_values(":now", value(now)?)
            .expression_attribute_values(":due", text(key::DUE))
            .expression_attribute_values(":at", text(key::moment(now)))
            .expression_attribute_values(":version", number(config.version));
        match update.send().await.map_err(StoreError::from) {
            Ok(_) | Err(StoreError::Changed) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Holds a config that is due back until `until`, and remembers which slot is held; or, with `until` in the past,
    /// lets it go.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if it was moved or changed meanwhile.
    pub async fn hold_slot(&self, config: &SyncConfig, until: Timestamp) -> Result<(), StoreError> {
        let was = config.next_sync_at.map(key::moment).unwrap_or_default();
        let update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::sync_config(&config.id).to_item()))
            .update_expression("SET nextSyncAt = :until, due_at = :dueAt, heldSince = :since")
            .condition_expression("version = :version AND due_at = :was")
            .expression_attribute_values(":until", value(until)?)
            .expression_attribute_values(":dueAt", text(key::moment(until)))
            .expression_attribute_values(":since", value(config.held_since.or(config.next_sync_at))?)
            .expression_attribute_values(":version", number(config.version))
            .expression_attribute_values(":was", text(was));
        update.send().await?;
        Ok(())
    }
}

fn owner_sort(config: &SyncConfig) -> String {
    format!("{}{}", key::OWNED_CONFIGS, config.id)
}
