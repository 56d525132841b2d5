//! The values of a record that is sent, in Odoo's form: names become numbers, moments lose their zone. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::json::{Json, Kind};
use jiff::Timestamp;

use super::mapping::written;
use super::row::{Fields, Row};

/// The fields of each model that values are made for.
pub(super) type Known = BTreeMap<String, Arc<Fields>>;

/// What stands for a record of theirs: its model, and what it is called.
pub(super) type Name = (String, String);

/// Which names stand in values where they want numbers.
///
/// # Errors
/// With a sentence, if a model has no field of a name.
pub(super) fn names(known: &Known, model: &str, values: Json<'_>) -> Result<BTreeSet<Name>, String> {
    let mut found = BTreeSet::new();
    read(known, model, values, &mut |name| {
        found.insert(name);
        0
    })?;
    Ok(found)
}

/// The values, with `numbers` in the place of names.
///
/// # Errors
/// As [`names`].
pub(super) fn with_numbers(
    known: &Known,
    model: &str,
    values: Json<'_>,
    numbers: &BTreeMap<Name, i64>,
) -> Result<Row, String> {
    read(known, model, values, &mut |name| numbers.get(&name).copied().unwrap_or_default())
}

/// The models whose records stand within values of a model.
pub(super) fn models_within(fields: &Fields, values: Json<'_>) -> BTreeSet<String> {
    let lists = values.members().into_iter().filter(|(_, value)| value.kind() == Kind::Array);
    lists.filter_map(|(name, _)| fields.get(&*name)?.relation.clone()).collect()
}

fn read(
    known: &Known,
    model: &str,
    values: Json<'_>,
    number_of: &mut impl FnMut(Name) -> i64,
) -> Result<Row, String> {
    let mut row = Row::default();
    for (name, value) in values.members() {
        let field = known.get(model).and_then(|fields| fields.get(&*name)).ok_or_else(|| {
            format!("{model} has no field {name} in this Odoo, or not for this user: take it out of the body")
        })?;
        let text = value.as_string();
        let written = match (field.kind.as_str(), &field.relation, text) {
            ("many2one", Some(relation), Some(text)) => {
                number_of((relation.clone(), text.into_owned())).to_string()
            }
            ("datetime", _, Some(text)) => match text.parse::<Timestamp>() {
                Ok(moment) => format!("\"{}\"", written(moment)),
                Err(_) => value.text().to_owned(),
            },
            ("one2many" | "many2many", Some(relation), None) => commands(known, relation, value, number_of)?,
            _ => value.text().to_owned(),
        };
        row.set(&name, written);
    }
    Ok(row)
}

/// Commands such as `[0, 0, {…}]`, whose last part holds values.
fn commands(
    known: &Known,
    model: &str,
    list: Json<'_>,
    number_of: &mut impl FnMut(Name) -> i64,
) -> Result<String, String> {
    let mut commands = Vec::new();
    for command in list.items() {
        let mut parts = Vec::new();
        for part in command.items() {
            parts.push(match part.kind() {
                Kind::Object => read(known, model, part, number_of)?.to_json(),
                _ => part.text().to_owned(),
            });
        }
        commands.push(format!("[{}]", parts.join(",")));
    }
    Ok(format!("[{}]", commands.join(",")))
}
