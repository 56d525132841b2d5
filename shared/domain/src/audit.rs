//! The audit trail: who did what, to what, from where.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::AuditEventId;

/// What was done. The first seven names are those existing consumers know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// A connection was made.
    ErpConnectionCreatedEnhanced,
    /// A connection was changed.
    ErpConnectionUpdated,
    /// A sync was started by hand.
    ErpManualSyncTriggered,
    /// A sync config was made.
    ErpSyncConfigCreated,
    /// A sync config was changed.
    ErpSyncConfigUpdated,
    /// A connection was assigned to a client.
    ClientErpAssigned,
    /// A connection was assigned to a site.
    SiteErpAssigned,
    /// A connection was deleted.
    ErpConnectionDeleted,
    /// A connection was tested.
    ErpConnectionTested,
    /// A sync config was deleted.
    ErpSyncConfigDeleted,
    /// A mapping template was made.
    ErpMappingTemplateCreated,
    /// A mapping template was changed.
    ErpMappingTemplateUpdated,
    /// A mapping template was deleted.
    ErpMappingTemplateDeleted,
    /// A mapping template was applied to a sync config.
    ErpMappingTemplateApplied,
    /// A client's assignment was taken back.
    ClientErpUnassigned,
    /// A site's assignment was taken back.
    SiteErpUnassigned,
    /// A run was cancelled.
    ErpSyncCancelled,
    /// A run was started again.
    ErpSyncRetried,
    /// A dead letter was sent again.
    ErpDeadLetterRedriven,
    /// A dead letter was deleted.
    ErpDeadLetterDeleted,
    /// A record that was set aside was mended.
    ErpSetAsideMended,
    /// A sync was started to read again what was set aside.
    ErpSetAsideRetried,
    /// A record was changed or made, to be sent to the ERP.
    ErpRecordChanged,
    /// A record was deleted, to be deleted at the ERP.
    ErpRecordDeleted,
    /// A change that stood still was sent on its way again.
    ErpChangeRetried,
    /// A change was discarded.
    ErpChangeDiscarded,
    /// A conflict was resolved.
    ErpConflictResolved,
    /// Someone signed in.
    SignedIn,
    /// Someone tried to sign in and failed.
    SignInFailed,
    /// Another key was made to sign tokens with.
    SigningKeyMade,
    /// A key that signed tokens was revoked, and with it the tokens.
    SigningKeyRevoked,
}

/// One line of the audit trail. Written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// Its id; ids sort by time.
    pub id: AuditEventId,
    /// When it happened.
    pub at: Timestamp,
    /// What was done.
    pub action: AuditAction,
    /// Who did it: a user's id, or the e-mail a failed sign-in was tried with.
    #[schema(example = "usr_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub actor: String,
    /// What it was done to: the id of a connection, config, assignment or user.
    #[schema(example = "erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub target: String,
    /// The address the request came from.
    #[schema(example = "203.0.113.7")]
    pub ip_address: String,
    /// The client program, as it names itself.
    pub user_agent: String,
    /// The request, as named in its answer and in the logs.
    pub request_id: String,
    /// More about it, such as the names of changed fields. Never a secret.
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
}
