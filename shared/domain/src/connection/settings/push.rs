//! How to send records to an HTTP API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::api::check_headers;
use crate::data_type::DataType;
use crate::template::{BodyTemplate, PathTemplate, placeholder_exists};
use crate::validation::Checks;

/// How records of one type are sent. Everything has a default: a new record is posted to the path of its data type, a
/// changed one put to `/{key}` below it, and a deleted one deleted there, under the names that `fieldMapping` gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PushSettings {
    /// How a new record is sent; `POST` to the path of the data type if left out.
    pub create: PushRequest,
    /// How a changed record is sent; `PUT` to `/{key}` below that path if left out.
    pub update: PushRequest,
    /// How a record is deleted; `DELETE` of `/{key}` below that path, without a body, if left out.
    pub delete: PushRequest,
    /// How a record is found by our reference, when nobody knows whether the ERP took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup: Option<PushLookup>,
    /// Where an answer has the record's key, as a dotted path; found as in records that are read if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "id")]
    pub id_path: Option<String>,
    /// Whether the ERP heeds the `Idempotency-Key` header: then what may have been taken is sent again rather than
    /// looked up, and a `409` means that it is still being worked on.
    pub idempotent: bool,
    /// Fields without which a new or changed record is not sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// How decimals are written.
    pub numbers: NumberForm,
}

/// One request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PushRequest {
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<PushMethod>,
    /// The path under `apiUrl`, with a query if need be. `{key}`, `{reference}` and fields such as `{orderNumber}` are
    /// filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/sales-orders/{key}")]
    pub path: Option<String>,
    /// The body: JSON in which a string `"{{field}}"` becomes the field's value, and
    /// `{"$each": "lines", "item": {…}}` a list. What a record does not have is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<serde_json::Value>,
    /// More headers to send. Not for secrets: they are stored and shown as they are.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// A method that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum PushMethod {
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

/// How a record is found by our reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushLookup {
    /// The path under `apiUrl`, in which `{reference}` is filled in. The answer is a record or a list of some; only one
    /// that holds the reference counts.
    #[schema(example = "/sales-orders?externalId={reference}")]
    pub path: String,
    /// Where the records are in the answer, as a dotted path; found by itself if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records_path: Option<String>,
}

/// How decimals are written. No digit is lost either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NumberForm {
    /// As numbers: `12.50`
    #[default]
    Number,
    /// As texts: `"12.50"`
    Text,
}

impl PushSettings {
    pub(super) fn check(&self, data_type: DataType, checks: &mut Checks) {
        let at = format!("settings.api.push.{data_type}");
        for (name, request) in [("create", &self.create), ("update", &self.update), ("delete", &self.delete)]
        {
            request.check(data_type, &format!("{at}.{name}"), checks);
        }
        if let Some(lookup) = &self.lookup {
            lookup.check(data_type, &format!("{at}.lookup"), checks);
        }
        if let Some(path) = &self.id_path {
            check_dotted(path, &format!("{at}.idPath"), checks);
        }
        for (position, field) in self.requires.iter().enumerate() {
            if let Err(message) = placeholder_exists(data_type, field) {
                checks.fail(format!("{at}.requires.{position}"), message);
            }
        }
    }
}

impl PushRequest {
    fn check(&self, data_type: DataType, at: &str, checks: &mut Checks) {
        if let Some(Err(message)) = self.path.as_deref().map(|path| PathTemplate::parse(data_type, path)) {
            checks.fail(format!("{at}.path"), message);
        }
        if let Some(body) = &self.body {
            check_body(data_type, body, at, checks);
        }
        check_headers(&self.headers, &format!("{at}.headers"), checks);
    }
}

impl PushLookup {
    fn check(&self, data_type: DataType, at: &str, checks: &mut Checks) {
        let field = format!("{at}.path");
        match PathTemplate::parse(data_type, &self.path) {
            Ok(path) => checks.require(
                path.asks_for("reference") && path.asks_only_for("reference"),
                &field,
                "must hold {reference}, and no other placeholder: nothing else is known when it is asked",
            ),
            Err(message) => checks.fail(field, message),
        }
        if let Some(path) = &self.records_path {
            check_dotted(path, &format!("{at}.recordsPath"), checks);
        }
    }
}

/// Checks a template for a body; `at` is where it stands.
pub(super) fn check_body(data_type: DataType, body: &serde_json::Value, at: &str, checks: &mut Checks) {
    for error in BodyTemplate::parse(data_type, body).err().unwrap_or_default() {
        let inside = if error.field.is_empty() { String::new() } else { format!(".{}", error.field) };
        checks.fail(format!("{at}.body{inside}"), error.message);
    }
}

fn check_dotted(path: &str, field: &str, checks: &mut Checks) {
    checks.require(
        !path.is_empty() && path.len() <= 1024 && !path.chars().any(char::is_control),
        field,
        "must be a dotted path of 1 to 1024 characters",
    );
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::connection::{ConnectionSettings, wrong};

    /// What is wrong with `push`, each with its field.
    fn wrong(push: Value) -> Vec<String> {
        wrong::texts(wrong::settings(json!({"api": {"push": push}})))
    }

    #[test]
    fn settings_that_fit_are_accepted_and_come_back_as_they_were() {
        let push = json!({"orders": {
            "create": {"method": "POST", "path": "/so?run=1", "headers": {"Prefer": "return=minimal"}, "body": {
                "ref": "{{reference}}", "rows": {"$each": "lines", "item": {"sku": "{{sku}}", "of": "{{$.orderNumber}}"}}
            }},
            "update": {"method": "PATCH", "path": "/so/{key}"},
            "delete": {},
            "lookup": {"path": "/so?ref={reference}", "recordsPath": "d.results"},
            "idPath": "d.id", "idempotent": true, "requires": ["customerId", "shippingAddress.city"], "numbers": "text"
        }});
        assert_eq!(wrong(push.clone()), Vec::<String>::new());
        let settings: ConnectionSettings = serde_json::from_value(json!({"api": {"push": push}})).unwrap();
        assert_eq!(serde_json::to_value(&settings).unwrap()["api"]["push"], push);
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_field() {
        let found = wrong(json!({
            "orders": {
                "create": {"path": "so", "body": {"a": {"b": "{{colour}}"}}, "headers": {"Idempotency-Key": "1"}},
                "update": {"path": "/so/{lines}"},
                "delete": {"path": "/so/{key", "body": 7},
                "lookup": {"path": "/so/{orderNumber}", "recordsPath": ""},
                "requires": ["sku"],
            },
            "products": {"lookup": {"path": "/p"}, "idPath": ""},
        }));
        let begins = [
            "settings.api.push.orders.create.path must begin with /",
            "settings.api.push.orders.create.body.a.b colour is no field of orders",
            "settings.api.push.orders.create.headers must not hold",
            "settings.api.push.orders.update.path lines is no single value",
            "settings.api.push.orders.delete.path has { without }",
            "settings.api.push.orders.delete.body must be a JSON object or list",
            "settings.api.push.orders.lookup.path must hold {reference}",
            "settings.api.push.orders.lookup.recordsPath must be a dotted path",
            "settings.api.push.orders.requires.0 sku is no field of orders",
            "settings.api.push.products.lookup.path must hold {reference}",
            "settings.api.push.products.idPath must be a dotted path",
        ];
        for begin in begins {
            assert!(found.iter().any(|error| error.starts_with(begin)), "{begin}: {found:#?}");
        }
        assert_eq!(found.len(), begins.len(), "{found:#?}");
    }
}
