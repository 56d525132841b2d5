//! A message that no worker could deal with, kept so that a person sees it and can send it again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{DeadLetterId, RunId};

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Its id.
    pub id: DeadLetterId,
    /// When it was given up.
    pub at: Timestamp,
    /// What it said, cut at 64 KB.
    #[schema(example = r#"{"runId":"run_01KAHV3Z8M6W6W1Z0Q3T4N5P6R"}"#)]
    pub body: String,
    /// Whether the body was cut. Such a letter cannot be sent again.
    pub cut: bool,
    /// Why it was given up.
    #[schema(
        example = "its message failed 5 times; the last error was: the table is not available: no answer"
    )]
    pub reason: String,
    /// The run it was about, which was closed with this reason; none if the body cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub run_id: Option<RunId>,
    /// How often the queue handed it out.
    #[schema(example = 6)]
    pub received: u32,
    /// When it was sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redriven_at: Option<Timestamp>,
    /// The run that was started for it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub redriven_as: Option<RunId>,
}

/// Most bytes kept of a body; ours have a hundred.
const MAX_BODY_BYTES: usize = 64 << 10;

impl DeadLetter {
    /// A letter that was given up at `at`.
    #[must_use]
    pub fn new(id: DeadLetterId, body: &str, reason: String, received: u32, at: Timestamp) -> Self {
        let end = (0..=MAX_BODY_BYTES.min(body.len())).rev().find(|end| body.is_char_boundary(*end));
        let kept = body.get(..end.unwrap_or_default()).unwrap_or_default().to_owned();
        let cut = kept.len() < body.len();
        Self { id, at, body: kept, cut, reason, run_id: None, received, redriven_at: None, redriven_as: None }
    }
}
