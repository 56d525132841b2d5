//! How well a connection works: what became of each contact with its ERP, and the circuit breaker that follows from it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{ConnectionId, ContactId, RunId};
use crate::run::RunOutcome;

/// Failures in a row after which the breaker opens.
const OPENS_AFTER: u32 = 3;

/// How long after the breaker opened the first probe is due; each that fails doubles the wait.
const FIRST_PROBE: SignedDuration = SignedDuration::from_mins(1);

/// The longest wait for a probe; also the wait where only a person can mend what is wrong.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(30);

/// How long a probe may take: after that it counts as lost, and the next is due.
const PROBE_TIME: SignedDuration = SignedDuration::from_mins(2);

/// Whether scheduled syncs go over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Circuit {
    /// They do.
    Closed,
    /// It failed several times in a row: they are held until a probe, a test or a run started by hand succeeds.
    Open,
    /// A probe is on its way.
    HalfOpen,
}

/// What an ERP was contacted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// A run.
    Run,
    /// A test that somebody asked for.
    Test,
    /// A test of our own, to see whether a connection that failed works again.
    Probe,
}

/// What one contact with an ERP came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// Its id; ids sort by time.
    pub id: ContactId,
    /// What it was for.
    pub kind: ContactKind,
    /// Whether the connection worked.
    pub ok: bool,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    #[schema(example = 245)]
    pub duration_ms: u64,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "erp.example.com refused the connection")]
    pub error: Option<String>,
    /// The run, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub run_id: Option<RunId>,
    /// What that run came to: over a connection that works, records may be set aside all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<RunOutcome>,
}

/// A contact that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// What went wrong.
    #[schema(example = "erp.example.com refused the connection")]
    pub error: String,
}

/// The state of a connection's circuit breaker, as it lies in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// The connection.
    pub erp_connection_id: ConnectionId,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// When the breaker opened, while it is open.
    pub opened_at: Option<Timestamp>,
    /// When it is probed next, while it is open; while a probe is on its way, when that counts as lost.
    pub next_probe_at: Option<Timestamp>,
    /// Whether a probe is on its way.
    pub probing: bool,
    /// When a contact last succeeded.
    pub last_success_at: Option<Timestamp>,
    /// The last contact that failed.
    pub last_failure: Option<Failure>,
    /// What the last run came to.
    #[serde(default)]
    pub last_outcome: Option<RunOutcome>,
    /// Counts the writes.
    pub version: u64,
}

impl Health {
    /// That of a connection of which nothing is known yet.
    #[must_use]
    pub const fn unknown(erp_connection_id: ConnectionId) -> Self {
        Self {
            erp_connection_id,
            consecutive_failures: 0,
            opened_at: None,
            next_probe_at: None,
            probing: false,
            last_success_at: None,
            last_failure: None,
            last_outcome: None,
            version: 0,
        }
    }

    /// Whether scheduled syncs go over the connection.
    #[must_use]
    pub const fn circuit(&self) -> Circuit {
        match self.opened_at {
            None => Circuit::Closed,
            Some(_) if self.probing => Circuit::HalfOpen,
            Some(_) => Circuit::Open,
        }
    }

    /// The state after `contact`. `lasting`: only a person can mend what went wrong.
    #[must_use]
    pub fn after(&self, contact: &Contact, lasting: bool) -> Self {
        let mut next = Self { version: self.version + 1, probing: false, ..self.clone() };
        next.last_outcome = contact.outcome.or(next.last_outcome);
        if contact.ok {
            next.consecutive_failures = 0;
            next.opened_at = None;
            next.next_probe_at = None;
            next.last_success_at = Some(contact.at);
            return next;
        }
        next.consecutive_failures += 1;
        let error = contact.error.clone().unwrap_or_default();
        next.last_failure = Some(Failure { at: contact.at, error });
        if next.opened_at.is_some() || next.consecutive_failures >= OPENS_AFTER {
            next.opened_at = next.opened_at.or(Some(contact.at));
            next.next_probe_at = contact.at.checked_add(next.wait(lasting)).ok();
        }
        next
    }

    /// How long to wait for the next probe: 1, 2, 4 … 30 minutes.
    fn wait(&self, lasting: bool) -> SignedDuration {
        if lasting {
            return LONGEST_WAIT;
        }
        let doublings = self.consecutive_failures.saturating_sub(OPENS_AFTER).min(5);
        (FIRST_PROBE * (1 << doublings)).min(LONGEST_WAIT)
    }

