//! What becomes of records that were set aside: mended by a person, or closed by a run that brings them in.

use std::sync::Arc;

use domain::FieldError;
use domain::assignment::Scope;
use domain::connection::Connection;
use domain::ids::{ConnectionId, SetAsideId, SyncConfigId};
use domain::mapping::Rules;
use domain::run::{Counts, Run, RunStatus, Trigger};
use domain::set_aside::{SetAside, SetAsideStatus};
use store::{Collection, Outcome, Permit, StoreError, Upsert};
use thiserror::Error;
use tokio::time::Instant;

use crate::batch::{Reader, Reading, Refused, Taken};
use crate::engine::{Engine, now};
use crate::lease::end;

/// Why a record is not mended.
#[derive(Debug, Error)]
pub enum MendError {
    /// There is no such record.
    #[error("there is no such record")]
    NotFound,
    /// It was closed before.
    #[error("the record was closed before")]
    Closed,
    /// The connection it came over was deleted.
    #[error("its connection {0} was deleted")]
    ConnectionGone(ConnectionId),
    /// The config by which it was read was deleted.
    #[error("its sync config {0} was deleted")]
    ConfigGone(SyncConfigId),
    /// It is a client's or a site's own, and nothing is overridden for that any more.
    #[error("{0} has no records of its own any more")]
    ScopeGone(Scope),
    /// It still cannot be taken: what is wrong, field by field.
    #[error("the record still cannot be taken")]
    StillWrong(Vec<FieldError>),
    /// The table could not be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Takes a record that was set aside in the form `raw`, as the ERP might have sent it, by the mapping of today, and
    /// closes it. It comes in as a run of its own, of one record, for `triggered_by`.
    ///
    /// # Errors
    /// [`MendError`], with the reason; nothing is changed then.
    pub async fn mend(
        &self,
        id: &SetAsideId,
        raw: &[u8],
        triggered_by: String,
    ) -> Result<SetAside, MendError> {
        let record = self.store.set_aside(id).await?.ok_or(MendError::NotFound)?;
        if record.status == SetAsideStatus::Closed {
            return Err(MendError::Closed);
        }
        let connection = self.store.connection(&record.erp_connection_id).await?;
        let connection =
            connection.ok_or_else(|| MendError::ConnectionGone(record.erp_connection_id.clone()))?;
        let upsert = read(&record, &connection, raw, self.rules_of(&record).await?)?;
        let run = self.bring_in(&record, &connection, upsert, triggered_by).await?;
        match self.store.keep_mended(&record, &run, now()).await {
            Ok(()) => {}
            // Closed at the same moment by somebody else: what was stored is what a run would store again.
            Err(StoreError::Changed) => return Err(MendError::Closed),
            Err(error) => return Err(error.into()),
        }
        self.store.set_aside(id).await?.ok_or(MendError::NotFound)
    }

    async fn rules_of(&self, record: &SetAside) -> Result<Rules, MendError> {
        let rules = match &record.sync_config_id {
            None => Rules::default(),
            Some(id) => {
                let config = self.store.sync_config(id).await?;
                config.ok_or_else(|| MendError::ConfigGone(id.clone()))?.rules()
            }
        };
        let Some(scope) = &record.scope else { return Ok(rules) };
        let connection = &record.erp_connection_id;
        let overrides = self.store.overrides_for(scope, connection, record.data_type).await?;
        Ok(overrides.ok_or_else(|| MendError::ScopeGone(scope.clone()))?.over(rules))
    }

    /// Stores the record; answers the run that did, which has ended and is not written yet.
    async fn bring_in(
        &self,
        record: &SetAside,
        connection: &Connection,
        upsert: Upsert,
        triggered_by: String,
    ) -> Result<Run, StoreError> {
        let started = now();
        let mut run = Run {
            sync_config_id: record.sync_config_id.clone(),
            scope: record.scope.clone(),
            ..Run::start(connection.id.clone(), record.data_type, Trigger::Mend, triggered_by, started)
        };
        let collection = Collection::of(&run);
        let permit = Permit::until((Instant::now() + self.pace.lease).into_std());
        let stored = self.store.upsert_records(&collection, &run.id, 0..1, &[upsert], &permit, now()).await?;
        let of = |wanted| u64::from(stored.outcomes.contains(&wanted));
        run.counts = Counts {
            read: 1,
            created: of(Outcome::Created),
            updated: of(Outcome::Updated),
            unchanged: of(Outcome::Unchanged),
            deleted: of(Outcome::Deleted),
            skipped: of(Outcome::Absent),
            ..Counts::default()
        };
        end(&mut run, RunStatus::Success, None);
        Ok(run)
    }
}

fn read(record: &SetAside, connection: &Connection, raw: &[u8], rules: Rules) -> Result<Upsert, MendError> {
    let reading = Reading::of(connection, record.data_type, rules);
    let mut reader = Reader::new(record.data_type, &reading);
    reader.set_notations(&Arc::new(record.record.notations.clone()));
    match reader.read(raw) {
        Ok(Some(Taken { upsert, .. })) => Ok(upsert),
        Ok(None) => {
            let message = "is left out by the filters of its sync config";
            Err(MendError::StillWrong(vec![FieldError::new("record", message)]))
        }
        Err(Refused { errors, .. }) => Err(MendError::StillWrong(errors)),
    }
}

/// Closes what earlier runs set aside and this one has brought in. After a pull that was `complete` that is everything:
/// what is still wrong was set aside anew, and what did not come is gone at the ERP, unless that has suddenly fallen
/// silent.
pub(crate) async fn close_recovered(engine: &Engine, run: &Run, complete: bool) -> Result<(), StoreError> {
    if run.dry_run {
        return Ok(());
    }
    let of = Collection::of(run);
    let read = run.counts.read;
    let closed = if complete && read > 0 && run.total.is_none_or(|total| total <= read) {
        engine.store.close_set_aside(&of, None, Some(&run.id), now()).await?
    } else {
        let mut brought = engine.store.open_set_aside_keys(&of).await?;
        for key in brought.clone() {
            let record = engine.store.record(&of, &key).await?;
            if record.is_none_or(|record| record.updated_at < run.started_at) {
                brought.remove(&key);
            }
        }
        engine.store.close_set_aside(&of, Some(&brought), Some(&run.id), now()).await?
    };
    if closed > 0 {
        tracing::info!(run = %run.id, closed, "records that were set aside have come through");
    }
    Ok(())
}
