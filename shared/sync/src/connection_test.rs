//! Tests a connection for real, and notes what came of it.

use connectors::TestReport;
use domain::connection::{Connection, ConnectionStatus};
use domain::health::ContactKind;
use store::StoreError;
use tokio::time::Instant;
use transport::ErpError;

use crate::engine::{Engine, now};
use crate::health::{self, contact};

/// What a connection test came to.
#[derive(Debug, Clone)]
pub struct TestOutcome {
    /// Whether the ERP let us in and answered.
    pub success: bool,
    /// One sentence for a person.
    pub message: String,
    /// How long it took, in milliseconds.
    pub response_time_ms: u64,
    /// What was seen on the way.
    pub details: serde_json::Value,
    /// The connection as it is now that the result is noted.
    pub connection: Connection,
}

impl Engine {
    /// Really signs in at the ERP, and notes the result on the connection: `active` or `error`. A connection that is
    /// switched off stays off. The first success over SFTP pins the server's host key.
    ///
    /// # Errors
    /// If the result cannot be noted. That the test fails is no error but its outcome.
    pub async fn test_connection(&self, connection: &Connection) -> Result<TestOutcome, StoreError> {
        self.try_and_note(connection, ContactKind::Test).await
    }

    /// Tests a connection for a reason, and notes the result on it and in its history.
    pub(crate) async fn try_and_note(
        &self,
        connection: &Connection,
        kind: ContactKind,
    ) -> Result<TestOutcome, StoreError> {
        let begun = Instant::now();
        let (tested, host_key) = self.try_connection(connection).await;
        let response_time_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let shown =
            |error: &ErpError| health::with_help(error, connection.provider, connection.connection_method);
        let error = tested.as_ref().err().map(shown);
        let status = match (&error, connection.status) {
            (_, ConnectionStatus::Inactive) => ConnectionStatus::Inactive,
            (None, _) => ConnectionStatus::Active,
            (Some(_), _) => ConnectionStatus::Error,
        };
        let host_key = host_key.filter(|_| error.is_none());
        let noted =
            self.store.note_test(&connection.id, status, now(), error.as_deref(), host_key.as_deref());
        let connection = noted.await?;
        let failure = tested.as_ref().err();
        health::note(self, &connection.id, &contact(kind, response_time_ms, failure), failure).await?;
        let success = tested.is_ok();
        let report = tested.unwrap_or_else(|error| TestReport {
            message: shown(&error),
            details: serde_json::json!({ "error": name_of(&error) }),
        });
        Ok(TestOutcome {
            success,
            message: report.message,
            response_time_ms,
            details: report.details,
            connection,
        })
    }

    async fn try_connection(
        &self,
        connection: &Connection,
    ) -> (Result<TestReport, ErpError>, Option<String>) {
        let opened = self.credentials(connection).await;
        let connector = opened.and_then(|credentials| self.connector(connection, credentials));
        match connector {
            Ok(connector) => (connector.test().await, connector.observed_host_key()),
            Err(error) => (Err(error), None),
        }
    }
}

/// The kind of a failure, for programs.
const fn name_of(error: &ErpError) -> &'static str {
    match error {
        ErpError::Unauthorized(_) => "unauthorized",
        ErpError::RateLimited { .. } => "rate_limited",
        ErpError::Unavailable(_) => "unavailable",
        ErpError::Rejected(_) => "rejected",
        ErpError::Malformed(_) => "malformed",
        ErpError::Forbidden(_) => "forbidden",
        ErpError::Misconfigured(_) => "misconfigured",
    }
}
