//! Every key of the table. No other module spells one.

mod set_aside;

pub(crate) use set_aside::{
    closed_set_aside_sort, owned_set_aside, set_aside_at, set_aside_sort, set_aside_whose,
};

use domain::DataType;
use domain::assignment::Scope;
use domain::conflict::ConflictStatus;
use domain::ids::{
    AssignmentId, AuditEventId, ClientId, ConflictId, ConnectionId, ContactId, DeadLetterId, RunId, SiteId,
    SyncConfigId, TemplateId, UserId,
};
use domain::mapping_template::{MappingTemplate, folded_name};
use jiff::Timestamp;

use crate::Collection;
pub(crate) use crate::indexes::{
    BY_BLOCK, BY_CHANGE, BY_DUE, BY_KIND, BY_OWNER, ENDS, INDEXES, Index, OUTLINE, OUTLINED,
};

/// Where an item lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

fn key(pk: impl Into<String>, sk: impl Into<String>) -> Key {
    Key { pk: pk.into(), sk: sk.into() }
}

/// The attribute DynamoDB deletes expired items by, in seconds since 1970.
pub(crate) const TTL: &str = "expires_at";

/// How many partitions a collection of records is spread over.
pub(crate) const SHARDS: u8 = 8;

/// A moment as text whose order is that of time.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

pub(crate) const CONNECTIONS: &str = "erp_connection";

pub(crate) fn connection(id: &ConnectionId) -> Key {
    key(CONNECTIONS, id.as_str())
}

pub(crate) fn sync_config(id: &SyncConfigId) -> Key {
    key("erp_sync_config", id.as_str())
}

pub(crate) const MAPPING_TEMPLATES: &str = "erp_mapping_template";

pub(crate) fn mapping_template(id: &TemplateId) -> Key {
    key(MAPPING_TEMPLATES, id.as_str())
}

/// `by_kind`: the mapping templates of a data type.
pub(crate) fn mapping_templates_of(data_type: DataType) -> String {
    format!("{MAPPING_TEMPLATES}:{data_type}")
}

/// Makes a name belong to one mapping template of its data type only.
pub(crate) fn mapping_template_name(template: &MappingTemplate) -> Key {
    key(format!("erp_mapping_template_name:{}", template.data_type), folded_name(&template.name))
}

/// `by_owner`: all that belongs to a connection.
pub(crate) fn owned_by(id: &ConnectionId) -> String {
    format!("erp_connection:{id}")
}

/// `by_owner`, within a connection: its sync configs.
pub(crate) const OWNED_CONFIGS: &str = "erp_sync_config:";

/// `by_owner`, within a connection: its assignments to clients.
pub(crate) const OWNED_CLIENT_ASSIGNMENTS: &str = "client_erp_assignment:";

/// `by_owner`, within a connection: its assignments to sites.
pub(crate) const OWNED_SITE_ASSIGNMENTS: &str = "site_erp_assignment:";

/// `by_owner`, within a connection: its runs of a data type.
pub(crate) fn owned_runs(data_type: DataType) -> String {
    format!("erp_sync_log:{data_type}:")
}

/// `by_kind`: the runs of a data type.
pub(crate) fn runs_of(data_type: DataType) -> String {
    format!("erp_sync_log:{data_type}")
}

/// `by_due`: every config that runs by itself.
pub(crate) const DUE: &str = "due";

pub(crate) fn run(id: &RunId) -> Key {
    key(format!("erp_sync_log:{id}"), "run")
}

/// What the sort keys of a run's failed records begin with.
pub(crate) const FAILED: &str = "failed:";

pub(crate) fn failed_record(id: &RunId, position: u64) -> Key {
    key(format!("erp_sync_log:{id}"), format!("{FAILED}{position:012}"))
}

/// What the sort keys of a dry run's planned changes begin with.
pub(crate) const PLANNED: &str = "planned:";

pub(crate) fn planned(id: &RunId, place: u64) -> Key {
    key(format!("erp_sync_log:{id}"), format!("{PLANNED}{place:012}"))
}

/// Some of the marks of the keys a run's pull met.
pub(crate) fn seen_segment(id: &RunId, segment: u32) -> Key {
    key(format!("erp_sync_log:{id}"), format!("seen:{segment:06}"))
}

/// What a run saw of what its records look like.
pub(crate) fn profile_seen(id: &RunId) -> Key {
    key(run(id).pk, "shape")
}

/// All runs that are at work.
pub(crate) const ACTIVE_RUNS: &str = "erp_active_run";

