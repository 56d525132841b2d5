//! How often callers may ask: so many requests a minute for each user, and for each address that shows no good token.
//!
//! The allowance lies in the table, so that it is one whatever number of processes answer. A process takes a part of it
//! by one conditional write and spends that without asking again: what all of them let through is never more than the
//! limit, and the table is not asked for each request. Around the border of two minutes twice the limit may come at once.
//!
//! Parts begin small and double while they are spent: in the cloud hundreds of processes may answer one caller a request
//! each, and must not hold the whole allowance between them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use axum::response::Response;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use store::{Store, StoreError};

use crate::ApiError;
use crate::caller::Identity;

/// The headers of draft-ietf-httpapi-ratelimit-headers-11: what is left, and of what.
pub(crate) const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// How long an allowance lasts, in seconds.
const WINDOW_S: i64 = 60;

/// The parts of an allowance that a process takes first and at most, as divisors. What is left of one is lost with a
/// process that ends.
const FIRST_PART: u32 = 600;
const LARGEST_PART: u32 = 20;

/// How many requests a minute are answered; `None` is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct RateLimits {
    /// For each user or outsider with a good token.
    pub per_user: Option<NonZeroU32>,
    /// For each address, of requests without a good token.
    pub per_address: Option<NonZeroU32>,
}

/// Who has an allowance.
#[derive(Debug)]
pub(crate) enum Subject<'a> {
    User(&'a Identity),
    Address(IpAddr),
}

impl Subject<'_> {
    /// The policy's name in the headers.
    const fn policy(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Address(_) => "address",
        }
    }

    /// Its name in the table. Who has one IPv6 address has the 2^64 around it.
    fn name(&self) -> String {
        match self {
            Self::User(id) => format!("user:{id}"),
            Self::Address(IpAddr::V4(address)) => format!("address:{address}"),
            Self::Address(IpAddr::V6(address)) => {
                let network = Ipv6Addr::from_bits(address.to_bits() >> 64 << 64);
                format!("address:{network}")
            }
        }
    }
}

/// What became of a request's claim on its allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent {
    policy: &'static str,
    quota: u32,
    granted: bool,
    remaining: u32,
    reset_s: i64,
}

/// The limits, and what this process has taken and not spent yet. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Allowances {
    limits: RateLimits,
    store: Store,
    purses: Arc<Mutex<Purses>>,
}

/// What was taken in the window that ends then, by name.
#[derive(Debug, Default)]
struct Purses {
    end: Timestamp,
    by_name: HashMap<String, Arc<tokio::sync::Mutex<Purse>>>,
}

#[derive(Debug, Default)]
struct Purse {
    left: u32,
    /// What was taken last.
    part: u32,
    /// How much everybody together had taken when we last took some.
    taken: u32,
    empty: bool,
}

impl Allowances {
    pub(crate) fn new(limits: RateLimits, store: Store) -> Self {
        Self { limits, store, purses: Arc::default() }
    }

    /// Spends one request of the allowance of `subject`; `None` if there is no limit.
    pub(crate) async fn spend(&self, subject: &Subject<'_>, now: Timestamp) -> Option<Spent> {
        let quota = match subject {
            Subject::User(_) => self.limits.per_user?,
            Subject::Address(_) => self.limits.per_address?,
        };
        let (quota, name, end) = (quota.get(), subject.name(), end_of_window(now)?);
        let purse = self.purse(&name, end);
        let mut purse = purse.lock().await;
        let granted = match purse.spend(&self.store, &name, end, quota).await {
            Ok(granted) => granted,
            Err(error) => {
                // The request will hardly be answered without the table; that is told where it fails.
                tracing::warn!(%error, "an allowance could not be asked for; the request goes on without");
                true
            }
        };
        let remaining = purse.left + quota.saturating_sub(purse.taken);
        let reset_s = (end.as_second() - now.as_second()).max(1);
        Some(Spent { policy: subject.policy(), quota, granted, remaining, reset_s })
    }

    fn purse(&self, name: &str, end: Timestamp) -> Arc<tokio::sync::Mutex<Purse>> {
        let mut purses = self.purses.lock().unwrap_or_else(PoisonError::into_inner);
        if purses.end != end {
            *purses = Purses { end, by_name: HashMap::new() };
        }
        Arc::clone(purses.by_name.entry(name.to_owned()).or_default())
    }
}

impl Purse {
    async fn spend(
        &mut self,
        store: &Store,
        name: &str,
        end: Timestamp,
        quota: u32,
    ) -> Result<bool, StoreError> {
        if self.left == 0 && !self.empty {
            let part = (self.part * 2).clamp((quota / FIRST_PART).max(1), (quota / LARGEST_PART).max(1));
            // The last part may be a broken one: it is taken one by one.
            for count in [part, 1] {
                if let Some(taken) = store.take_allowance(name, end, count, quota).await? {
                    (self.left, self.part, self.taken) = (count, count, taken);
                    break;
                }
            }
            (self.empty, self.taken) = (self.left == 0, if self.left == 0 { quota } else { self.taken });
        }
        let granted = self.left > 0;
        self.left = self.left.saturating_sub(1);
        Ok(granted)
    }
}

fn end_of_window(now: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second((now.as_second().div_euclid(WINDOW_S) + 1) * WINDOW_S).ok()
}

impl Spent {
    /// Passes if the request was granted.
    ///
    /// # Errors
    /// 429 if the allowance is used up.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let wait_s = u32::try_from(self.reset_s).unwrap_or(u32::MAX);
        if self.granted { Ok(()) } else { Err(ApiError::too_many_requests(self.quota, wait_s)) }
    }

    /// Tells in the headers what is left.
    pub(crate) fn tell(&self, response: &mut Response) {
        let Self { policy, quota, remaining, reset_s, .. } = self;
        let told = [
            (RATE_LIMIT_POLICY, format!("\"{policy}\";q={quota};w={WINDOW_S}")),
            (RATE_LIMIT, format!("\"{policy}\";r={remaining};t={reset_s}")),
        ];
        for (name, value) in told {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_counts_with_its_network() {
        let name = |address: &str| Subject::Address(address.parse().unwrap()).name();
        assert_eq!(name("203.0.113.7"), "address:203.0.113.7");
        assert_eq!(name("2001:db8:1:2:3:4:5:6"), "address:2001:db8:1:2::");
        assert_eq!(name("2001:db8:1:2::9"), name("2001:db8:1:2:ffff::"));
    }

    #[test]
    fn a_window_ends_at_the_full_minute() {
        let end = |second| end_of_window(Timestamp::from_second(second).unwrap()).unwrap().as_second();
        assert_eq!([end(0), end(59), end(60), end(-1)], [60, 60, 120, 0]);
    }
}
