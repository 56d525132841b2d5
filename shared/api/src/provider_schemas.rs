//! JSON Schemas (2020-12) of a provider's credentials and settings, cut from the types that requests are read into.

use domain::connection::{ConnectionMethod, ConnectionSettings, CredentialsOf, Provider, SecretInput};
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The credentials that a provider's ways to sign in take; each way is a member of `anyOf`.
pub(crate) fn credentials_schema(provider: Provider, method: ConnectionMethod) -> Value {
    let ways = provider.sign_ins(method);
    let mut properties = properties(CredentialsOf::<SecretInput>::schema());
    properties.retain(|name, _| ways.iter().any(|way| way.names().any(|one| one == name)));
    properties.values_mut().for_each(tell_secret);
    let ways: Vec<_> = ways.iter().map(|way| json!({"title": way.title, "required": way.needs})).collect();
    json!({"$schema": DIALECT, "type": "object", "properties": properties, "anyOf": ways})
}

/// The settings that count for a provider reached by a method.
pub(crate) fn settings_schema(provider: Provider, method: ConnectionMethod) -> Value {
    let mut properties = properties(ConnectionSettings::schema());
    let (own, elsewhere) = (provider.own_settings(method), Provider::PARTICULAR_SETTINGS);
    properties.retain(|name, _| own.contains(&name.as_str()) || !elsewhere.contains(&name.as_str()));
    let mut schemas = Vec::new();
    ConnectionSettings::schemas(&mut schemas);
    let definitions: Map<_, _> = schemas.into_iter().map(|(name, schema)| (name, written(schema))).collect();
    let schema =
        json!({"$schema": DIALECT, "type": "object", "properties": properties, "$defs": definitions});
    let text = schema.to_string().replace("#/components/schemas/", "#/$defs/");
    serde_json::from_str(&text).unwrap_or(schema)
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
