//! The places of records that were set aside: what they were, and where they stood in their run, can be told from them.

use domain::DataType;
use domain::assignment::Scope;
use domain::ids::SetAsideId;
use domain::run::FailedRecord;
use domain::set_aside::{SetAside, SetAsideStatus};

/// `by_owner`, within a connection: the records set aside with this status, those of one data type or all.
pub(crate) fn owned_set_aside(status: SetAsideStatus, data_type: Option<DataType>) -> String {
    let status = status.as_str();
    data_type.map_or_else(|| format!("{SET_ASIDE}{status}:"), |of| format!("{SET_ASIDE}{status}:{of}:"))
}

const SET_ASIDE: &str = "erp_set_aside:";

/// Where a record that was set aside stands in `by_owner`: behind its place whose it is, empty if nobody's own; its own
/// key comes last, for it may hold anything.
pub(crate) fn set_aside_sort(of: &SetAside) -> String {
    let FailedRecord { position, key, .. } = &of.record;
    let key = key.as_deref().unwrap_or_default();
    let whose = set_aside_whose(of.scope.as_ref());
    format!("{}{}:{position:012}:{whose}:{key}", owned_set_aside(of.status, Some(of.data_type)), of.run_id)
}

/// Whose record it is, as a step of the place of one that was set aside.
pub(crate) fn set_aside_whose(scope: Option<&Scope>) -> String {
    scope.map(|scope| scope.to_string().replace(':', "=")).unwrap_or_default()
}

/// What a place in `by_owner` tells of a record that was set aside.
pub(crate) struct SetAsideAt<'s> {
    pub(crate) id: SetAsideId,
    /// As [`set_aside_whose`] writes it.
    pub(crate) whose: &'s str,
    /// Its own key, empty if it has none.
    pub(crate) key: &'s str,
}

/// Reads a place that [`set_aside_sort`] wrote.
pub(crate) fn set_aside_at(sort: &str) -> Option<SetAsideAt<'_>> {
    let mut steps = sort.strip_prefix(SET_ASIDE)?.splitn(6, ':').skip(2);
    let (run, position) = (steps.next()?.parse().ok()?, steps.next()?.parse().ok()?);
    Some(SetAsideAt { id: SetAsideId::of(&run, position), whose: steps.next()?, key: steps.next()? })
}

/// The place of an open record, once it is closed.
pub(crate) fn closed_set_aside_sort(open: &str) -> String {
    let (open_ones, closed_ones) =
        (owned_set_aside(SetAsideStatus::Open, None), owned_set_aside(SetAsideStatus::Closed, None));
    open.strip_prefix(&open_ones).map_or_else(|| open.to_owned(), |rest| format!("{closed_ones}{rest}"))
}
