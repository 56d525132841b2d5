//! The fields an ERP's records have, for people who write a mapping: what they are called, what they hold, and which of
//! our fields they fill.

use std::collections::{BTreeSet, HashMap};

use connectors::{Item, Page};
use domain::DataType;
use domain::connection::{Connection, MASK};
use domain::json::{Json, Kind};
use domain::mapping::{FieldPath, FilledBy, Mapper, Rules, Source, Unfilled, unfilled};
use transport::ErpError;

use crate::Engine;
use crate::batch::Reading;
use crate::first_page::first_page;
use crate::raw::is_secret;

/// How many records are looked at.
const MAX_RECORDS: u32 = 100;

/// How many fields are told.
const MAX_FIELDS: usize = 500;

/// How many objects inside objects are looked into.
const MAX_DEPTH: usize = 8;

/// How many items of each list are looked at.
const MAX_ITEMS: usize = 20;

/// How many different values of a field are shown.
const MAX_SAMPLES: usize = 3;

/// How much of a value is shown, in characters.
const MAX_SAMPLE_CHARS: usize = 80;

/// The fields that an ERP's first records have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenFields {
    /// How many records were looked at.
    pub records: u64,
    /// The fields, in the order they were first seen.
    pub fields: Vec<SeenField>,
    /// Our fields that nothing fills.
    pub unfilled: Vec<Unfilled>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// One field of an ERP's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenField {
    /// Its path, as a mapping takes it: names joined by dots, `[0]` behind a list, whose first item stands for all.
    pub path: String,
    /// What it holds, each kind once.
    pub kinds: Vec<Kind>,
    /// In how many of the records it stands.
    pub seen_in: u64,
    /// Some of its values, as JSON; secrets masked, cut where they are long.
    pub samples: Vec<String>,
    /// Which of our fields it fills, and how.
    pub fills: Vec<(String, FilledBy)>,
}

impl Engine {
    /// Looks at the first records of a data type: which fields they have, and what `rules` take from them. Writes
    /// nothing, neither here nor there.
    ///
    /// # Errors
    /// With what the ERP said, or why it could not be asked.
    pub async fn seen_fields(
        &self,
        connection: &Connection,
        data_type: DataType,
        rules: &Rules,
    ) -> Result<SeenFields, ErpError> {
        let page = first_page(self, connection, data_type, MAX_RECORDS).await?;
        Ok(look_at(page, data_type, &Reading::of(connection, data_type, rules.clone())))
    }
}

fn look_at(page: Page, data_type: DataType, reading: &Reading) -> SeenFields {
    let mut mapper = Mapper::new(data_type, &reading.mapping, &[]);
    let mut look = Look::default();
    let mut broken = 0;
    for item in &page.items {
        let record = match item {
            Item::Record(range) => page.body.get(range.clone()).and_then(|text| Json::parse(text).ok()),
            Item::Broken(..) => None,
        };
        match record.filter(|record| record.kind() == Kind::Object) {
            Some(record) => look.at_record(record, &mapper.sources(record)),
            None => broken += 1,
        }
    }
    let mut seen = SeenFields { records: look.records, fields: look.fields, ..SeenFields::default() };
    seen.unfilled = unfilled(data_type, &look.filled, &reading.transformations);
    seen.warnings = page.warnings;
    if broken > 0 {
        seen.warnings.push(format!("{broken} of {} records cannot be read", page.items.len()));
    }
    if look.cut {
        seen.warnings.push(format!("the records have more than {MAX_FIELDS} fields: the rest is not shown"));
    }
    seen
}

/// What was seen so far.
#[derive(Default)]
struct Look {
    records: u64,
    fields: Vec<SeenField>,
    /// Where each path stands in `fields`, and the record it was last seen in.
    known: HashMap<String, (usize, u64)>,
    filled: BTreeSet<String>,
    cut: bool,
}

/// A value on the way through a record.
struct Place<'p> {
    path: &'p FieldPath,
    depth: usize,
    secret: bool,
}

/// Which of our fields each part of the record fills, by where its text begins.
type Fills<'s> = HashMap<*const u8, Vec<&'s Source<'s>>>;

impl Look {
    fn at_record<'a>(&mut self, record: Json<'a>, sources: &[Source<'a>]) {
        let mut fills = Fills::new();
        for source in sources {
            fills.entry(source.value.text().as_ptr()).or_default().push(source);
            self.filled.insert(source.field.clone());
        }
        self.records += 1;
        self.inside(record, &Place { path: &FieldPath::default(), depth: 0, secret: false }, &fills);
    }

    fn at(&mut self, value: Json<'_>, place: &Place<'_>, fills: &Fills<'_>) {
        if let Some(field) = self.field(place.path.as_str()) {
            field.note(value, place.secret);
            for source in fills.get(&value.text().as_ptr()).into_iter().flatten() {
                let fill = (source.field.clone(), source.by);
                if !field.fills.contains(&fill) {
                    field.fills.push(fill);
                }
            }
        }
        if place.depth < MAX_DEPTH {
            self.inside(value, place, fills);
        }
    }

    /// The members of an object, or the items of a list.
    fn inside(&mut self, value: Json<'_>, place: &Place<'_>, fills: &Fills<'_>) {
        let depth = place.depth + 1;
        for (name, member) in value.members() {
            let path = place.path.member(&name);
            let secret = place.secret || is_secret(&name);
            self.at(member, &Place { path: &path, depth, secret }, fills);
        }
        let path = place.path.item(0);
        for item in value.items().into_iter().take(MAX_ITEMS) {
            self.at(item, &Place { path: &path, depth, secret: place.secret }, fills);
        }
    }

