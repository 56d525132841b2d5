//! Where the values of a level come from; the reading half of writing it.

use super::{Level, Plan, Source as Taken, path};
use crate::json::{Json, Kind};
use crate::mapping::sources::{FilledBy, Source};
use crate::records::FieldKind;

impl Level {
    /// Adds what fills the level's fields in `record`. `at` is the path of the level.
    pub(in crate::mapping) fn sources<'a>(
        &mut self,
        record: Json<'a>,
        at: &str,
        sources: &mut Vec<Source<'a>>,
    ) {
        let members = record.members();
        let found = self.find(record, &members);
        for (slot, plan) in self.plans.iter_mut().enumerate() {
            let name = path(at, plan.field.name);
            if let Some(value) = found[slot] {
                sources.push(Source { field: name.clone(), value, by: plan.source.by() });
            }
            match (plan.field.kind, found[slot]) {
                (FieldKind::Object(_), Some(value)) if value.kind() == Kind::Object => {
                    plan.inner_sources(value, &name, sources);
                }
                (FieldKind::Object(fields), _) => {
                    for (offset, field) in fields.iter().enumerate() {
                        let Some(value) = found[plan.flat + offset] else { continue };
                        let by = plan.flat_sources[offset].by();
                        sources.push(Source { field: path(&name, field.name), value, by });
                    }
                }
                (FieldKind::List(_), Some(value)) if value.kind() == Kind::Array => {
                    for item in value.items() {
                        plan.inner_sources(item, &name, sources);
                    }
                }
                (FieldKind::List(_), Some(value)) => plan.inner_sources(value, &name, sources),
                _ => {}
            }
        }
    }
}

impl Plan {
    fn inner_sources<'a>(&mut self, value: Json<'a>, at: &str, sources: &mut Vec<Source<'a>>) {
        if let Some(level) = &mut self.inner
            && value.kind() == Kind::Object
        {
            level.sources(value, at, sources);
        }
    }
}

impl Taken {
    const fn by(&self) -> FilledBy {
        match self {
            Self::UsualNames => FilledBy::UsualName,
            Self::Path(_) | Self::Nowhere => FilledBy::Mapping,
        }
    }
}
