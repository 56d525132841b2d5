//! Objects keyed by their ids, in the place of a list: `{"17": {…}, "18": {…}}`; and a single object, where a path leads
//! to it, which is a list of one.

use domain::json::{Json, Kind};
use serde_json::value::RawValue;

use super::{Records, Search};
use crate::rest::write_keyed;

/// The members of an object that may be records.
pub(super) struct Keyed {
    /// Whether the settings say that the records are here.
    is_named: bool,
    state: State,
}

enum State {
    /// Nothing is known yet: the members so far.
    Open(Vec<(String, Box<RawValue>)>),
    /// Each member is a record.
    Certain,
    /// They are no records.
    Refuted,
}

impl Keyed {
    pub(super) fn new(search: Search<'_>) -> Self {
        let is_named = matches!(search, Search::Path([]));
        let state = if search.ends_here() { State::Open(Vec::new()) } else { State::Refuted };
        Self { is_named, state }
    }

    pub(super) const fn is_certain(&self) -> bool {
        matches!(self.state, State::Certain)
    }

    pub(super) const fn is_refuted(&self) -> bool {
        matches!(self.state, State::Refuted)
    }

    /// Takes a member. Two objects that look alike make all of them records; anything else none, unless the settings name
    /// the place: then it is one record.
    pub(super) fn add(
        &mut self,
        name: String,
        value: &RawValue,
        records: &mut Records<'_>,
    ) -> Result<(), String> {
        match &mut self.state {
            State::Refuted => Ok(()),
            State::Certain => write(&name, value, records),
            State::Open(members) => {
                members.push((name, value.to_owned()));
                let [(_, first), (_, second)] = &members[..] else { return Ok(()) };
                if are_alike(Json::from(&**first), Json::from(&**second)) {
                    let members = std::mem::take(members);
                    self.state = State::Certain;
                    records.found = true;
                    return members.iter().try_for_each(|(name, value)| write(name, value, records));
                }
                if !self.is_named {
                    self.state = State::Refuted;
                }
                Ok(())
            }
        }
    }

    /// Ends the object: what the settings name is a single record, or the only one of its kind.
    pub(super) fn end(self, records: &mut Records<'_>) -> Result<(), String> {
        let State::Open(members) = self.state else { return Ok(()) };
        if !self.is_named || records.found {
            return Ok(());
        }
        records.found = true;
        if let [(name, value)] = &members[..]
            && Json::from(&**value).kind() == Kind::Object
        {
            return write(name, value, records);
        }
        if members.is_empty() {
            return Ok(());
        }
        let mut whole = Vec::new();
        for (position, (name, value)) in members.iter().enumerate() {
            whole.push(if position == 0 { b'{' } else { b',' });
            domain::json::write_string_bytes(name, &mut whole);
            whole.push(b':');
            whole.extend_from_slice(value.get().as_bytes());
        }
        whole.push(b'}');
        add(records, &String::from_utf8_lossy(&whole))
    }
}

fn write(name: &str, value: &RawValue, records: &mut Records<'_>) -> Result<(), String> {
    let json = Json::from(value);
    if json.kind() != Kind::Object {
        return add(records, value.get());
    }
    let mut text = Vec::with_capacity(value.get().len() + 32);
    write_keyed(name, json, &mut text);
    add(records, &String::from_utf8_lossy(&text))
}

fn add(records: &mut Records<'_>, text: &str) -> Result<(), String> {
    records.add(text).map_err(|fault| {
        records.stopped = Some(fault);
        "stopped".to_owned()
    })
}

/// Whether both are objects that share most of their names.
fn are_alike(one: Json<'_>, other: Json<'_>) -> bool {
    if one.kind() != Kind::Object || other.kind() != Kind::Object {
        return false;
    }
    let (one, other) = (one.members(), other.members());
    let shared = one.iter().filter(|(name, _)| other.iter().any(|(other, _)| other == name)).count();
    shared * 2 > one.len().max(other.len())
}
