//! When to ask again, and how long to wait before.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::{HttpAnswer, Passing, Unanswered};

/// The longest pause between two tries, whoever asks for it.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How often a failed request is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries after the first.
    pub attempts: u32,
    /// The longest first pause; it doubles with each try, and a random part of it is waited.
    pub first_delay: Duration,
}

impl RetryPolicy {
    /// One try only.
    pub const NONE: Self = Self { attempts: 0, first_delay: Duration::ZERO };

    /// How long to wait before retry number `retry`, counted from 0. What the server asked for comes first.
    pub(super) fn pause(self, retry: u32, asked: Option<Duration>) -> Duration {
        let backoff = || {
            let longest = self.first_delay.saturating_mul(2_u32.saturating_pow(retry)).min(LONGEST_PAUSE);
            longest.mul_f64(fastrand::f64())
        };
        asked.map_or_else(backoff, |asked| asked.min(LONGEST_PAUSE))
    }
}

/// Whether trying again may help; inside, the pause the server asked for.
pub(super) fn worth_another_try(
    outcome: &Result<HttpAnswer, Unanswered>,
    passing: Option<Passing>,
) -> Option<Option<Duration>> {
    let passes = |answer: &HttpAnswer| {
        passing.and_then(|passing| passing(answer)).unwrap_or_else(|| is_passing(answer.status))
    };
    match outcome {
        Ok(answer) if passes(answer) => Some(retry_after(&answer.headers, Timestamp::now())),
        Ok(_) => None,
        Err(unanswered) => unanswered.error().is_transient().then_some(None),
    }
}

/// Whether the server may have done what was asked.
pub(super) fn may_be_taken(outcome: &Result<HttpAnswer, Unanswered>) -> bool {
    match outcome {
        Ok(answer) => !is_turned_away(answer.status),
        Err(Unanswered::Unknown(_)) => true,
        Err(Unanswered::NotSent(_)) => false,
    }
}

/// Whether a status says that the server did not begin with what was asked, and may do so later.
#[must_use]
pub const fn is_turned_away(status: StatusCode) -> bool {
    matches!(status.as_u16(), 425 | 429 | 503)
}

/// Whether a status tells of a state that passes by itself.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error()
}

/// The pause a server asks for, in seconds or as a date.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    let left = date.duration_since(now).max(SignedDuration::ZERO);
    Duration::try_from(left).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(retry_after: &str) -> HeaderMap {
        HeaderMap::from_iter([(RETRY_AFTER, retry_after.parse().unwrap())])
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_a_date() {
        let now: Timestamp = "1994-11-06T08:49:30Z".parse().unwrap();
        let asked = |text| retry_after(&headers(text), now);
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("soon"), None);
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_are_never_longer_than_their_bound() {
        let policy = RetryPolicy { attempts: 40, first_delay: Duration::from_millis(100) };
        for (retry, longest) in [(0, 100), (1, 200), (3, 800), (12, 60_000), (40, 60_000)] {
            for _ in 0..100 {
                assert!(policy.pause(retry, None) <= Duration::from_millis(longest));
            }
        }
        assert_eq!(policy.pause(0, Some(Duration::from_secs(5))), Duration::from_secs(5));
        assert_eq!(policy.pause(0, Some(Duration::from_secs(3600))), LONGEST_PAUSE);
    }

    #[test]
    fn only_passing_states_are_tried_again() {
        for status in [408, 425, 429, 500, 502, 503, 504] {
            assert!(is_passing(StatusCode::from_u16(status).unwrap()), "{status}");
        }
        for status in [200, 301, 400, 401, 403, 404, 409, 422] {
            assert!(!is_passing(StatusCode::from_u16(status).unwrap()), "{status}");
        }
    }
}
