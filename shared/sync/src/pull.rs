//! Works one pull: pages from the connector into the table, a checkpoint after each batch, until the end or the
//! deadline.

use std::pin::pin;
use std::time::Duration;

use connectors::{Connector, Page, Pages, Pull, connector_for};
use domain::connection::{Connection, ConnectionStatus};
use domain::ids::RunId;
use store::StoreError;
use tokio::time::Instant;
use transport::ErpError;

use crate::Engine;
use crate::batch::{Batch, Reader, Reading};
use crate::lease::{LeaseError, Leased};
use crate::storing::{Stored, Storing, checkpoint, stored};

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
    /// A person wants the run to end.
    #[error("the run is to be cancelled")]
    Cancelled,
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
        Err(Failure::Cancelled) => leased.release().await,
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

async fn work_leased<'e>(
    engine: &'e Engine,
    leased: &mut Leased<'e>,
    deadline: Instant,
) -> Result<End, Failure> {
    let connection = engine.store.connection(&leased.run.erp_connection_id).await?;
    let connection = connection.ok_or_else(|| Failure::Setup("the connection was deleted".to_owned()))?;
    if connection.status == ConnectionStatus::Inactive {
        return Err(Failure::Setup("the connection was switched off".to_owned()));
    }
    let reading = reading_of(engine, leased).await?;
    engine.store.forget_failed_records_after(&leased.run.id, leased.run.counts.read).await?;

    let credentials = engine.vault.open(&connection.id, &connection.credentials);
    let credentials = credentials.map_err(|error| Failure::Setup(error.to_string()))?;
    let connector = connector_for(&connection, credentials, &engine.transport)?;
    let pull = Pull {
        data_type: leased.run.data_type,
        page_size: connection.settings.batch_size,
        resume: leased.run.cursor.clone(),
        since: None,
    };
    let opened = leased.keep(connector.pull(pull)).await?;
    pin_host_key(engine, &connection, &*connector).await?;
    let mut pages = opened?;

    let reader = Reader::new(leased.run.data_type, &reading);
    let mut puller = Puller { engine, leased: &mut *leased, pages: &mut *pages, reader, storing: None };
    let worked = puller.work(deadline).await;
    if matches!(worked, Err(Failure::Erp(_) | Failure::Cancelled))
        && let Err(error) = pages.abandon().await
    {
        tracing::warn!(run = %leased.run.id, %error, "what was claimed could not be given back");
    }
    worked
}

async fn reading_of(engine: &Engine, leased: &Leased<'_>) -> Result<Reading, Failure> {
    let Some(id) = &leased.run.sync_config_id else { return Ok(Reading::default()) };
    let config = engine.store.sync_config(id).await?;
    let config = config.ok_or_else(|| Failure::Setup("the sync config was deleted".to_owned()))?;
    Ok(Reading {
        mapping: config.field_mapping,
        transformations: config.transformations,
        filters: config.filters,
    })
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

/// A pull under way: one batch is read and mapped while the one before is being stored.
struct Puller<'p, 'e> {
    engine: &'e Engine,
    leased: &'p mut Leased<'e>,
    pages: &'p mut dyn Pages,
    reader: Reader,
    storing: Option<Storing>,
}

/// What comes first.
enum Event {
    Page(Result<Option<Page>, ErpError>),
    Stored(Result<Stored, StoreError>),
}

impl Puller<'_, '_> {
    /// Works until the last page is stored, or time is up.
    async fn work(&mut self, deadline: Instant) -> Result<End, Failure> {
        let stop_at = stop_before(deadline);
        loop {
            let filled = self.fill(stop_at).await;
            self.settle().await?;
            let (batch, ended) = filled?;
            if !batch.is_empty() {
                self.storing = Some(Storing::start(self.engine, &self.leased.run, batch));
            }
            if ended || Instant::now() >= stop_at {
                self.settle().await?;
                return Ok(if ended { End::Complete } else { End::HandOver });
            }
        }
    }

    /// Takes pages until the batch is full or old enough; says whether there are no more.
    async fn fill(&mut self, stop_at: Instant) -> Result<(Batch, bool), Failure> {
        let mut batch = Batch::default();
        let before = self.leased.run.counts.read + self.storing.as_ref().map_or(0, Storing::read);
        let until = stop_at.min(Instant::now() + self.engine.pace.write_after);
        loop {
            let Some(page) = self.next_page().await? else { return Ok((batch, true)) };
            batch.add(page, &mut self.reader, before);
            if batch.is_full(self.engine.pace.batch_records) || Instant::now() >= until {
                return Ok((batch, false));
            }
        }
    }

    /// The next page. However long the ERP takes over it, a batch that is stored meanwhile is checkpointed at once, and
    /// the wait ends when the run is to be cancelled.
    async fn next_page(&mut self) -> Result<Option<Page>, Failure> {
        let mut told = None;
        let page = {
            let mut next = pin!(self.pages.next());
            loop {
                let event = self.leased.keep_until_cancelled(async {
                    tokio::select! {
                        biased;
                        page = &mut next => Event::Page(page),
                        stored = stored(&mut self.storing), if self.storing.is_some() => Event::Stored(stored),
                    }
                });
                match event.await? {
                    None => return Err(Failure::Cancelled),
                    Some(Event::Page(page)) => break page?,
                    Some(Event::Stored(stored)) => told = checkpoint(self.leased, stored?).await?,
                }
            }
        };
        self.tell_stored(told).await;
        Ok(page)
    }

    /// Waits for the batch that is being stored, if there is one, and checkpoints it.
    async fn settle(&mut self) -> Result<(), Failure> {
        if self.storing.is_some() {
            let stored = self.leased.keep(stored(&mut self.storing)).await??;
            let told = checkpoint(self.leased, stored).await?;
            self.tell_stored(told).await;
        }
        Ok(())
    }

    /// Tells the connector how far everything is safely stored. What it cannot clear away then is a warning.
    async fn tell_stored(&mut self, resume: Option<String>) {
        if let Some(resume) = resume
            && let Err(error) = self.pages.stored(&resume).await
        {
            tracing::warn!(run = %self.leased.run.id, %error, "what was stored could not be cleared away");
            self.leased.run.warnings.push(error.to_string());
        }
    }
}

/// When to stop taking pages: while 15% of the time to the deadline is left.
fn stop_before(deadline: Instant) -> Instant {
    let whole = deadline.saturating_duration_since(Instant::now());
    deadline.checked_sub(whole.mul_f64(0.15)).unwrap_or(deadline)
}
