//! The three-way merge: field by field, objects by their inner fields, lists as a whole.

use super::decision::Winner;
use crate::data_type::DataType;
use crate::difference::{has_inner_fields, inner_fields, kind_of, names, path, same};
use crate::json::{Json, Kind, write_name};
use crate::records::{Field, MODIFIED_AT, fields_of};

/// How deep objects are merged; what lies deeper is taken as a whole.
const MAX_DEPTH: usize = 64;

/// Two versions of a record, merged.
pub(super) struct Merged {
    /// The canonical record. Where both changed the same field, and nobody wins, it holds the ERP's version.
    pub(super) record: String,
    /// The dotted paths of the fields that both sides changed, to different values.
    pub(super) both_changed: Vec<String>,
}

/// Merges what each side changed since `base`.
pub(super) fn merge(
    data_type: DataType,
    base: Option<Json<'_>>,
    theirs: Json<'_>,
    ours: Json<'_>,
    winner: Winner,
) -> Merged {
    let mut merging = Merging { winner, merged: Merged { record: String::new(), both_changed: Vec::new() } };
    merging.object(fields_of(data_type), "", [base, Some(theirs), Some(ours)], MAX_DEPTH);
    merging.merged
}

struct Merging {
    winner: Winner,
    merged: Merged,
}

impl Merging {
    fn object(&mut self, fields: &'static [Field], at: &str, sides: [Option<Json<'_>>; 3], depth: usize) {
        let [_, theirs, ours] = sides;
        self.merged.record.push('{');
        for name in names(fields, [theirs, ours]) {
            let before = self.merged.record.len();
            write_name(&name, &mut self.merged.record);
            let value = self.merged.record.len();
            let inner = sides.map(|side| side.and_then(|side| side.get(&name)));
            if at.is_empty() && name == MODIFIED_AT {
                self.take(inner[1]);
            } else {
                self.member(fields, &path(at, &name), &name, inner, depth);
            }
            if matches!(self.merged.record.get(value..), None | Some("" | "{}" | "null")) {
                self.merged.record.truncate(before);
            }
        }
        self.merged.record.push('}');
    }

    fn member(
        &mut self,
        fields: &'static [Field],
        at: &str,
        name: &str,
        sides: [Option<Json<'_>>; 3],
        depth: usize,
    ) {
        let kind = kind_of(fields, name);
        let [base, theirs, ours] = sides;
        if same(kind, theirs, ours) || same(kind, base, ours) {
            self.take(theirs);
        } else if same(kind, base, theirs) {
            self.take(ours);
        } else if depth > 0 && has_inner_fields(kind, &sides) {
            let objects = sides.map(|side| side.filter(|side| side.kind() == Kind::Object));
            self.object(inner_fields(kind), at, objects, depth - 1);
        } else {
            self.merged.both_changed.push(at.to_owned());
            self.take(if self.winner == Winner::Ours { ours } else { theirs });
        }
    }

    fn take(&mut self, value: Option<Json<'_>>) {
        if let Some(value) = value {
            self.merged.record.push_str(value.text());
        }
    }
}
