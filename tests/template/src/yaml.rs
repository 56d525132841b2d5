//! YAML as CloudFormation writes it, with its short forms, as plain JSON.

use serde_json::{Map, Value, json};
use yaml_serde::Value as Yaml;

/// `!Ref A`, `!GetAtt A.B` and `!Sub text` become texts such as `${A}` and `${A.B}`, so that two mentions of one thing are
/// equal; other short forms become their long form.
pub(crate) fn plain(yaml: Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => serde_json::to_value(number).unwrap_or_default(),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => items.into_iter().map(plain).collect(),
        Yaml::Mapping(entries) => {
            let named = |(key, value)| Some((plain(key).as_str()?.to_owned(), plain(value)));
            Value::Object(entries.into_iter().filter_map(named).collect())
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            short_form(tag.trim_start_matches('!'), plain(tagged.value))
        }
    }
}

fn short_form(name: &str, value: Value) -> Value {
    match (name, value.as_str()) {
        ("Ref" | "GetAtt", Some(of)) => json!(format!("${{{of}}}")),
        ("Sub", Some(_)) => value,
        _ => Value::Object(Map::from_iter([(format!("Fn::{name}"), value)])),
    }
}