pub(crate) fn active_run(of: &Collection) -> Key {
    key(ACTIVE_RUNS, format!("{}:{}{}", of.connection, of.data_type, whose(of)))
}

/// What stands at the end of a key of what a client or a site has of its own.
fn whose(of: &Collection) -> String {
    of.scope.as_ref().map(|scope| format!(":{scope}")).unwrap_or_default()
}

/// What the syncs of a collection remember.
pub(crate) fn sync_state(of: &Collection) -> Key {
    key(format!("erp_sync_state:{}", of.connection), format!("{}{}", of.data_type, whose(of)))
}

/// What the records look like that the syncs of a collection brought.
pub(crate) fn profile(of: &Collection) -> Key {
    key(format!("erp_shape:{}", of.connection), format!("{}{}", of.data_type, whose(of)))
}

/// What went wrong when a worker last could not move a run on.
pub(crate) fn work_error(id: &RunId) -> Key {
    key(run(id).pk, "work_error")
}

/// The state of a connection's circuit breaker.
pub(crate) fn health(connection: &ConnectionId) -> Key {
    key("erp_health", connection.as_str())
}

/// `by_due`: every connection that is to be probed.
pub(crate) const PROBES: &str = "probe";

/// The contacts with a connection's ERP.
pub(crate) fn contacts(connection: &ConnectionId) -> String {
    format!("erp_contact:{connection}")
}

pub(crate) fn contact(connection: &ConnectionId, id: &ContactId) -> Key {
    key(contacts(connection), id.as_str())
}

/// All dead letters; in `by_kind`, by time.
pub(crate) const DEAD_LETTERS: &str = "erp_dead_letter";

pub(crate) fn dead_letter(id: &DeadLetterId) -> Key {
    key(DEAD_LETTERS, id.as_str())
}

/// The access token that a grant gets for a connection.
pub(crate) fn access_token(connection: &ConnectionId, grant: &str) -> Key {
    key(format!("erp_access_token:{connection}"), grant)
}

/// The documents of a data type that came over a connection and wait to be read.
pub(crate) fn inbox(connection: &ConnectionId, data_type: DataType) -> String {
    format!("erp_inbox:{connection}:{data_type}")
}

pub(crate) fn inbox_document(connection: &ConnectionId, data_type: DataType, place: &str) -> Key {
    key(inbox(connection, data_type), place)
}

/// That a document came over a connection.
pub(crate) fn inbox_came(connection: &ConnectionId, id: &str) -> Key {
    key(format!("erp_inbox_came:{connection}"), id)
}

/// The ledger of the files of a data type that were stored from a connection.
pub(crate) fn stored_files(connection: &ConnectionId, data_type: DataType) -> String {
    format!("erp_stored_file:{connection}:{data_type}")
}

/// What the sort keys of files of one size begin with.
pub(crate) fn stored_files_of_size(size: u64) -> String {
    format!("{size}:")
}

pub(crate) fn stored_file(connection: &ConnectionId, data_type: DataType, size: u64, sha256: &str) -> Key {
    key(stored_files(connection, data_type), format!("{}{sha256}", stored_files_of_size(size)))
}

pub(crate) fn statistics(connection: &ConnectionId) -> Key {
    key("erp_statistics", connection.as_str())
}

pub(crate) fn client_assignments(client: &ClientId) -> String {
    format!("client_erp_assignment:{client}")
}

pub(crate) fn client_assignment(client: &ClientId, id: &AssignmentId) -> Key {
    key(client_assignments(client), id.as_str())
}

/// `by_kind`: the assignments of a connection that have rules of their own, by whose they are.
pub(crate) fn overriding(connection: &ConnectionId) -> String {
    format!("erp_override:{connection}")
}

/// The place of an assignment in [`overriding`].
pub(crate) fn overriding_sort(scope: &Scope, id: &AssignmentId) -> String {
    format!("{scope}:{id}")
}

/// Whose assignment stands at a place in [`overriding`].
pub(crate) fn scope_of_overriding(sort: &str) -> Option<Scope> {
    sort.rsplit_once(':')?.0.parse().ok()
}

/// Which of a client's assignments is its default.
pub(crate) fn client_default(client: &ClientId) -> Key {
    key("client_erp_default", client.as_str())
}

pub(crate) fn site_assignments(site: &SiteId) -> String {
    format!("site_erp_assignment:{site}")
}

pub(crate) fn site_assignment(site: &SiteId, id: &AssignmentId) -> Key {
    key(site_assignments(site), id.as_str())
}

