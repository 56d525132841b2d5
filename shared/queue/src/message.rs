//! What a message says.

use domain::ids::RunId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Asks a worker to take up a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunMessage {
    /// The run.
    pub run_id: RunId,
}

/// The body of a message is not one of ours. It will never be: it belongs into the dead-letter queue.
#[derive(Debug, Error)]
#[error("not a run message")]
pub struct NotARunMessage(#[from] serde_json::Error);

impl RunMessage {
    /// Reads the body of a message.
    ///
    /// # Errors
    /// When it is not a run message.
    pub fn from_body(body: &str) -> Result<Self, NotARunMessage> {
        Ok(serde_json::from_str(body)?)
    }

    /// The body of a message about `run`. An id holds no character that JSON would escape.
    #[must_use]
    pub(crate) fn body_for(run: &RunId) -> String {
        format!(r#"{{"runId":"{run}"}}"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let run_id = RunId::generate();
        let body = RunMessage::body_for(&run_id);
        assert_eq!(RunMessage::from_body(&body).unwrap(), RunMessage { run_id: run_id.clone() });
        assert_eq!(body, serde_json::to_string(&RunMessage { run_id }).unwrap());
    }

    #[test]
    fn what_is_not_a_run_message_is_refused() {
        for body in ["", "{}", "null", r#"{"runId":"a:b"}"#, r#"{"run":"run_1"}"#] {
            assert!(RunMessage::from_body(body).is_err(), "{body}");
        }
    }
}
