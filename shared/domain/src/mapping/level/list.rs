//! Lists of objects, such as the lines of an order, in the forms ERPs send them in: a list, a single object as XML has it,
//! a list inside a wrapper, or objects keyed by their ids. What is none of these is never taken for an empty line.

use super::{Log, Plan, Style, path};
use crate::json::{Json, Kind};
use crate::mapping::coerce::Fault;
use crate::validation::FieldError;

/// How many wrappers are opened to find a list.
const MAX_WRAPPERS: u32 = 3;

/// Members that tell where the lines are to be had, of an answer that does not hold them.
const LINKS: [&str; 8] =
    ["__deferred", "href", "uri", "@odata.id", "@odata.navigationLink", "_links", "$ref", "self"];

impl Plan {
    /// Writes a list of objects. An empty text or object is no list.
    ///
    /// # Errors
    /// Where no object in it has a field that we know.
    pub(super) fn write_list(
        &mut self,
        value: Json<'_>,
        at: &str,
        style: &Style<'_>,
        out: &mut Vec<u8>,
        log: &mut Log,
    ) -> Result<bool, Fault> {
        let items = match value.kind() {
            Kind::Array => value.items(),
            Kind::Object => {
                let members = value.members();
                if members.is_empty() {
                    return Ok(false);
                }
                self.items_of(value, style, MAX_WRAPPERS).ok_or_else(|| {
                    let names = members.iter().map(|(name, _)| name.as_ref());
                    self.holds_none(&names.collect::<Vec<_>>())
                })?
            }
            Kind::String if value.as_string().is_some_and(|text| text.trim().is_empty()) => return Ok(false),
            Kind::Bool if value.text() == "false" => return Ok(false),
            other => return Err(Fault::Doubtful(format!("must be a list, the ERP sent {other}"))),
        };
        out.push(b'[');
        let empty = out.len();
        for (position, item) in items.into_iter().enumerate() {
            let before = out.len();
            if before > empty {
                out.push(b',');
            }
            let from = out.len();
            self.write_item(item, &path(at, &format!("{}.{position}", self.field.name)), style, out, log);
            if out.len() == from {
                out.truncate(before);
            }
        }
        out.push(b']');
        Ok(true)
    }

    /// Writes an object of a list, which may be in a wrapper of its own: `{"item": {…}}`.
    fn write_item(&mut self, item: Json<'_>, at: &str, style: &Style<'_>, out: &mut Vec<u8>, log: &mut Log) {
        if item.kind() != Kind::Object {
            return log.fail(at.to_owned(), format!("must be an object, the ERP sent {}", item.kind()));
        }
        let mut own = Log::default();
        if self.write_inner(item, at, style, out, &mut own) {
            return log.join(own);
        }
        match item.members()[..] {
            [(_, only)] if only.kind() == Kind::Object && self.fills(only, style) => {
                if let Some(level) = &mut self.inner {
                    level.count.forget_empty();
                }
                self.write_inner(only, at, style, out, log);
            }
            _ => {
                log.join(own);
                log.fail(at.to_owned(), "has no field that is known: map it".to_owned());
            }
        }
    }

    /// The objects of a list that came as an object; none if nothing in it is one of them.
    fn items_of<'a>(&mut self, value: Json<'a>, style: &Style<'_>, wrappers: u32) -> Option<Vec<Json<'a>>> {
        if self.fills(value, style) {
            return Some(vec![value]);
        }
        let members = value.members();
        let of_kind =
            |kind| members.iter().map(|(_, inner)| *inner).filter(move |inner| inner.kind() == kind);
        let mut lists = of_kind(Kind::Array);
        if let (Some(only), None) = (lists.next(), lists.next()) {
            return Some(only.items());
        }
        let objects: Vec<_> = of_kind(Kind::Object).collect();
        if let ([only], true) = (&objects[..], wrappers > 0) {
            return self.items_of(*only, style, wrappers - 1);
        }
        let are_keyed =
            objects.len() == members.len() && objects.iter().all(|inner| self.fills(*inner, style));
        are_keyed.then_some(objects)
    }

    /// Whether an object has a field that we know.
    fn fills(&mut self, value: Json<'_>, style: &Style<'_>) -> bool {
        // A try counts for nothing.
        let count = self.inner.as_mut().map(|level| std::mem::take(&mut level.count));
        let fills = self.write_inner(value, "", style, &mut Vec::new(), &mut Log::default());
        if let (Some(level), Some(count)) = (&mut self.inner, count) {
            level.count = count;
        }
        fills
    }

    fn holds_none(&self, names: &[&str]) -> Fault {
        let name = self.field.name;
        Fault::Doubtful(match names.iter().find(|name| LINKS.contains(name)) {
            Some(link) => format!(
                "was not sent along: the ERP sent {link}, where it is to be had. Have it expanded, or leave it empty by \
                 mapping {name} to null"
            ),
            None => format!(
                "holds none: the ERP sent an object with {}. Map {name} to where they are",
                names.iter().take(8).copied().collect::<Vec<_>>().join(", ")
            ),
        })
    }
}

impl Log {
    fn join(&mut self, more: Self) {
        self.errors.extend(more.errors);
        self.notes.extend(more.notes);
    }

    fn fail(&mut self, field: String, message: String) {
        self.errors.push(FieldError::new(field, message));
    }
}
