//! Finding the records in an answer. Pure; the records are ranges of the body, not copies.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use domain::DataType;
use domain::json::{Json, Kind, Members, write_string_bytes};

use super::JsonAnswer;
use crate::Item;

/// Members that are known to hold the records.
const PLACES: [&str; 5] = ["data", "items", "results", "records", "value"];

/// Members that are known to hold an object with the records.
pub(crate) const WRAPPERS: [&str; 8] =
    ["d", "data", "result", "results", "response", "payload", "message", "_embedded"];

/// The records of an answer.
#[derive(Debug)]
pub(crate) enum Records<'a> {
    /// As a list.
    List(Vec<Json<'a>>),
    /// As the members of an object, by their ids.
    Keyed(Members<'a>),
}

impl<'a> Records<'a> {
    /// The records, whatever they were in.
    pub(crate) fn values(&self) -> Vec<Json<'a>> {
        match self {
            Self::List(list) => list.clone(),
            Self::Keyed(members) => members.iter().map(|(_, value)| *value).collect(),
        }
    }

    /// A body and the items in it: `body` itself, or a new one in which each record has the key it stood at, as `@key` and,
    /// where it has none, as `id`.
    pub(crate) fn into_items(self, body: Bytes) -> (Bytes, Vec<Item>) {
        let members = match self {
            Self::List(list) => {
                let items = to_items(&body, &list);
                return (body, items);
            }
            Self::Keyed(members) => members,
        };
        let mut written = Vec::with_capacity(body.len() + members.len() * 24);
        let mut items = Vec::with_capacity(members.len());
        for (key, value) in &members {
            let start = written.len();
            write_keyed(key, *value, &mut written);
            items.push(Item::Record(start..written.len()));
        }
        (written.into(), items)
    }
}

/// Writes an object with the key it stood at.
pub(crate) fn write_keyed(key: &str, object: Json<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"@key\":");
    write_string_bytes(key, out);
    if object.get("id").is_none() {
        out.extend_from_slice(b",\"id\":");
        write_string_bytes(key, out);
    }
    let inner = object.text().get(1..).unwrap_or_default();
    if !inner.trim_start().starts_with('}') {
        out.push(b',');
    }
    out.extend_from_slice(inner.as_bytes());
}

/// Finds the records of an answer to a request for `data_type`: the answer itself, or the list at `configured`, or at
/// one of the usual places.
///
/// # Errors
/// With a sentence that says where was looked and what was there.
pub(crate) fn find_records<'a>(
    answer: &JsonAnswer<'a>,
    data_type: DataType,
    configured: Option<&str>,
) -> Result<Records<'a>, String> {
    if let Some(path) = configured {
        return at_configured(answer, path);
    }
    if answer.0.json.kind() == Kind::Array {
        return Ok(Records::List(answer.0.items.clone()));
    }
    let found = at_usual_places(answer, data_type).map(|list| Records::List(list.items()));
    found.or_else(|| keyed_at_usual_places(answer, data_type)).ok_or_else(|| {
        let names: Vec<&str> = answer.0.members.iter().map(|(name, _)| name.as_ref()).take(12).collect();
        let there = match answer.0.json.kind() {
            Kind::Object if names.is_empty() => "the answer is an empty object".to_owned(),
            Kind::Object => format!("the answer has {}", names.join(", ")),
            other => format!("the answer is {other}"),
        };
        format!(
            "no list of records was found at {}, {data_type}, nor one level below {}; {there}. Set \
             settings.api.recordsPath to where the records are",
            PLACES.join(", "),
            WRAPPERS.join(", ")
        )
    })
}

