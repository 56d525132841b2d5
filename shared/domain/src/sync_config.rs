//! What is synced over a connection, when, and how their fields become ours.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::data_type::{DataType, Direction};
use crate::ids::{ConnectionId, RunId, SyncConfigId};
use crate::mapping::drift::SchemaPolicy;
use crate::mapping::{
    FieldMapping, Filters, MissingFieldPolicy, Rules, Transformation, check_filters, check_rules,
};
use crate::run::{Mode, RunOutcome};
use crate::schedule::{Blackout, Schedule};
use crate::validation::{Checks, Invalid};

/// What the sync of a config is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SyncStatus {
    /// Nothing yet, or nothing since it was changed.
    #[default]
    Idle,
    /// A run is at work.
    Syncing,
    /// The last run reached its end.
    Success,
    /// The last run could not reach its end.
    Error,
}

/// Which side wins when both changed a record since they last agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictResolution {
    /// The ERP's version.
    #[default]
    ErpWins,
    /// Ours.
    SystemWins,
    /// The one changed last.
    NewestWins,
    /// Neither: a person decides.
    Manual,
}

/// When and how a config's syncs run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SyncSettings {
    /// Whether it runs by itself, by `schedule` or else by `syncInterval`.
    pub auto_sync: bool,
    /// Minutes between two runs, where there is no `schedule`: 1 to 527040.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1440)]
    pub sync_interval: Option<u32>,
    /// Whether it may be started by hand.
    pub sync_on_demand: bool,
    /// Which side wins a conflict.
    pub conflict_resolution: ConflictResolution,
    /// The IANA zone that schedules and blackouts are read in; `UTC` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/London")]
    pub time_zone: Option<String>,
    /// Further cron lines beside `schedule`, such as one for the day and one for the night: 10 at most. It runs when
    /// any of them says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["*/15 8-17 * * mon-fri", "0 3 * * *"]))]
    pub schedules: Vec<String>,
    /// Cron lines at which all of the ERP's records are read, also where it could be asked for changes only: 10 at most.
    /// Left out, that is done by the first run of a day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["0 3 * * sun"]))]
    pub full_schedules: Vec<String>,
    /// Asked for changes, the ERP is asked from this many minutes before the newest change it told: 0 to 1440.
    pub overlap_minutes: u32,
    /// Where more than this share of the known records, in percent, or all of them vanished at the ERP, nothing is
    /// deleted here, and the run says so: 0 to 100. With 100, any but all may go.
    pub max_delete_percent: u8,
    /// What becomes of fields that we do not know.
    pub schema_policy: SchemaPolicy,
    /// What becomes of our fields that earlier records filled and no record fills any more.
    pub missing_fields: MissingFieldPolicy,
    /// Conditions, written as filters are, that must all hold for a record that the ERP deleted: it is marked as deleted
    /// here. Left out, a record is deleted whose `deleted`, `isDeleted`, `is_deleted` or `_deleted` says yes, or that has a
    /// `deletedAt`; with `{}`, none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<HashMap<String, Object>>, example = json!({"status": {"in": ["deleted", "archived"]}}))]
    pub deleted_when: Option<Filters>,
    /// Windows in which it does not start by itself: 20 at most. Started by hand it runs all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blackouts: Vec<Blackout>,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self {
            auto_sync: true,
            sync_interval: None,
            sync_on_demand: true,
            conflict_resolution: ConflictResolution::default(),
            time_zone: None,
            schedules: Vec::new(),
            full_schedules: Vec::new(),
            overlap_minutes: 5,
            max_delete_percent: 20,
            schema_policy: SchemaPolicy::default(),
            missing_fields: MissingFieldPolicy::default(),
            deleted_when: None,
            blackouts: Vec::new(),
        }
    }
}

/// What is synced over a connection, when and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ERPSyncConfiguration)]
pub struct SyncConfig {
    /// Its id.
    pub id: SyncConfigId,
    /// The connection.
    pub erp_connection_id: ConnectionId,
    /// The kind of record.
    pub data_type: DataType,
    /// Which side is written to.
    pub direction: Direction,
    /// When it runs by itself: a cron line of five fields.
    #[schema(example = "0 6 * * *", required = false)]
    pub schedule: Option<String>,
    /// Whether it runs at all.
    pub enabled: bool,
    /// What it is doing.
    pub status: SyncStatus,
    /// When and how it runs.
    pub settings: SyncSettings,
    /// Which of their fields each of ours is taken from.
    #[serde(default)]
    #[schema(value_type = HashMap<String, Option<String>>, example = json!({"sku": "productID"}))]
    pub field_mapping: FieldMapping,
    /// What is done to single fields on their way, in order.
    #[serde(default)]
    pub transformations: Vec<Transformation>,
    /// Which of their records are taken: all that pass every filter.
    #[serde(default)]
    #[schema(value_type = HashMap<String, Object>, example = json!({"discontinued": false, "unitPrice": {"gt": 0}}))]
    pub filters: Filters,
    /// What the last run that ended came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_outcome: Option<RunOutcome>,
    /// When a run last reached its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sync_at: Option<Timestamp>,
    /// When it will run next by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_sync_at: Option<Timestamp>,
    /// The due time that is held back, while it is held because the connection keeps failing: it runs once that works
    /// again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_since: Option<Timestamp>,
    /// The last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run_id: Option<RunId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes; also the `ETag`.
    pub version: u64,
}

impl SyncConfig {
    /// When it is due next after `after`, if it runs by itself at all.
    #[must_use]
    pub fn next_due(&self, after: Timestamp) -> Option<Timestamp> {
        self.by_itself().filter_map(|schedule| schedule.next_after(after)).min()
    }

