//! Finding the records in an answer. Pure; the records are ranges of the body, not copies.

use std::ops::Range;

use domain::DataType;
use domain::json::{Json, Kind};

use super::JsonAnswer;
use crate::Item;

/// Members that are known to hold the records.
const PLACES: [&str; 5] = ["data", "items", "results", "records", "value"];

/// Members that are known to hold an object with the records.
pub(crate) const WRAPPERS: [&str; 8] =
    ["d", "data", "result", "results", "response", "payload", "message", "_embedded"];

/// Finds the records of an answer to a request for `data_type`: the answer itself, or the list at `configured`, or at
/// one of the usual places.
///
/// # Errors
/// With a sentence that says where was looked and what was there.
pub(crate) fn find_records<'a>(
    answer: &JsonAnswer<'a>,
    data_type: DataType,
    configured: Option<&str>,
) -> Result<Vec<Json<'a>>, String> {
    if let Some(path) = configured {
        return at_configured(answer, path);
    }
    if answer.0.json.kind() == Kind::Array {
        return Ok(answer.0.items.clone());
    }
    let found = at_usual_places(answer, data_type);
    found.map(Json::items).ok_or_else(|| {
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

fn at_configured<'a>(answer: &JsonAnswer<'a>, path: &str) -> Result<Vec<Json<'a>>, String> {
    match answer.at(path) {
        Some(list) if list.kind() == Kind::Array => Ok(list.items()),
        Some(nothing) if nothing.kind() == Kind::Null => Ok(vec![]),
        Some(other) => {
            Err(format!("settings.api.recordsPath leads to {}, not to a list of records", other.kind()))
        }
        None => Err(format!("settings.api.recordsPath is {path}, but the answer has nothing there")),
    }
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
        find_records(&json.into(), DataType::Products, configured).map(|records| records.len())
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
        assert!(found(r#"{"data":{}}"#, Some("data")).unwrap_err().contains("leads to an object"));
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
        let items = to_items(body, &records);
        let [Item::Record(a), Item::Broken(stray, why), Item::Record(b)] = items.as_slice() else {
            panic!("{items:?}")
        };
        assert_eq!(&body[a.clone()], br#"{"sku": "A"}"#);
        assert_eq!(&body[b.clone()], br#"{"sku": "B"}"#);
        assert_eq!((&body[stray.clone()], why.as_str()), (&br#""stray""#[..], "is a text, not an object"));
    }
}
