//! Works one pull: pages from the connector into the table, a checkpoint after each batch, until the end or the
//! deadline.

use std::time::Duration;

use connectors::{Connector, Pages, Pull, connector_for};
use domain::connection::{Connection, ConnectionStatus};
use domain::ids::RunId;
use domain::mapping::FieldMapping;
use store::{Collection, Outcome, StoreError};
use tokio::task::JoinSet;
use tokio::time::Instant;
use transport::ErpError;

use crate::batch::{Batch, Reader};
use crate::engine::{Engine, now};
use crate::lease::{LeaseError, Leased};

/// A batch that is not full is written after this long, so that progress shows.
const WRITE_AFTER: Duration = Duration::from_secs(2);

/// Most warnings a run keeps.
const MAX_WARNINGS: usize = 50;

/// How a stretch of work ended.
enum End {
    /// Everything is read and stored.
    Complete,
    /// Time is up; another worker goes on.
    HandOver,
}

/// Why it could not go on.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The ERP, or the way to it: the run ends in error.
    #[error(transparent)]
    Erp(#[from] ErpError),
    /// Something that only a person can mend: the run ends in error.
    #[error("{0}")]
    Setup(String),
    /// Another worker has the run.
    #[error("another worker has taken the run up")]
    Lost,
    /// The table: the message comes back, and the run goes on from its last checkpoint.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LeaseError> for Failure {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Lost => Self::Lost,
            LeaseError::Store(error) => Self::Store(error),
        }
    }
}

/// Takes a run up and works it until it is done or `deadline` is near.
pub(crate) async fn work_run(engine: &Engine, id: &RunId, deadline: Instant) -> Result<(), StoreError> {
    let Some(mut leased) = Leased::take(engine, id).await? else { return Ok(()) };
    let worked = work_leased(engine, &mut leased, deadline).await;
    let ended = match worked {
        Ok(End::Complete) => leased.close(None, None).await,
        Ok(End::HandOver) => hand_over(engine, &mut leased).await,
        Err(Failure::Erp(error)) => {
            tracing::warn!(run = %id, %error, "a run ended in error");
            let sentence = error.to_string();
            let of_connection = concerns_connection(&error).then_some(sentence.as_str());
            leased.close(Some(sentence.clone()), of_connection).await
        }
        Err(Failure::Setup(reason)) => leased.close(Some(reason), None).await,
        Err(Failure::Lost) => Err(LeaseError::Lost),
        Err(Failure::Store(error)) => Err(LeaseError::Store(error)),
    };
    match ended {
        Ok(()) => Ok(()),
        Err(LeaseError::Lost) => {
            tracing::info!(run = %id, "another worker has taken the run up");
            Ok(())
        }
        Err(LeaseError::Store(error)) => Err(error),
    }
}

/// Whether an error says something of the connection, not just of what was sent over it.
const fn concerns_connection(error: &ErpError) -> bool {
    !matches!(error, ErpError::Malformed(_) | ErpError::Rejected(_))
}

async fn hand_over(engine: &Engine, leased: &mut Leased<'_>) -> Result<(), LeaseError> {
    leased.release().await?;
    if let Err(error) = engine.queue.send_run(&leased.run.id, Duration::ZERO).await {
        tracing::warn!(run = %leased.run.id, %error, "no worker could be nudged to go on: the sweep will");
    }
    Ok(())
}

async fn work_leased(engine: &Engine, leased: &mut Leased<'_>, deadline: Instant) -> Result<End, Failure> {
    let connection = engine.store.connection(&leased.run.erp_connection_id).await?;
    let connection = connection.ok_or_else(|| Failure::Setup("the connection was deleted".to_owned()))?;
    if connection.status == ConnectionStatus::Inactive {
        return Err(Failure::Setup("the connection was switched off".to_owned()));
    }
    let mapping = mapping_of(engine, leased).await?;
    engine.store.forget_failed_records_after(&leased.run.id, leased.run.counts.read).await?;

    let credentials = engine.vault.open(&connection.id, &connection.credentials);
    let credentials = credentials.map_err(|error| Failure::Setup(error.to_string()))?;
    let connector = connector_for(&connection, credentials, &engine.transport)?;
    let pull = Pull {
        data_type: leased.run.data_type,
        page_size: connection.settings.batch_size,
        resume: leased.run.cursor.clone(),
    };
    let opened = leased.keep(connector.pull(pull)).await?;
    pin_host_key(engine, &connection, &*connector).await?;
    let mut pages = opened?;

    let mut reader = Reader::new(leased.run.data_type, &mapping);
    let worked = pull_pages(engine, leased, &mut *pages, &mut reader, deadline).await;
    if let Err(Failure::Erp(_)) = &worked
        && let Err(error) = pages.abandon().await
    {
        tracing::warn!(run = %leased.run.id, %error, "what was claimed could not be given back");
    }
    worked
}