/// What a configured path leads to: a list, objects keyed by their ids, or a single object, which is a list of one. `.*`
/// at its end says that they are keyed; a JSONPath may be written for the same.
fn at_configured<'a>(answer: &JsonAnswer<'a>, path: &str) -> Result<Records<'a>, String> {
    let plain = path.strip_prefix("$.").or(path.strip_prefix('$')).unwrap_or(path);
    let (place, all) = match plain.strip_suffix(".*").or(plain.strip_suffix("[*]")) {
        Some(place) => (place, true),
        None => (plain, plain == "*"),
    };
    let found = if place.is_empty() || place == "*" { Some(answer.0.json) } else { answer.at(place) };
    match found {
        Some(list) if list.kind() == Kind::Array => Ok(Records::List(list.items())),
        Some(nothing) if nothing.kind() == Kind::Null => Ok(Records::List(vec![])),
        Some(text) if text.as_string().is_some_and(|text| text.trim().is_empty()) => {
            Ok(Records::List(vec![]))
        }
        Some(object) if object.kind() == Kind::Object => {
            let members = object.members();
            let are_objects = members.iter().all(|(_, value)| value.kind() == Kind::Object);
            match are_objects && (all || are_alike(&members)) {
                true => Ok(Records::Keyed(members)),
                false if all => {
                    Err(format!("settings.api.recordsPath is {path}, but not all there are objects"))
                }
                false => Ok(Records::List(vec![object])),
            }
        }
        Some(other) => {
            Err(format!("settings.api.recordsPath leads to {}, not to a list of records", other.kind()))
        }
        None => Err(format!("settings.api.recordsPath is {path}, but the answer has nothing there")),
    }
}

/// Objects keyed by their ids, at one of the usual places: two or more that look alike.
fn keyed_at_usual_places<'a>(answer: &JsonAnswer<'a>, data_type: DataType) -> Option<Records<'a>> {
    let places = PLACES.into_iter().chain([data_type.as_str(), "d", "result"]);
    let inner = places.filter_map(|name| answer.at(name)).filter(|value| value.kind() == Kind::Object);
    let all = inner.map(Json::members).chain([answer.0.members.clone()]);
    all.into_iter().find(|members| are_alike(members)).map(Records::Keyed)
}

/// Whether two or more members are all objects, with most names of the first in each.
fn are_alike(members: &[(Cow<'_, str>, Json<'_>)]) -> bool {
    let names =
        |value: Json<'_>| value.members().into_iter().map(|(name, _)| name.into_owned()).collect::<Vec<_>>();
    let [(_, first), rest @ ..] = members else { return false };
    let of_first = names(*first);
    let alike = |value: Json<'_>| {
        let own = if value.kind() == Kind::Object { names(value) } else { Vec::new() };
        let shared = of_first.iter().filter(|name| own.contains(name)).count();
        shared * 2 > own.len().max(of_first.len())
    };
    !rest.is_empty() && first.kind() == Kind::Object && rest.iter().all(|(_, value)| alike(*value))
}

fn at_usual_places<'a>(answer: &JsonAnswer<'a>, data_type: DataType) -> Option<Json<'a>> {
    let places = || PLACES.into_iter().chain([data_type.as_str()]);
    // A null stands for an empty list only where nothing better is found.
    let list = |value: &Json<'_>| value.kind() == Kind::Array;
    let direct = || places().chain(["d", "result"]).filter_map(|name| answer.at(name)).find(list);
    let nested = || {
        let wrappers = WRAPPERS.into_iter().filter_map(|name| answer.at(name));
        let objects = wrappers.filter(|value| value.kind() == Kind::Object).map(JsonAnswer::from);
        objects.into_iter().find_map(|inner| places().filter_map(|name| inner.at(name)).find(list))
    };
    let null = || places().filter_map(|name| answer.at(name)).find(|value| value.kind() == Kind::Null);
    direct().or_else(nested).or_else(null)
}

/// The records as parts of the body they were read from.
pub(crate) fn to_items(body: &[u8], records: &[Json<'_>]) -> Vec<Item> {
    let item = |record: &Json<'_>| {
        let range = range_in(body, record.text());
        match record.kind() {
            Kind::Object => Item::Record(range),
            other => Item::Broken(range, format!("is {other}, not an object")),
        }
    };
    records.iter().map(item).collect()
}

