//! The key the ERP gave a record, out of what it answered. Pure.

use domain::DataType;
use domain::connection::PushSettings;
use domain::json::{Json, Kind};
use domain::mapping::{FieldMapping, Mapper};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::rest::JsonAnswer;
use crate::rest::WRAPPERS;

/// The key in the answer to a new record.
pub(super) fn of_answer(
    answer: &JsonAnswer<'_>,
    data_type: DataType,
    mapping: &FieldMapping,
    settings: &PushSettings,
) -> Option<String> {
    let at_path = settings.id_path.as_deref().and_then(|path| answer.at(path)).and_then(text);
    at_path.or_else(|| of_record(unwrapped(answer, data_type), data_type, mapping, settings))
}

/// The key of a record as the ERP sends it: at `idPath`, else the one it has when it is pulled.
pub(super) fn of_record(
    record: Json<'_>,
    data_type: DataType,
    mapping: &FieldMapping,
    settings: &PushSettings,
) -> Option<String> {
    if let Some(path) = &settings.id_path {
        return JsonAnswer::from(record).at(path).and_then(text);
    }
    match Mapper::new(data_type, mapping, &[]).map(&record.into(), &mut Vec::new()) {
        Ok(mapped) => Some(mapped.key),
        Err(unmapped) => unmapped.key,
    }
}

/// The record in an answer: behind members such as `data` or `order`, or the answer itself.
pub(super) fn unwrapped<'a>(answer: &JsonAnswer<'a>, data_type: DataType) -> Json<'a> {
    let plural = data_type.as_str();
    let names = || WRAPPERS.into_iter().chain([plural, plural.strip_suffix('s').unwrap_or(plural)]);
    let inside = |json: Json<'a>| names().filter_map(|name| json.get(name)).find_map(only_object);
    let mut record = only_object(answer.0.json).unwrap_or(answer.0.json);
    // As deep as `{"d": {"results": […]}}`.
    for _ in 0..2 {
        record = inside(record).unwrap_or(record);
    }
    record
}

/// An object, or the one in a list of one.
fn only_object(json: Json<'_>) -> Option<Json<'_>> {
    let object = |json: Json<'_>| json.kind() == Kind::Object;
    match json.kind() {
        Kind::Object => Some(json),
        Kind::Array => match json.items()[..] {
            [one] if object(one) => Some(one),
            _ => None,
        },
        _ => None,
    }
}

/// A key as text.
fn text(json: Json<'_>) -> Option<String> {
    let text = match json.kind() {
        Kind::String => json.as_string()?.into_owned(),
        Kind::Number => json.text().to_owned(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// The key at the end of a `Location`: its last segment, or what stands there in brackets, as OData has it.
pub(super) fn of_location(base: &Url, location: &str) -> Option<String> {
    let url = base.join(location).ok()?;
    let last = url.path_segments()?.rfind(|segment| !segment.is_empty())?;
    let decoded = percent_decode_str(last).decode_utf8().ok()?;
    let in_brackets = decoded.strip_suffix(')').and_then(|rest| rest.split_once('('));
    let key = in_brackets.map_or(&*decoded, |(_, key)| key.trim_matches('\''));
    (!key.is_empty()).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(body: &str, mapping: &[(&str, &str)], id_path: Option<&str>) -> Option<String> {
        let json = Json::parse(body.as_bytes()).unwrap();
        let mapping = mapping.iter().map(|(ours, theirs)| ((*ours).to_owned(), Some((*theirs).to_owned())));
        let settings = PushSettings { id_path: id_path.map(str::to_owned), ..PushSettings::default() };
        of_answer(&json.into(), DataType::Orders, &mapping.collect(), &settings)
    }

    #[test]
    fn the_key_is_the_one_the_record_has_when_it_is_pulled() {
        assert_eq!(key(r#"{"id": 77, "number": "SO-9"}"#, &[], None).as_deref(), Some("SO-9"));
        assert_eq!(key(r#"{"id": 77}"#, &[], None).as_deref(), Some("77"));
        assert_eq!(key(r#"{"id": 77, "no": 3}"#, &[("orderNumber", "no")], None).as_deref(), Some("3"));
        assert_eq!(key(r#"{"ok": true}"#, &[], None), None);
        assert_eq!(key(r#"[1]"#, &[], None), None);
    }

    #[test]
    fn the_record_is_found_behind_the_usual_members() {
        let bodies = [
            r#"{"data": {"id": 77}}"#,
            r#"{"order": {"id": 77}, "id": 1}"#,
            r#"{"d": {"results": [{"id": "77"}]}}"#,
            r#"[{"id": 77}]"#,
            r#"{"orders": [{"id": 77}]}"#,
        ];
        for body in bodies {
            assert_eq!(key(body, &[], None).as_deref(), Some("77"), "{body}");
        }
    }

    #[test]
    fn a_configured_place_comes_first() {
        assert_eq!(key(r#"{"id": 1, "ref": {"no": "x"}}"#, &[], Some("ref.no")).as_deref(), Some("x"));
        assert_eq!(key(r#"{"data": {"id": 1, "no": "x"}}"#, &[], Some("no")).as_deref(), Some("x"));
        assert_eq!(key(r#"{"id": 1}"#, &[], Some("no")), None);
    }

    #[test]
    fn a_location_ends_with_the_key() {
        let base = "https://erp.example.com/api/orders".parse().unwrap();
        let keys = [
            ("/api/orders/77", Some("77")),
            ("https://erp.example.com/api/orders/a%2Fb/?x=1", Some("a/b")),
            ("77", Some("77")),
            ("/odata/A_SalesOrder('77')", Some("77")),
            ("/odata/salesorders(5c1f)", Some("5c1f")),
            ("/", None),
        ];
        for (location, key) in keys {
            assert_eq!(of_location(&base, location).as_deref(), key, "{location}");
        }
    }
}
