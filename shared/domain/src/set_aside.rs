//! Records that runs set aside, as a list of things to do: open until they are mended or come through later.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::assignment::Scope;
use crate::data_type::DataType;
use crate::ids::{ConnectionId, RunId, SetAsideId, SyncConfigId};
use crate::run::{FailedRecord, FailureClass, Run};

/// Whether a record that was set aside still waits for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetAsideStatus {
    /// It does.
    #[default]
    Open,
    /// It was mended, came through in a later run, or was set aside again by one.
    Closed,
}

impl SetAsideStatus {
    /// The name used in JSON and keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// A record that a run set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetAside {
    /// Its id: the run, or the part of it that was read beside others, and the position in it.
    #[schema(value_type = String, example = "run_01KAHV3Z8M6W6W1Z0Q3T4N5P6R.17")]
    pub id: SetAsideId,
    /// The run.
    #[schema(value_type = String)]
    pub run_id: RunId,
    /// The connection.
    pub erp_connection_id: ConnectionId,
    /// The kind of record.
    pub data_type: DataType,
    /// Whose record it is, `client:…` or `site:…`, if an assignment shapes it by rules of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "site:site_001")]
    pub scope: Option<Scope>,
    /// The config by which it was read, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub sync_config_id: Option<SyncConfigId>,
    /// Whether it still waits for somebody.
    pub status: SetAsideStatus,
    /// When it was set aside.
    pub at: Timestamp,
    /// When it was closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// The run that brought it in, mended or by itself, or set it aside anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub closed_by: Option<RunId>,
    /// What is wrong with it.
    #[serde(flatten)]
    pub record: FailedRecord,
}

impl SetAside {
    /// A record that `run` sets aside at `at`. What a dry run met, and what the ERP refused, waits for nobody here: the
    /// one is part of the run's log alone, the other waits among our changes.
    #[must_use]
    pub fn by(run: &Run, record: FailedRecord, at: Timestamp) -> Self {
        let waits = !run.dry_run && record.class != FailureClass::Rejected;
        Self {
            id: SetAsideId::of(&run.id, record.position),
            run_id: run.whole().clone(),
            erp_connection_id: run.erp_connection_id.clone(),
            data_type: run.data_type,
            scope: run.scope.clone(),
            sync_config_id: run.sync_config_id.clone(),
            status: if waits { SetAsideStatus::Open } else { SetAsideStatus::Closed },
            at,
            closed_at: None,
            closed_by: None,
            record,
        }
    }
}
