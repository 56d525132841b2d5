//! What every connector does.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use domain::notation::Notations;
use domain::run::Files;
use jiff::Timestamp;
use transport::ErpError;

use crate::push::{Found, Lookup, Push, PushError, Pushed};

/// Speaks one ERP's dialect over one connection. Made anew for each test and each run.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Really signs in and really asks for something.
    ///
    /// # Errors
    /// With what the ERP said, or why it could not be asked.
    async fn test(&self) -> Result<TestReport, ErpError>;

    /// Opens the records of a data type, from the beginning or from where an earlier worker stopped.
    ///
    /// # Errors
    /// With what the ERP said, or why it could not be asked.
    async fn pull(&self, pull: Pull) -> Result<Box<dyn Pages>, ErpError>;

    /// Whether `Pull::since` is heeded for a data type. If not, every pull reads everything.
    fn pulls_changes(&self, _data_type: DataType) -> bool {
        false
    }

    /// Makes, changes or deletes one record at the ERP.
    ///
    /// # Errors
    /// With what is known of the record's fate.
    async fn push(&self, push: &Push<'_>) -> Result<Pushed, PushError>;

    /// Looks a record up by our reference, as is done when nobody knows whether the ERP took it.
    ///
    /// # Errors
    /// With what the ERP said, or why it could not be asked; `Misconfigured` unless [`Self::can_find`].
    async fn find(&self, _lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
        Err(ErpError::Misconfigured("nothing can be looked up over a connection of this kind".to_owned()))
    }

    /// Whether records of a type can be looked up by our reference.
    fn can_find(&self, _data_type: DataType) -> bool {
        false
    }

    /// Whether making a record of a type twice with one idempotency key makes one: then what may have been taken is
    /// sent again, with no need to look.
    fn repeats_safely(&self, _data_type: DataType) -> bool {
        false
    }

    /// The server's SSH host key as it was seen in this session (`SHA256:…`), for the first contact to pin.
    fn observed_host_key(&self) -> Option<String> {
        None
    }
}

/// What is to be pulled.
#[derive(Debug, Clone)]
pub struct Pull {
    /// The kind of record.
    pub data_type: DataType,
    /// How many records a page should have.
    pub page_size: u32,
    /// The `resume` of the last page that was stored; `None` to begin.
    pub resume: Option<String>,
    /// Leave out what did not change since; `None` for everything. The same for the whole of a run.
    pub since: Option<Timestamp>,
}

/// The pages of one pull.
#[async_trait]
pub trait Pages: Send {
    /// The next page; `None` after the last. An empty page is not the end.
    ///
    /// # Errors
    /// With why the pull cannot go on.
    async fn next(&mut self) -> Result<Option<Page>, ErpError>;

    /// Asked after the last page: whether everything the ERP has was yielded, by this pull and by those it goes on
    /// from, so that a record that did not come is gone. `false` when in doubt.
    fn complete(&self) -> bool {
        false
    }

    /// Asked after a page: the rest of the pull as several resumes that can be read side by side, up to `parts` of them.
    /// Empty if it cannot be split, or is not worth it.
    fn split(&self, _parts: usize) -> Vec<String> {
        Vec::new()
    }

    /// Told when everything up to the page with this `resume` is safely stored, so that what was read can be cleared
    /// away (files archived). `files` says what became of the records of each file. Told again with the last `resume`
    /// when another worker goes on from it.
    ///
    /// # Errors
    /// With what could not be cleared away.
    async fn stored(&mut self, _resume: &str, _files: &Files) -> Result<(), ErpError> {
        Ok(())
    }

    /// Told when the run ends in error: gives back what was claimed and not stored.
    ///
    /// # Errors
    /// With what could not be given back.
    async fn abandon(&mut self) -> Result<(), ErpError> {
        Ok(())
    }
}

/// Some records, as JSON texts in one buffer.
#[derive(Debug, Default)]
pub struct Page {
    /// The text that `items` points into.
    pub body: Vec<u8>,
    /// The records, in the order the ERP sent them.
    pub items: Vec<Item>,
    /// Where to go on after this page; only the connector reads it. At most a few KB.
    pub resume: String,
    /// How many records the ERP says there are in all, if it tells.
    pub total: Option<u64>,
    /// How its numbers are written.
    pub notations: Arc<Notations>,
    /// The file its records stood in, if they came in one.
    pub file: Option<Arc<str>>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// One record of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A JSON text in the page's body.
    Record(Range<usize>),
    /// Something that is no record, such as a line with too few fields: a text in the page's body, and the reason.
    Broken(Range<usize>, String),
}

/// What a connection test found.
#[derive(Debug, Clone, PartialEq)]
pub struct TestReport {
    /// One sentence for a person.
    pub message: String,
    /// What was seen: status, server, listing, host key. No secrets.
    pub details: serde_json::Value,
}