/// Where a part borrowed from `body` lies in it.
fn range_in(body: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - body.as_ptr().addr();
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str, configured: Option<&str>) -> Result<usize, String> {
        let json = Json::parse(body.as_bytes()).unwrap();
        find_records(&json.into(), DataType::Products, configured).map(|records| records.values().len())
    }

    #[test]
    fn records_are_found_at_every_usual_place() {
        let places = [
            r#"[{"a":1},{"a":2}]"#,
            r#"{"data":[{"a":1},{"a":2}]}"#,
            r#"{"items":[{},{}],"count":2}"#,
            r#"{"results":[{},{}]}"#,
            r#"{"records":[{},{}]}"#,
            r#"{"@odata.context":"x","value":[{},{}]}"#,
            r#"{"d":{"results":[{},{}]}}"#,
            r#"{"d":[{},{}]}"#,
            r#"{"data":{"items":[{},{}]}}"#,
            r#"{"_embedded":{"products":[{},{}]}}"#,
            r#"{"products":[{},{}],"total":2}"#,
            r#"{"data":null,"results":[{},{}]}"#,
        ];
        for body in places {
            assert_eq!(found(body, None), Ok(2), "{body}");
        }
        assert_eq!(found(r#"{"data":null}"#, None), Ok(0));
    }

    #[test]
    fn a_configured_path_is_the_only_one_looked_at() {
        assert_eq!(found(r#"{"data":[],"answer":{"list":[1]}}"#, Some("answer.list")), Ok(1));
        assert!(found(r#"{"data":[]}"#, Some("answer.list")).unwrap_err().contains("nothing there"));
        assert!(found(r#"{"data":7}"#, Some("data")).unwrap_err().contains("leads to a number"));
        assert_eq!(
            found(r#"{"data":{"sku":"A","name":"a"}}"#, Some("data")),
            Ok(1),
            "an object is a list of one"
        );
        assert_eq!(found(r#"{"data":""}"#, Some("data")), Ok(0));
    }

    #[test]
    fn objects_keyed_by_their_ids_are_records_with_the_key_as_id() {
        let body = r#"{"data":{"17":{"name":"Saw","price":5},"18":{"name":"Nut","price":1,"id":"n"}}}"#;
        for path in [None, Some("data"), Some("data.*"), Some("$.data[*]"), Some("$.data.*")] {
            let json = Json::parse(body.as_bytes()).unwrap();
            let records = find_records(&json.into(), DataType::Products, path).unwrap();
            let (body, items) = records.into_items(Bytes::copy_from_slice(body.as_bytes()));
            let texts: Vec<&[u8]> = items
                .iter()
                .map(|item| match item {
                    Item::Record(range) => &body[range.clone()],
                    Item::Broken(..) => panic!("{item:?}"),
                })
                .collect();
            assert_eq!(texts[0], br#"{"@key":"17","id":"17","name":"Saw","price":5}"#, "{path:?}");
            assert_eq!(texts[1], br#"{"@key":"18","name":"Nut","price":1,"id":"n"}"#);
        }
        assert!(
            found(r#"{"data":{"meta":{"page":1},"17":{"name":"Saw"}}}"#, None).is_err(),
            "they are not alike"
        );
        assert!(found(r#"{"data":{"17":{"name":"Saw"}}}"#, None).is_err(), "one could be anything");
        assert_eq!(found(r#"{"data":{"17":{"name":"Saw"}}}"#, Some("data.*")), Ok(1));
    }

    #[test]
    fn what_was_there_instead_is_named() {
        let sentence = found(r#"{"status":"ok","stuff":[{}]}"#, None).unwrap_err();
        assert!(sentence.contains("has status, stuff") && sentence.contains("recordsPath"), "{sentence}");
        assert!(found("\"text\"", None).unwrap_err().contains("the answer is a text"));
    }

    #[test]
    fn items_are_ranges_of_the_body() {
        let body = br#"  {"data": [ {"sku": "A"}, "stray", {"sku": "B"} ]}"#;
        let json = Json::parse(body).unwrap();
        let records = find_records(&json.into(), DataType::Products, None).unwrap();
        let items = to_items(body, &records.values());
        let [Item::Record(a), Item::Broken(stray, why), Item::Record(b)] = items.as_slice() else {
            panic!("{items:?}")
        };
        assert_eq!(&body[a.clone()], br#"{"sku": "A"}"#);
        assert_eq!(&body[b.clone()], br#"{"sku": "B"}"#);
        assert_eq!((&body[stray.clone()], why.as_str()), (&br#""stray""#[..], "is a text, not an object"));
    }
}