/// One shard of a collection of records.
pub(crate) fn shard(of: &Collection, shard: u8) -> String {
    let Collection { connection, data_type, .. } = of;
    let whose = whose(of);
    match data_type {
        DataType::Inventory => format!("erp_inventory_cache:{connection}:{shard}{whose}"),
        _ => format!("erp_record:{connection}:{data_type}:{shard}{whose}"),
    }
}

/// After every key: no character sorts behind it.
pub(crate) const BEYOND: &str = "\u{10ffff}";

/// The sort key of the block that begins at `lower`; the first block of a shard begins before every key.
pub(crate) fn block_sort(lower: &str) -> String {
    format!(":{lower}")
}

/// The first block of a shard.
pub(crate) fn first_block(shard: &str) -> Key {
    key(shard, block_sort(""))
}

/// The pending changes of one collection, by the record's key.
pub(crate) fn changes(connection: &ConnectionId, data_type: DataType) -> String {
    format!("erp_change:{connection}:{data_type}")
}

pub(crate) fn change(connection: &ConnectionId, data_type: DataType, record: &str) -> Key {
    key(changes(connection, data_type), record)
}

/// `by_kind`: all pending changes, by id.
pub(crate) const CHANGES: &str = "erp_change";

/// `by_owner`, within a connection: its pending changes.
pub(crate) const OWNED_CHANGES: &str = "erp_change:";

/// `by_owner`, within a connection: its pending changes of a data type, by id, which is by age.
pub(crate) fn owned_changes(data_type: DataType) -> String {
    format!("{OWNED_CHANGES}{data_type}:")
}

/// The sort key behind which [`owned_changes`] go on after `id`.
pub(crate) fn owned_change(data_type: DataType, id: &str) -> String {
    format!("{}{id}", owned_changes(data_type))
}

/// Under which keys the ERP has records that we named.
pub(crate) fn links(connection: &ConnectionId, data_type: DataType) -> String {
    format!("erp_link:{connection}:{data_type}")
}

pub(crate) fn link(connection: &ConnectionId, data_type: DataType, record: &str) -> Key {
    key(links(connection, data_type), record)
}

/// All conflicts, by id.
pub(crate) const CONFLICTS: &str = "erp_conflict";

pub(crate) fn conflict(id: &ConflictId) -> Key {
    key(CONFLICTS, id.as_str())
}

/// `by_kind`: the conflicts that are open, or those that are resolved.
pub(crate) fn conflicts_of(status: ConflictStatus) -> String {
    format!("{CONFLICTS}:{}", status.as_str())
}

/// `by_owner`, within a connection: its conflicts.
pub(crate) const OWNED_CONFLICTS: &str = "erp_conflict:";

/// The partition of one day's audit events.
pub(crate) fn audit_event(at: Timestamp, id: &AuditEventId) -> Key {
    key(format!("audit_event:{}", at.strftime("%Y-%m-%d")), id.as_str())
}

/// `by_kind`: all audit events.
pub(crate) const AUDIT_EVENTS: &str = "audit_event";

/// `by_owner`: the audit events of one target.
pub(crate) fn audit_target(target: &str) -> String {
    format!("audit_target:{target}")
}

pub(crate) fn user(id: &UserId) -> Key {
    key("user", id.as_str())
}

/// Makes an e-mail address belong to one user only.
pub(crate) fn user_email(email: &str) -> Key {
    key("user_email", email)
}

/// The wrapped data key, of which there is one.
pub(crate) fn data_key() -> Key {
    key("data_key", "data_key")
}

/// The public halves of the keys that sign access tokens: who checks tokens may read these.
pub(crate) const SIGNING_KEYS: &str = "signing_key";

/// A key by its generation. Whoever makes the next one must find the place free.
pub(crate) fn signing_key(generation: u32) -> Key {
    key(SIGNING_KEYS, format!("{generation:06}"))
}

/// The private half, sealed, in a partition of its own: only who signs may read it.
pub(crate) fn private_signing_key(generation: u32) -> Key {
    key("signing_key_private", format!("{generation:06}"))
}

/// What `subject` has taken of its allowance until `end`.
pub(crate) fn rate_limit(subject: &str, end: Timestamp) -> Key {
    key(format!("rate_limit:{subject}"), end.as_second().to_string())
}

pub(crate) fn failed_sign_ins(subject: &str) -> Key {
    key(format!("failed_sign_in:{subject}"), "count")
}

pub(crate) fn idempotency(name: &str) -> Key {
    key(format!("idempotency:{name}"), "answer")
}
