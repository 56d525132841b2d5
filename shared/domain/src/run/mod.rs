//! One execution of a sync, and what it did. Its public form is the `ERPSyncLog`.

mod counts;
mod files;
mod missing;
mod notices;
mod outcome;
mod parts;
mod statistics;
mod sync_log;

pub use counts::Counts;
pub use files::{Files, RunFile};
pub use missing::MissingField;
pub use notices::Notices;
pub use outcome::RunOutcome;
pub use parts::{Part, Parts};
pub use statistics::Statistics;
pub use sync_log::{Progress, SyncLog, seconds};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::assignment::Scope;
use crate::census::Census;
use crate::data_type::{DataType, Direction};
use crate::ids::{ConnectionId, RunId, SyncConfigId};
use crate::notation::Notations;
use crate::validation::FieldError;

/// Whether a run is at work, and how it ended. What it did is told by its counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Waiting for a worker, or at work.
    Syncing,
    /// It reached its end. Single records may still have failed: see the outcome.
    Success,
    /// It could not reach its end; what was stored before stands.
    Error,
    /// A person ended it; what was stored before stands.
    Cancelled,
}

/// How much of the ERP's records a run reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// All of them. Only such a run can notice what is gone.
    #[default]
    Full,
    /// Those that changed since the last run that succeeded.
    Incremental,
}

/// What a run is at. A run goes through the phases it needs, in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Reading the ERP's records and storing them.
    #[default]
    Pull,
    /// Looking for records that are gone at the ERP.
    Deletions,
    /// Sending our changes to the ERP.
    Push,
}

/// Something about a run that an operator should look at, for programs. A sentence about each is among the warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunFlag {
    /// The ERP always had records and suddenly answers with none.
    SuddenlyEmpty,
    /// More records vanished than `settings.maxDeletePercent` allows: none was deleted.
    DeletionsWithheld,
    /// The ERP told another total than it sent records.
    CountMismatch,
    /// Fields appeared, vanished or changed their type.
    SchemaDrift,
    /// A worker died in a full pull: what is gone at the ERP shows with the next one.
    DeletionsNotChecked,
    /// Records were set aside.
    RecordsSetAside,
    /// Changes of ours were refused by the ERP, or nobody knows whether it took them.
    ChangesRefused,
    /// Optional fields could not be read: their records are without them.
    FieldsLeftOut,
    /// Records of one key came more than once: the last one counts.
    RecordsRepeated,
    /// No record has a field that earlier ones had: its values are kept as they were (`settings.missingFields`).
    FieldsHeld,
    /// No record has a field that earlier ones had: its values were emptied (`settings.missingFields`).
    FieldsEmptied,
    /// No record has what the mapping names for a field.
    PathsNotFound,
}

/// What started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A person or a program, by API.
    Manual,
    /// The schedule.
    Schedule,
    /// A person mended a record that was set aside: a run of that one record.
    Mend,
}

/// What kind of thing is wrong with a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Its fields do not become ours by the mapping.
    #[default]
    Mapping,
    /// It has our form and breaks a rule of it.
    Validation,
    /// It is larger than a record may be.
    TooLarge,
    /// It is not a record at all, such as half a JSON text or a line with too few fields.
    Unreadable,
    /// The ERP refused it.
    Rejected,
}

