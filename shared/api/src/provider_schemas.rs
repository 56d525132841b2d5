//! JSON Schemas (2020-12) of a provider's credentials and settings, cut from the types that requests are read into.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use domain::connection::{ConnectionMethod, ConnectionSettings, CredentialsOf, Provider, SecretInput};
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Where the definitions of a schema are.
const DEFINITIONS: &str = "#/$defs/";

/// The credentials of all providers, as properties.
static CREDENTIALS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let mut properties = properties(CredentialsOf::<SecretInput>::schema());
    properties.values_mut().for_each(tell_secret);
    properties
});

/// The settings of all providers: properties, and the definitions that those refer to.
static SETTINGS: LazyLock<[Map<String, Value>; 2]> = LazyLock::new(|| {
    let mut schemas = Vec::new();
    ConnectionSettings::schemas(&mut schemas);
    let definitions = schemas.into_iter().map(|(name, schema)| (name, written(schema))).collect();
    [properties(ConnectionSettings::schema()), definitions].map(|mut all: Map<String, Value>| {
        all.values_mut().for_each(lead_inside);
        all
    })
});

/// The credentials that a provider's ways to sign in take; each way is a member of `anyOf`.
pub(crate) fn credentials_schema(provider: Provider, method: ConnectionMethod) -> Value {
    let ways = provider.sign_ins(method);
    let counts = |name: &str| ways.iter().any(|way| way.names().any(|one| one == name));
    let properties = only(&CREDENTIALS, counts);
    let ways: Vec<_> = ways.iter().map(|way| json!({"title": way.title, "required": way.needs})).collect();
    json!({"$schema": DIALECT, "type": "object", "properties": properties, "anyOf": ways})
}

/// The settings that count for a provider reached by a method.
pub(crate) fn settings_schema(provider: Provider, method: ConnectionMethod) -> Value {
    let [all, definitions] = &*SETTINGS;
    let (own, elsewhere) = (provider.own_settings(method), Provider::PARTICULAR_SETTINGS);
    let properties = only(all, |name| own.contains(&name) || !elsewhere.contains(&name));
    let mut wanted = BTreeSet::new();
    properties.values().for_each(|property| refer(property, definitions, &mut wanted));
    let definitions = only(definitions, |name| wanted.contains(name));
    json!({"$schema": DIALECT, "type": "object", "properties": properties, "$defs": definitions})
}

fn only(all: &Map<String, Value>, counts: impl Fn(&str) -> bool) -> Map<String, Value> {
    let kept = all.iter().filter(|(name, _)| counts(name));
    kept.map(|(name, schema)| (name.clone(), schema.clone())).collect()
}

/// Adds the names of the definitions that a schema refers to, and those that they refer to.
fn refer<'a>(schema: &'a Value, definitions: &'a Map<String, Value>, names: &mut BTreeSet<&'a str>) {
    match schema {
        Value::Object(members) => {
            let name =
                members.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix(DEFINITIONS));
            if let Some((name, definition)) = name.and_then(|name| Some((name, definitions.get(name)?)))
                && names.insert(name)
            {
                refer(definition, definitions, names);
            }
            members.values().for_each(|member| refer(member, definitions, names));
        }
        Value::Array(items) => items.iter().for_each(|item| refer(item, definitions, names)),
        _ => {}
    }
}

/// Turns references into the API's document into those to the definitions beside them.
fn lead_inside(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref") {
                *reference = reference.replace("#/components/schemas/", DEFINITIONS);
            }
            members.values_mut().for_each(lead_inside);
        }
        Value::Array(items) => items.iter_mut().for_each(lead_inside),
        _ => {}
    }
}

/// Puts what a secret is in the place of the reference to it, which leads nowhere outside the API's document.
fn tell_secret(property: &mut Value) {
    let Some(reference) = property.pointer("/oneOf/0").filter(|one| one.get("$ref").is_some()) else {
        return;
    };
    let description = reference.get("description").cloned();
    *property = written(SecretInput::schema());
    if let (Value::Object(property), Some(description)) = (property, description) {
        property.insert("description".to_owned(), description);
    }
}

fn properties(schema: RefOr<Schema>) -> Map<String, Value> {
    match written(schema) {
        Value::Object(mut schema) => match schema.remove("properties") {
            Some(Value::Object(properties)) => properties,
            _ => Map::new(),
        },
        _ => Map::new(),
    }
}

fn written(schema: RefOr<Schema>) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}
