//! One call of a method of a model, as both protocols can send it. Pure; values are JSON texts, so that no amount passes
//! through a float.

use domain::json::Kind;
use serde_json::{Map, Value, json};

/// A call.
#[derive(Debug, Clone)]
pub(super) struct Call<'c> {
    pub(super) model: &'c str,
    pub(super) method: &'static str,
    /// What goes before the named arguments, the records or the values of new ones; the name is that of JSON-2.
    pub(super) first: Option<(&'static str, String)>,
    /// The other arguments.
    pub(super) named: Vec<(&'static str, String)>,
    /// What the call alone is made in, beside what all are.
    pub(super) context: Map<String, Value>,
    /// What comes of it; anything if it does not matter.
    pub(super) expects: Option<Kind>,
}

impl<'c> Call<'c> {
    fn new(model: &'c str, method: &'static str, expects: Option<Kind>) -> Self {
        Self { model, method, first: None, named: Vec::new(), context: Map::new(), expects }
    }

    fn with(mut self, name: &'static str, value: &Value) -> Self {
        self.named.push((name, value.to_string()));
        self
    }

    /// Who asks, and in which language and time zone they live.
    pub(super) fn who_am_i() -> Self {
        Self::new("res.users", "context_get", Some(Kind::Object))
    }

    /// The fields of a model, and of what type each is.
    pub(super) fn fields_of(model: &'c str) -> Self {
        let types = json!(["type", "relation"]);
        Self::new(model, "fields_get", Some(Kind::Object)).with("attributes", &types)
    }

    /// The records that meet a condition, by their numbers; at most so many.
    pub(super) fn search(model: &'c str, domain: &Value, fields: &[&str], limit: Option<u32>) -> Self {
        let call = Self::new(model, "search_read", Some(Kind::Array))
            .with("domain", domain)
            .with("fields", &json!(fields))
            .with("order", &json!("id asc"));
        match limit {
            Some(limit) => call.with("limit", &json!(limit)),
            None => call,
        }
    }

    /// Makes a record of these values.
    pub(super) fn create(model: &'c str, values: &str) -> Self {
        let first = Some(("vals_list", format!("[{values}]")));
        Self { first, ..Self::new(model, "create", Some(Kind::Array)) }
    }

    /// Changes a record.
    pub(super) fn write(model: &'c str, id: i64, values: String) -> Self {
        Self { named: vec![("vals", values)], ..Self::on(model, "write", id) }
    }

    /// Has a record do something.
    pub(super) fn on(model: &'c str, method: &'static str, id: i64) -> Self {
        let first = Some(("ids", format!("[{id}]")));
        Self { first, ..Self::new(model, method, None) }
    }

    /// The same, made in something more.
    pub(super) fn within(mut self, name: &str, value: Value) -> Self {
        self.context.insert(name.to_owned(), value);
        self
    }

    /// The named arguments as an object, `before` them, and what the call is made in.
    pub(super) fn arguments(
        &self,
        before: Option<&(&'static str, String)>,
        common: &Map<String, Value>,
    ) -> String {
        let mut context = common.clone();
        context.extend(self.context.clone());
        let context = ("context", Value::Object(context).to_string());
        let all = before.into_iter().chain(&self.named).chain([&context]);
        let members: Vec<_> = all.map(|(name, json)| format!("\"{name}\":{json}")).collect();
        format!("{{{}}}", members.join(","))
    }
}