    /// What is known of a path, its presence in this record counted; `None` if there are too many.
    fn field(&mut self, path: &str) -> Option<&mut SeenField> {
        let record = self.records;
        if let Some((position, last_seen)) = self.known.get_mut(path) {
            let field = self.fields.get_mut(*position)?;
            if *last_seen != record {
                *last_seen = record;
                field.seen_in += 1;
            }
            return Some(field);
        }
        if self.fields.len() == MAX_FIELDS {
            self.cut = true;
            return None;
        }
        self.known.insert(path.to_owned(), (self.fields.len(), record));
        self.fields.push(SeenField {
            path: path.to_owned(),
            kinds: Vec::new(),
            seen_in: 1,
            samples: Vec::new(),
            fills: Vec::new(),
        });
        self.fields.last_mut()
    }
}

impl SeenField {
    fn note(&mut self, value: Json<'_>, secret: bool) {
        let kind = value.kind();
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
        if self.samples.len() < MAX_SAMPLES
            && let Some(sample) = sample(value, secret)
            && !self.samples.contains(&sample)
        {
            self.samples.push(sample);
        }
    }
}

/// A value to be shown, as JSON; none of null, an object or a list.
fn sample(value: Json<'_>, secret: bool) -> Option<String> {
    match value.kind() {
        Kind::Null | Kind::Object | Kind::Array => None,
        _ if secret => serde_json::to_string(MASK).ok(),
        Kind::Bool => Some(value.text().to_owned()),
        Kind::Number if value.text().len() <= MAX_SAMPLE_CHARS => Some(value.text().to_owned()),
        Kind::Number => serde_json::to_string(&cut(value.text())).ok(),
        Kind::String => serde_json::to_string(&cut(&value.as_string()?)).ok(),
    }
}

fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_SAMPLE_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(records: &[&str]) -> SeenFields {
        let mut page = Page::default();
        for record in records {
            let start = page.body.len();
            page.body.extend_from_slice(record.as_bytes());
            page.items.push(Item::Record(start..page.body.len()));
        }
        look_at(page, DataType::Orders, &Reading::default())
    }

    fn of<'s>(seen: &'s SeenFields, path: &str) -> &'s SeenField {
        let field = seen.fields.iter().find(|field| field.path == path);
        field.unwrap_or_else(|| panic!("{path} is not among {:?}", seen.fields))
    }

    #[test]
    fn fields_are_told_with_kinds_presence_and_samples() {
        let seen =
            look(&[r#"{"id": 1, "note": null, "a.b": "x"}"#, r#"{"id": "2", "note": "y"}"#, r#"{"id": 1}"#]);
        assert_eq!(seen.records, 3);
        let id = of(&seen, "id");
        assert_eq!((id.seen_in, &*id.kinds), (3, &[Kind::Number, Kind::String][..]));
        assert_eq!(id.samples, ["1", "\"2\""]);
        assert_eq!(id.fills, [("orderNumber".to_owned(), FilledBy::UsualName)]);
        assert_eq!((of(&seen, "note").seen_in, of(&seen, "a.b").seen_in), (2, 1));
        assert_eq!(of(&seen, "note").samples, ["\"y\""]);
    }

    #[test]
    fn a_field_in_many_items_of_a_list_stands_in_one_record() {
        let seen = look(&[r#"{"id": 1, "lines": [{"sku": "A"}, {"sku": "B", "tags": ["x"]}]}"#]);
        let sku = of(&seen, "lines[0].sku");
        assert_eq!((sku.seen_in, sku.samples.len()), (1, 2));
        assert_eq!(sku.fills, [("lines.sku".to_owned(), FilledBy::UsualName)]);
        assert_eq!(of(&seen, "lines").kinds, [Kind::Array]);
        assert_eq!(of(&seen, "lines[0].tags[0]").kinds, [Kind::String]);
    }

    #[test]
    fn secrets_are_masked_and_long_values_cut() {
        let long = "ü".repeat(200);
        let seen =
            look(&[&format!(r#"{{"api": {{"token": "t-1"}}, "secrets": {{"a": [1]}}, "text": "{long}"}}"#)]);
        let masked = serde_json::to_string(MASK).unwrap();
        assert_eq!(of(&seen, "api.token").samples, std::slice::from_ref(&masked));
        assert_eq!(of(&seen, "secrets.a[0]").samples, [masked]);
        assert_eq!(of(&seen, "text").samples[0].chars().count(), MAX_SAMPLE_CHARS + 3);
    }

    #[test]
    fn an_erp_that_invents_names_does_not_fill_the_memory() {
        let records: Vec<_> = (0..600).map(|n| format!(r#"{{"f{n}": {n}}}"#)).collect();
        let seen = look(&records.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(seen.fields.len(), MAX_FIELDS);
        assert!(seen.warnings[0].contains("500"), "{:?}", seen.warnings);
    }

    #[test]
    fn deep_nesting_ends() {
        let deep = format!(r#"{{"a": {}1{}}}"#, "[".repeat(100), "]".repeat(100));
        assert_eq!(look(&[&deep]).fields.len(), MAX_DEPTH);
    }
}
