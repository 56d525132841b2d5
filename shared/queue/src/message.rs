//! What a message says.

use domain::ids::{ConnectionId, RunId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Asks a worker for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Message {
    /// To take up a run.
    #[serde(rename_all = "camelCase")]
    Run {
        /// The run.
        run_id: RunId,
    },
    /// To see whether a connection that failed works again.
    #[serde(rename_all = "camelCase")]
    Probe {
        /// The connection.
        probe_connection_id: ConnectionId,
    },
}

/// The body of a message is not one of ours. It will never be: it belongs into the dead-letter queue.
#[derive(Debug, Error)]
#[error("the message is not one of ours")]
pub struct NotAMessage(#[from] serde_json::Error);

impl Message {
    /// Reads the body of a message.
    ///
    /// # Errors
    /// When it is not one of ours.
    pub fn from_body(body: &str) -> Result<Self, NotAMessage> {
        Ok(serde_json::from_str(body)?)
    }

    /// The body of a message about `run`. An id holds no character that JSON would escape.
    #[must_use]
    pub(crate) fn about_run(run: &RunId) -> String {
        format!(r#"{{"runId":"{run}"}}"#)
    }

    /// The body of a message that asks for a probe.
    #[must_use]
    pub(crate) fn probing(connection: &ConnectionId) -> String {
        format!(r#"{{"probeConnectionId":"{connection}"}}"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let run_id = RunId::generate();
        let body = Message::about_run(&run_id);
        let message = Message::from_body(&body).unwrap();
        assert_eq!(body, serde_json::to_string(&message).unwrap());
        assert_eq!(message, Message::Run { run_id });

        let probe_connection_id = ConnectionId::generate();
        let body = Message::probing(&probe_connection_id);
        let message = Message::from_body(&body).unwrap();
        assert_eq!(body, serde_json::to_string(&message).unwrap());
        assert_eq!(message, Message::Probe { probe_connection_id });
    }

    #[test]
    fn what_is_not_one_of_ours_is_refused() {
        for body in ["", "{}", "null", r#"{"runId":"a:b"}"#, r#"{"run":"run_1"}"#] {
            assert!(Message::from_body(body).is_err(), "{body}");
        }
    }
}