    /// How much a run reads that takes the slot at `due`: everything, if one of the `fullSchedules` names that moment;
    /// changes only, if there are such and none of them does; else it is left to the run.
    #[must_use]
    pub fn mode_of_slot(&self, due: Timestamp) -> Option<Mode> {
        let full = Schedule::of_full_pulls(&self.settings).ok().flatten()?;
        let just_before = due.checked_sub(SignedDuration::from_secs(1)).ok()?;
        Some(if full.next_after(just_before) == Some(due) { Mode::Full } else { Mode::Incremental })
    }

    /// When the blackout that holds it back at `at` ends; `None` if none does.
    #[must_use]
    pub fn held_until(&self, at: Timestamp) -> Option<Timestamp> {
        self.by_itself().find_map(|schedule| schedule.held_until(at))
    }

    /// What shapes its records.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            field_mapping: self.field_mapping.clone(),
            transformations: self.transformations.clone(),
            filters: self.filters.clone(),
            schema_policy: self.settings.schema_policy,
            deleted_when: self.settings.deleted_when.clone(),
        }
    }

    /// Whether it is due at the same times as `other`.
    #[must_use]
    pub fn is_timed_as(&self, other: &Self) -> bool {
        let settings = SyncSettings {
            sync_on_demand: self.settings.sync_on_demand,
            conflict_resolution: self.settings.conflict_resolution,
            overlap_minutes: self.settings.overlap_minutes,
            max_delete_percent: self.settings.max_delete_percent,
            schema_policy: self.settings.schema_policy,
            missing_fields: self.settings.missing_fields,
            deleted_when: self.settings.deleted_when.clone(),
            ..other.settings.clone()
        };
        self.enabled == other.enabled && self.schedule == other.schedule && self.settings == settings
    }

    /// The schedules it runs by.
    fn by_itself(&self) -> impl Iterator<Item = Schedule> {
        let wanted = self.enabled && self.settings.auto_sync;
        let each = wanted.then(|| {
            let regular = Schedule::of(self.schedule.as_deref(), &self.settings);
            [regular, Schedule::of_full_pulls(&self.settings)]
        });
        each.into_iter().flatten().filter_map(|schedule| schedule.ok().flatten())
    }
}

/// What a user sends to make a sync config, or to replace one.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncConfigInput {
    /// The connection.
    #[schema(example = "erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub erp_connection_id: ConnectionId,
    /// The kind of record.
    pub data_type: DataType,
    /// `pull` if left out.
    #[serde(default)]
    pub direction: Direction,
    /// When it runs by itself: a cron line of five fields.
    #[serde(default)]
    #[schema(example = "0 6 * * *")]
    pub schedule: Option<String>,
    /// `true` if left out.
    #[serde(default = "enabled_by_default")]
    pub enabled: bool,
    /// When and how it runs.
    #[serde(default)]
    pub settings: SyncSettings,
    /// Which of their fields each of ours is taken from. Fields left out are found by their usual names.
    #[serde(default)]
    #[schema(value_type = HashMap<String, Option<String>>, example = json!({"sku": "productID", "name": "productName"}))]
    pub field_mapping: FieldMapping,
    /// What is done to single fields on their way, in order, before each is brought into its form. Only for what is
    /// pulled: a config that pushes has none.
    #[serde(default)]
    pub transformations: Vec<Transformation>,
    /// Which of their records are taken: field of theirs (a name, a dotted path or a JSONPath) to a value, or to tests:
    /// `eq`, `ne`, `in`, `not_in`, `gt`, `gte`, `lt`, `lte`, `contains`, `starts_with`, `exists`. The others count as
    /// `skipped`.
    #[serde(default)]
    #[schema(value_type = HashMap<String, Object>, example = json!({"discontinued": false, "unitPrice": {"gt": 0}}))]
    pub filters: Filters,
}

const fn enabled_by_default() -> bool {
    true
}

impl SyncConfigInput {
    /// Names of the fields an answer carries that only we set. A request that sends them back is not at fault.
    pub const SERVER_FIELDS: [&'static str; 10] = [
        "id",
        "status",
        "lastOutcome",
        "lastSyncAt",
        "nextSyncAt",
        "heldSince",
        "lastRunId",
        "createdAt",
        "updatedAt",
        "version",
    ];

    /// Checks every rule.
    ///
    /// # Errors
    /// With each field that breaks one.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut checks = Checks::default();
        if let Err(Invalid(errors)) = Schedule::of(self.schedule.as_deref(), &self.settings) {
            errors.into_iter().for_each(|error| checks.fail(error.field, error.message));
        } else if let Err(Invalid(errors)) = Schedule::of_full_pulls(&self.settings) {
            errors.into_iter().for_each(|error| checks.fail(error.field, error.message));
        }
        checks.require(
            self.settings.sync_interval.is_none_or(|minutes| (1..=527_040).contains(&minutes)),
            "settings.syncInterval",
            "must be between 1 and 527040 minutes",
        );
        checks.require(
            self.settings.overlap_minutes <= 1_440,
            "settings.overlapMinutes",
            "must be between 0 and 1440 minutes",
        );
        checks.require(
            self.settings.max_delete_percent <= 100,
            "settings.maxDeletePercent",
            "must be between 0 and 100",
        );
        checks.require(
            self.direction == Direction::Pull || self.transformations.is_empty(),
            "transformations",
            "are for what is pulled and cannot be undone for what is pushed: leave them out, or set direction to pull",
        );
        check_rules(self.data_type, &self.field_mapping, &self.transformations, &self.filters, &mut checks);
        if let Some(when) = &self.settings.deleted_when {
            checks.within("settings", |checks| check_filters("deletedWhen", when, checks));
        }
        checks.finish()
    }
}