async fn mapping_of(engine: &Engine, leased: &Leased<'_>) -> Result<FieldMapping, Failure> {
    let Some(id) = &leased.run.sync_config_id else { return Ok(FieldMapping::new()) };
    let config = engine.store.sync_config(id).await?;
    config
        .map(|config| config.field_mapping)
        .ok_or_else(|| Failure::Setup("the sync config was deleted".to_owned()))
}

/// The first contact pins the server's key; every later one is held against it.
async fn pin_host_key(
    engine: &Engine,
    connection: &Connection,
    connector: &dyn Connector,
) -> Result<(), StoreError> {
    let Some(seen) = connector.observed_host_key().filter(|_| connection.credentials.sftp_host_key.is_none())
    else {
        return Ok(());
    };
    match engine.store.pin_host_key(&connection.id, &seen).await {
        Ok(()) | Err(StoreError::Changed) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Reads and maps one batch while the one before is being stored.
async fn pull_pages(
    engine: &Engine,
    leased: &mut Leased<'_>,
    pages: &mut dyn Pages,
    reader: &mut Reader,
    deadline: Instant,
) -> Result<End, Failure> {
    let stop_at = stop_before(deadline);
    let mut storing: Option<Storing> = None;
    loop {
        let before = leased.run.counts.read + storing.as_ref().map_or(0, |storing| storing.batch.read());
        let filled = fill(leased, pages, reader, before, stop_at).await;
        if let Some(storing) = storing.take() {
            storing.settle(leased, pages).await?;
        }
        let (batch, ended) = filled?;
        if !batch.is_empty() {
            storing = Some(Storing::start(engine, leased, batch));
        }
        let time_is_up = Instant::now() >= stop_at;
        if ended || time_is_up {
            if let Some(storing) = storing.take() {
                storing.settle(leased, pages).await?;
            }
            return Ok(if ended { End::Complete } else { End::HandOver });
        }
    }
}

/// Takes pages until the batch is full or old enough; says whether there are no more.
async fn fill(
    leased: &mut Leased<'_>,
    pages: &mut dyn Pages,
    reader: &mut Reader,
    before: u64,
    stop_at: Instant,
) -> Result<(Batch, bool), Failure> {
    let mut batch = Batch::default();
    let until = stop_at.min(Instant::now() + WRITE_AFTER);
    loop {
        let Some(page) = leased.keep(pages.next()).await?? else { return Ok((batch, true)) };
        batch.add(page, reader, before);
        if batch.is_full() || Instant::now() >= until {
            return Ok((batch, false));
        }
    }
}

/// When to stop taking pages: while 15% of the time to the deadline is left.
fn stop_before(deadline: Instant) -> Instant {
    let whole = deadline.saturating_duration_since(Instant::now());
    deadline.checked_sub(whole.mul_f64(0.15)).unwrap_or(deadline)
}

/// A batch that is being stored, in a task of its own so that it takes another core. It ends with us.
struct Storing {
    batch: Batch,
    task: JoinSet<Result<Vec<Outcome>, StoreError>>,
}

impl Storing {
    fn start(engine: &Engine, leased: &Leased<'_>, mut batch: Batch) -> Self {
        let store = engine.store.clone();
        let (id, number) = (leased.run.id.clone(), leased.run.batch);
        let collection =
            Collection { connection: leased.run.erp_connection_id.clone(), data_type: leased.run.data_type };
        let (upserts, failed) = (std::mem::take(&mut batch.upserts), batch.failed.clone());
        let mut task = JoinSet::new();
        task.spawn(async move {
            store.keep_failed_records(&id, &failed).await?;
            store.upsert_records(&collection, &id, number, &upserts, now()).await
        });
        Self { batch, task }
    }

    /// Waits until the batch is stored, writes the checkpoint that counts it, then tells the connector.
    async fn settle(mut self, leased: &mut Leased<'_>, pages: &mut dyn Pages) -> Result<(), Failure> {
        let stored = leased.keep(self.task.join_next()).await?;
        let stored = stored.ok_or_else(|| Failure::Setup("no batch was being stored".to_owned()))?;
        let outcomes =
            stored.map_err(|error| Failure::Setup(format!("storing a batch failed: {error}")))??;
        let batch = self.batch;
        let run = &mut leased.run;
        run.counts.add(&batch.counts(&outcomes));
        run.total = batch.total.or(run.total);
        run.cursor.clone_from(&batch.resume);
        run.batch += 1;
        run.warnings.extend(batch.warnings);
        run.warnings.truncate(MAX_WARNINGS);
        leased.checkpoint().await?;

        if let Some(resume) = batch.resume
            && let Err(error) = pages.stored(&resume).await
        {
            tracing::warn!(run = %leased.run.id, %error, "what was stored could not be cleared away");
            leased.run.warnings.push(error.to_string());
        }
        Ok(())
    }
}