    /// The state while a probe that was sent at `now` is on its way.
    #[must_use]
    pub fn probed(&self, now: Timestamp) -> Self {
        let lost_at = now.checked_add(PROBE_TIME).ok();
        Self { probing: true, next_probe_at: lost_at, version: self.version + 1, ..self.clone() }
    }

    /// The state once somebody changed the connection at `now`: a probe is due at once, if any is.
    #[must_use]
    pub fn hopeful(&self, now: Timestamp) -> Option<Self> {
        let open = self.circuit() == Circuit::Open;
        open.then(|| Self { next_probe_at: Some(now), version: self.version + 1, ..self.clone() })
    }

    /// The state after a probe at `now` that was left out because the connection is switched off.
    #[must_use]
    pub fn put_off(&self, now: Timestamp) -> Self {
        let next = now.checked_add(LONGEST_WAIT).ok();
        Self { probing: false, next_probe_at: next, version: self.version + 1, ..self.clone() }
    }
}

/// The health of a connection, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionHealth {
    /// Whether the connection is in use, and whether it works.
    pub status: crate::connection::ConnectionStatus,
    /// Whether scheduled syncs go over it.
    pub circuit: Circuit,
    /// Failures since the last success.
    #[schema(example = 0)]
    pub consecutive_failures: u32,
    /// When the circuit opened, while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// When it is probed next, while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_probe_at: Option<Timestamp>,
    /// When a contact last succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_success_at: Option<Timestamp>,
    /// The last contact that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<Failure>,
    /// What the last run over it came to: records may be set aside though the connection works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_outcome: Option<RunOutcome>,
    /// The contacts of the last 30 days, newest first, a page of them.
    pub history: Vec<Contact>,
}

impl ConnectionHealth {
    /// Shows `health`, with a page of history.
    #[must_use]
    pub fn of(status: crate::connection::ConnectionStatus, health: Health, history: Vec<Contact>) -> Self {
        Self {
            status,
            circuit: health.circuit(),
            consecutive_failures: health.consecutive_failures,
            opened_at: health.opened_at,
            next_probe_at: health.next_probe_at,
            last_success_at: health.last_success_at,
            last_failure: health.last_failure,
            last_outcome: health.last_outcome,
            history,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(ok: bool, at: Timestamp) -> Contact {
        let error = (!ok).then(|| "gone".to_owned());
        Contact {
            id: ContactId::generate(),
            kind: ContactKind::Run,
            ok,
            at,
            duration_ms: 1,
            error,
            run_id: None,
            outcome: None,
        }
    }

    fn minutes(health: &Health, from: Timestamp) -> Option<i64> {
        health.next_probe_at.map(|at| at.duration_since(from).as_mins())
    }

    #[test]
    fn three_failures_in_a_row_open_it_and_each_further_one_doubles_the_wait() {
        let at = Timestamp::UNIX_EPOCH;
        let mut health = Health::unknown(ConnectionId::generate());
        let mut waits = Vec::new();
        for _ in 0..10 {
            health = health.after(&contact(false, at), false);
            waits.push(minutes(&health, at));
        }
        let minutes = [1, 2, 4, 8, 16, 30, 30, 30].map(Some);
        assert_eq!(waits, [&[None, None][..], &minutes].concat());
        assert_eq!((health.circuit(), health.opened_at), (Circuit::Open, Some(at)));
    }

    #[test]
    fn a_success_in_between_starts_the_count_again_and_one_afterwards_heals() {
        let at = Timestamp::UNIX_EPOCH;
        let health = Health::unknown(ConnectionId::generate());
        let after = |outcomes: &[bool]| {
            outcomes.iter().fold(health.clone(), |health, ok| health.after(&contact(*ok, at), false))
        };
        assert_eq!(after(&[false, false, true, false, false]).circuit(), Circuit::Closed);
        let healed = after(&[false, false, false, true]);
        assert_eq!(
            (healed.circuit(), healed.next_probe_at, healed.consecutive_failures),
            (Circuit::Closed, None, 0)
        );
        assert_eq!(healed.last_failure.map(|failure| failure.error).as_deref(), Some("gone"));
    }

    #[test]
    fn what_only_a_person_can_mend_is_probed_at_the_longest_interval() {
        let at = Timestamp::UNIX_EPOCH;
        let open = (0..3).fold(Health::unknown(ConnectionId::generate()), |health, _| {
            health.after(&contact(false, at), true)
        });
        assert_eq!(minutes(&open, at), Some(30));
        let probed = open.probed(at);
        assert_eq!((probed.circuit(), minutes(&probed, at)), (Circuit::HalfOpen, Some(2)));
        assert_eq!(probed.after(&contact(false, at), false).circuit(), Circuit::Open);
    }
}
