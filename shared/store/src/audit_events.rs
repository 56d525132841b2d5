//! The audit trail. There is a way to write an event and a way to read them; there is none to change or delete one.

use domain::audit::{AuditAction, AuditEvent};
use jiff::Timestamp;

use crate::cursor;
use crate::item::{Item, Range, index, string};
use crate::key::{self, BY_KIND, BY_OWNER, Index};
use crate::{Listing, Store, StoreError};

/// Events read at a time while filtering.
const PAGE: u32 = 100;

/// Pages read at most for one answer, so that a filter that matches nothing does not read the whole trail.
const MAX_PAGES: usize = 10;

/// Which events are wanted. What is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Events of this action.
    pub action: Option<AuditAction>,
    /// Events by this user.
    pub actor: Option<String>,
    /// Events on this connection, config, assignment or user.
    pub target: Option<String>,
    /// Events at or after this moment.
    pub since: Option<Timestamp>,
    /// Events before this moment.
    pub until: Option<Timestamp>,
}

impl AuditFilter {
    fn matches(&self, event: &AuditEvent) -> bool {
        self.action.is_none_or(|action| action == event.action)
            && self.actor.as_ref().is_none_or(|actor| *actor == event.actor)
            && self.target.as_ref().is_none_or(|target| *target == event.target)
            && self.until.is_none_or(|until| event.at < until)
    }

    fn ends_before(&self, event: &AuditEvent) -> bool {
        self.since.is_some_and(|since| event.at < since)
    }

    fn partition(&self) -> (Index, String) {
        match &self.target {
            Some(target) => (BY_OWNER, key::audit_target(target)),
            None => (BY_KIND, key::AUDIT_EVENTS.to_owned()),
        }
    }
}

impl Store {
    /// Writes an event, once and for all.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn write_audit_event(&self, event: &AuditEvent) -> Result<(), StoreError> {
        let mut item = key::audit_event(event.at, &event.id).with(event)?;
        index(&mut item, BY_KIND, key::AUDIT_EVENTS, event.id.as_str());
        index(&mut item, BY_OWNER, key::audit_target(&event.target), event.id.as_str());
        self.insert(item).await
    }

    /// Lists events, newest first. A page may hold fewer than `limit` and still have a next one.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn list_audit_events(
        &self,
        filter: &AuditFilter,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<AuditEvent>, StoreError> {
        let (index, partition) = filter.partition();
        let mut after = cursor::decode(&partition, cursor)?;
        let mut items = Vec::new();
        for _ in 0..MAX_PAGES {
            let range = Range { prefix: "", descending: true };
            let mut keys: Vec<Item> =
                self.query(Some(index), &partition, &range, PAGE, after.as_deref()).await?;
            let more = keys.len() > PAGE as usize;
            keys.truncate(PAGE as usize);
            let Some(last) = keys.last() else { return Ok(Listing { items, next: None }) };
            after = Some(string(last, index.sk)?.to_owned());
            for event in self.get_many::<AuditEvent>(&keys).await? {
                if filter.ends_before(&event) {
                    return Ok(Listing { items, next: None });
                }
                if filter.matches(&event) {
                    if items.len() == limit as usize {
                        let next = items
                            .last()
                            .map(|last: &AuditEvent| cursor::encode(&partition, last.id.as_str()));
                        return Ok(Listing { items, next });
                    }
                    items.push(event);
                }
            }
            if !more {
                return Ok(Listing { items, next: None });
            }
        }
        let next = after.map(|after| cursor::encode(&partition, &after));
        Ok(Listing { items, next })
    }
}
