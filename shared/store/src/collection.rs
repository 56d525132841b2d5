//! Which records belong together: those of one kind over one connection, or what one client or site has of its own of
//! them.

use domain::DataType;
use domain::assignment::Scope;
use domain::ids::ConnectionId;
use domain::run::Run;

/// A collection of records. Each has a lock, a memory from run to run and blocks of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// The connection.
    pub connection: ConnectionId,
    /// The kind of record.
    pub data_type: DataType,
    /// Whose they are, if an assignment shapes them by rules of its own.
    pub scope: Option<Scope>,
}

impl Collection {
    /// The records as the sync configs shape them.
    #[must_use]
    pub const fn plain(connection: ConnectionId, data_type: DataType) -> Self {
        Self { connection, data_type, scope: None }
    }

    /// The records that a run pulls.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let Run { erp_connection_id, data_type, scope, .. } = run;
        Self { connection: erp_connection_id.clone(), data_type: *data_type, scope: scope.clone() }
    }
}
