//! Files on an SFTP server: CSV, JSON, JSON Lines, XML and fixed columns, found by name, claimed by renaming, read as a
//! stream, and archived or set aside; and orders written as files.

mod budget;
mod claim;
mod csv;
mod directory;
mod duplicates;
mod fixed_width;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gzip;
mod json;
mod jsonl;
mod kind;
mod lines;
mod pages;
mod push;
mod reading;
mod resume;
mod sums;
mod writer;
mod xml;

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use domain::DataType;
use domain::connection::{ConnectionSettings, Credentials};
use serde_json::json;
use tokio::sync::OnceCell;
use transport::sftp::{Entry, SftpSession, shown};
use transport::{Egress, ErpError};

use crate::{Connector, Found, Ledger, Lookup, Pages, Pull, Push, PushError, Pushed, TestReport};
use claim::Pattern;
use directory::Directory;
use duplicates::Duplicates;
use pages::FilePages;
use push::Outbox;
use reading::Reading;

/// How many names a test shows.
const NAMES_SHOWN: usize = 20;

/// Reads records from files on an SFTP server, and writes orders there.
pub(crate) struct FileConnector {
    settings: ConnectionSettings,
    credentials: Credentials,
    egress: Egress,
    ledger: Arc<dyn Ledger>,
    host_key: OnceLock<String>,
    outbox: OnceCell<Outbox>,
}

impl FileConnector {
    /// A connector that signs in with the `sftp…` fields of `credentials`; `ledger` is of the files it stored before.
    #[must_use]
    pub(crate) const fn new(
        settings: ConnectionSettings,
        credentials: Credentials,
        egress: Egress,
        ledger: Arc<dyn Ledger>,
    ) -> Self {
        let outbox = OnceCell::const_new();
        Self { settings, credentials, egress, ledger, host_key: OnceLock::new(), outbox }
    }

    fn path(&self) -> &str {
        self.credentials.sftp_path.as_deref().filter(|path| !path.is_empty()).unwrap_or(".")
    }

    async fn connect(&self) -> Result<SftpSession, ErpError> {
        let timeout = Duration::from_millis(u64::from(self.settings.timeout));
        let session = SftpSession::connect(
            &self.egress,
            &self.credentials,
            timeout,
            self.settings.files.legacy_algorithms,
        )
        .await?;
        self.host_key.get_or_init(|| session.host_key().to_owned());
        Ok(session)
    }

    /// Connects, and tries again as often as the settings say if that may help.
    async fn connect_patiently(&self) -> Result<SftpSession, ErpError> {
        let mut pause = Duration::from_millis(u64::from(self.settings.retry_delay));
        for attempt in 1..=self.settings.retry_attempts {
            match self.connect().await {
                Err(error) if error.is_transient() => {
                    tracing::info!(attempt, %error, "the SFTP server is tried again");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                connected => return connected,
            }
        }
        self.connect().await
    }

    /// The session that orders are written in: one for all of a run.
    async fn outbox(&self) -> Result<&Outbox, ErpError> {
        self.outbox
            .get_or_try_init(async || {
                let session = Arc::new(self.connect_patiently().await?);
                Ok(Outbox::new(session, self.path(), &self.settings.files.push))
            })
            .await
    }

    fn report(&self, session: &SftpSession, entries: &[Entry]) -> TestReport {
        let user = self.credentials.sftp_username.as_deref().unwrap_or_default();
        let directories = entries.iter().filter(|entry| entry.is_directory).count();
        let files = entries.len() - directories;
        let names: Vec<_> = entries.iter().take(NAMES_SHOWN).map(|entry| shown(&entry.name)).collect();
        TestReport {
            message: format!(
                "Signed in at {} as {user}; {} holds {} and {}.",
                session.server(),
                self.path(),
                counted(files, "file", "files"),
                counted(directories, "directory", "directories"),
            ),
            details: json!({
                "server": session.server(),
                "hostKey": session.host_key(),
                "path": self.path(),
                "files": files,
                "directories": directories,
                "names": names,
            }),
        }
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[async_trait]
impl Connector for FileConnector {
    async fn test(&self) -> Result<TestReport, ErpError> {
        let session = self.connect().await?;
        let entries = session.list(self.path()).await?;
        Ok(self.report(&session, &entries))
    }

    async fn pull(&self, pull: Pull) -> Result<Box<dyn Pages>, ErpError> {
        let files = &self.settings.files;
        let pattern = Pattern::of(files, pull.data_type)?;
        let reading = Reading::new(files, pull.data_type, pull.page_size)?;
        let session = Arc::new(self.connect_patiently().await?);
        let directory = Directory::new(session, self.path(), files.clone());
        let duplicates = Duplicates::new(Arc::clone(&self.ledger), pull.data_type, files.duplicates);
        let resume = pull.resume.as_deref();
        Ok(Box::new(FilePages::open(directory, reading, duplicates, &pattern, resume).await?))
    }

    async fn push(&self, push: &Push<'_>) -> Result<Pushed, PushError> {
        self.outbox().await.map_err(PushError::NotSent)?.push(push).await
    }

    async fn find(&self, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
        self.outbox().await?.find(lookup).await
    }

    fn can_find(&self, data_type: DataType) -> bool {
        data_type == DataType::Orders
    }

    fn observed_host_key(&self) -> Option<String> {
        self.host_key.get().cloned()
    }
}
