//! The form of a record where no template gives another: our fields under the names a config maps them from.

use crate::change::Operation;
use crate::difference::{inner_fields, kind_of};
use crate::json::{self, Json, Kind, write_name};
use crate::mapping::FieldMapping;
use crate::records::{EXTRA, FieldKind, fields_of, key_fields};

use super::Outgoing;
use super::value;

/// The field by which an ERP's record can be found again.
const REFERENCE: &str = "reference";

/// When the ERP last changed a record is not ours to say.
const THEIRS_TO_SAY: &str = "modifiedAt";

/// Writes a record under the names that `mapping` takes its fields from, the way of mapping backwards. A field the
/// mapping does not name keeps our name; one it leaves empty is left out. A new record carries our reference, a changed
/// one the key it has there.
///
/// # Errors
/// With a sentence, if a field is mapped from something that cannot be written to, or two differ that go to one place.
pub fn renamed(outgoing: &Outgoing<'_>, mapping: &FieldMapping) -> Result<String, String> {
    let mut writer = Writer { outgoing, mapping, tree: Tree::Branch(Vec::new()) };
    let fields = fields_of(outgoing.data_type);
    let members = outgoing.record.map(Json::members).unwrap_or_default();
    let their_key = key_at_the_erp(outgoing);
    for (name, value) in members.iter().filter(|(name, value)| name != EXTRA && value.kind() != Kind::Null) {
        match &their_key {
            Some((field, key)) if name == field => writer.put(field, &[field], key.clone())?,
            _ => writer.put_field(name, *value, kind_of(fields, name))?,
        }
    }
    let is_missing = outgoing.field(REFERENCE).is_none() && kind_of(fields, REFERENCE).is_some();
    if is_missing && outgoing.operation == Operation::Create {
        writer.put(REFERENCE, &[REFERENCE], json::string(outgoing.reference))?;
    }
    if let Some((_, extra)) = members.iter().find(|(name, _)| name == EXTRA) {
        for (name, value) in extra.members() {
            writer.put(&format!("{EXTRA}.{name}"), &[&name], value.text().to_owned())?;
        }
    }
    let mut out = String::new();
    writer.tree.write(&mut out);
    Ok(out)
}

/// The field that is the key of a record the ERP has, and what it holds there: ours may differ.
fn key_at_the_erp(outgoing: &Outgoing<'_>) -> Option<(&'static str, String)> {
    let [field] = key_fields(outgoing.data_type) else { return None };
    (outgoing.operation == Operation::Update).then(|| (*field, json::string(outgoing.key)))
}

struct Writer<'w, 'a> {
    outgoing: &'w Outgoing<'a>,
    mapping: &'w FieldMapping,
    tree: Tree,
}

impl Writer<'_, '_> {
    fn put_field(&mut self, name: &str, value: Json<'_>, kind: Option<FieldKind>) -> Result<(), String> {
        if name == THEIRS_TO_SAY && !self.mapping.contains_key(name) {
            return Ok(());
        }
        if !matches!(kind, Some(FieldKind::Object(_))) || value.kind() != Kind::Object {
            return self.put(name, &[name], self.written(value, kind));
        }
        let outer = match self.mapping.get(name) {
            Some(Some(path)) => Some(steps(name, path)?),
            Some(None) => None,
            None => Some(vec![name.to_owned()]),
        };
        for (inner, value) in value.members() {
            let text = self.written(value, kind_of(inner_fields(kind), &inner));
            let full = format!("{name}.{inner}");
            let inside = outer.iter().flatten().map(String::as_str).chain([&*inner]).collect::<Vec<_>>();
            if outer.is_some() || self.mapping.contains_key(&full) {
                self.put(&full, &inside, text)?;
            }
        }
        Ok(())
    }

    fn written(&self, value: Json<'_>, kind: Option<FieldKind>) -> String {
        let mut out = String::new();
        value::write(value, kind, self.outgoing.numbers, &mut out);
        out
    }

    /// Puts a field where the mapping takes it from, or at `unmapped`.
    fn put(&mut self, field: &str, unmapped: &[&str], json: String) -> Result<(), String> {
        let steps = match self.mapping.get(field) {
            Some(None) => return Ok(()),
            Some(Some(path)) => steps(field, path)?,
            None => unmapped.iter().map(|step| (*step).to_owned()).collect(),
        };
        self.tree.put(&steps, json).map_err(|()| {
            format!(
                "{field} would go to {}, where another field with another value goes: give the data type a body of \
                 its own in settings.api.push",
                steps.join(".")
            )
        })
    }
}

/// The members a path goes through: of a dotted path, or of a JSONPath that is nothing but names.
fn steps(field: &str, path: &str) -> Result<Vec<String>, String> {
    let is_plain = |names: &&str| names.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '_');
    let names = match path.strip_prefix('$') {
        None => Some(path),
        Some(query) => query.strip_prefix('.').filter(is_plain),
    };
    let steps = names.map(|names| names.split('.').map(str::to_owned).collect::<Vec<_>>());
    let is_name = |step: &String| !step.is_empty() && step.parse::<usize>().is_err();
    steps.filter(|steps| steps.iter().all(is_name)).ok_or_else(|| {
        format!(
            "{field} is mapped from {path}, which cannot be written to: give the data type a body of its own in \
             settings.api.push"
        )
    })
}

/// An object in the making.
enum Tree {
    Leaf(String),
    Branch(Vec<(String, Tree)>),
}

impl Tree {
    /// Puts a value at the end of a path; an error if something else is there.
    fn put(&mut self, steps: &[String], json: String) -> Result<(), ()> {
        match (steps.split_first(), self) {
            (None, Self::Leaf(there)) if *there == json => Ok(()),
            (Some((step, rest)), Self::Branch(members)) => {
                if let Some((_, inner)) = members.iter_mut().find(|(name, _)| name == step) {
                    return inner.put(rest, json);
                }
                let mut inner =
                    if rest.is_empty() { Self::Leaf(json.clone()) } else { Self::Branch(Vec::new()) };
                inner.put(rest, json)?;
                members.push((step.clone(), inner));
                Ok(())
            }
            _ => Err(()),
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Leaf(json) => out.push_str(json),
            Self::Branch(members) => {
                out.push('{');
                for (name, inner) in members {
                    write_name(name, out);
                    inner.write(out);
                }
                out.push('}');
            }
        }
    }
}