/// One execution of a sync, as it lies in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its id; ids sort by start.
    pub id: RunId,
    /// The connection.
    pub erp_connection_id: ConnectionId,
    /// The config that shapes it, if there is one.
    pub sync_config_id: Option<SyncConfigId>,
    /// The kind of record.
    pub data_type: DataType,
    /// Whose records it pulls, if a client's or a site's own.
    #[serde(default)]
    pub scope: Option<Scope>,
    /// Which side is written to.
    pub direction: Direction,
    /// Whether it is at work, and how it ended.
    pub status: RunStatus,
    /// What started it.
    pub trigger: Trigger,
    /// Who started it: a user's id, or `scheduler`.
    pub triggered_by: String,
    /// The run it repeats.
    #[serde(default)]
    pub retry_of: Option<RunId>,
    /// The trace in which it was started.
    #[serde(default)]
    pub trace_id: Option<String>,
    /// Whether it only tells what it would do.
    #[serde(default)]
    pub dry_run: bool,
    /// How much it was asked to read; left to us if nothing was asked.
    #[serde(default)]
    pub asked_mode: Option<Mode>,
    /// How much of the ERP's records it reads.
    #[serde(default)]
    pub mode: Mode,
    /// With [`Mode::Incremental`], the moment since which changes are asked for.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// What it is at.
    #[serde(default)]
    pub phase: Phase,
    /// A person wants it to end: its worker closes it after the batch at hand.
    #[serde(default)]
    pub cancel_requested: bool,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// What its pull did so far.
    pub counts: Counts,
    /// What its push did so far: `read` are our changes it looked at.
    #[serde(default)]
    pub pushed: Counts,
    /// When the newest record so far was changed at the ERP.
    #[serde(default)]
    pub high_water: Option<Timestamp>,
    /// The program its records are read by.
    #[serde(default)]
    pub program: Option<u64>,
    /// Whether its pull read everything the ERP has, or of a part, everything it should.
    #[serde(default)]
    pub complete: bool,
    /// The keys its pull met so far; none before its pull begins.
    #[serde(default)]
    pub census: Option<Census>,
    /// The ERP asked to be left alone until then.
    #[serde(default)]
    pub held_until: Option<Timestamp>,
    /// How often it did so in a row.
    #[serde(default)]
    pub holds: u32,
    /// How many records the ERP says there are.
    pub total: Option<u64>,
    /// Why it ended in `error`.
    pub error: Option<String>,
    /// What a person should know though the run goes on.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// How many records came more than once, as far as it shows.
    #[serde(default)]
    pub repeated: u64,
    /// What happened to many of its records alike.
    #[serde(default)]
    pub notices: Notices,
    /// The files it read.
    #[serde(default)]
    pub files: Files,
    /// Fields that earlier records filled and, as far as it had read, none of its own did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingField>,
    /// What an operator should look at.
    #[serde(default)]
    pub flags: Vec<RunFlag>,
    /// Where it belongs, if it is a part of a run that is read side by side.
    #[serde(default)]
    pub part: Option<Part>,
    /// Its parts, if it is read side by side.
    #[serde(default)]
    pub parts: Option<Parts>,
    /// Where the connector goes on, once batch `batch` is done. Only the connector reads it.
    pub cursor: Option<String>,
    /// How many batches are checkpointed.
    pub batch: u32,
    /// How many workers took it up.
    pub attempt: u32,
    /// How many workers in a row took it up without a checkpoint.
    pub stalled: u32,
    /// The worker that holds it, and until when.
    pub lease: Option<Lease>,
    /// When a checkpoint was last written.
    pub checkpointed_at: Timestamp,
    /// Counts the writes: a worker that lost its lease cannot overwrite a newer state.
    pub version: u64,
}

/// The right of one worker to work on a run, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// The worker.
    pub holder: String,
    /// When it ends unless it is renewed.
    pub until: Timestamp,
}

impl Run {
    /// A run that is started at `now` by `triggered_by` and waits for a worker.
    #[must_use]
    pub fn start(
        erp_connection_id: ConnectionId,
        data_type: DataType,
        trigger: Trigger,
        triggered_by: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id: RunId::generate(),
            erp_connection_id,
            sync_config_id: None,
            data_type,
            scope: None,
            direction: Direction::Pull,
            status: RunStatus::Syncing,
            trigger,
            triggered_by,
            retry_of: None,
            trace_id: None,
            dry_run: false,
            asked_mode: None,
            mode: Mode::default(),
            since: None,
            phase: Phase::default(),
            cancel_requested: false,
            started_at: now,
            completed_at: None,
            counts: Counts::default(),
            pushed: Counts::default(),
            high_water: None,
            program: None,
            complete: false,
            census: None,
            held_until: None,
            holds: 0,
            total: None,
            error: None,
            warnings: Vec::new(),
            repeated: 0,
            notices: Notices::default(),
            files: Files::default(),
            missing: Vec::new(),
            flags: Vec::new(),
            part: None,
            parts: None,
            cursor: None,
            batch: 0,
            attempt: 0,
            stalled: 0,
            lease: None,
            checkpointed_at: now,
            version: 1,
        }
    }

    /// Notes something an operator should look at, with a sentence about it.
    pub fn flag(&mut self, flag: RunFlag, warning: String) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
            self.warnings.push(warning);
        }
    }

    /// Notes something of which one of the notices tells.
    pub fn flag_alone(&mut self, flag: RunFlag) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }

    /// Notes fields that earlier records filled and none of its own did so far, each once.
    pub fn note_missing(&mut self, missing: &[MissingField]) {
        for one in missing {
            if self.missing.iter().all(|known| known.field != one.field) {
                self.missing.push(one.clone());
            }
        }
    }

    /// Whether it is neither done nor given up.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status == RunStatus::Syncing
    }
}

/// A record that was set aside, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedRecord {
    /// Where it stood among the records read, from 1.
    pub position: u64,
    /// Its key, if that much could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "SKU-1")]
    pub key: Option<String>,
    /// The file it stood in, if it came in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "products-20261201.csv")]
    pub file: Option<String>,
    /// How numbers are written where it came from, if not as programs do: it is mended by the same.
    #[serde(default, skip_serializing_if = "Notations::is_plain")]
    pub notations: Notations,
    /// What kind of thing is wrong.
    #[serde(default)]
    pub class: FailureClass,
    /// What is wrong, field by field.
    pub errors: Vec<FieldError>,
    /// The record as the ERP sent it, secrets masked and cut at 16 KB.
    pub raw: String,
}
