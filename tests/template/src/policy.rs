//! Statements of IAM, as far as the template uses them: what is not listed here is refused by [`Statement::read`], so that
//! no statement can mean more to AWS than it does to the tests.

use serde_json::{Value, json};

use crate::Request;

/// The condition by which a statement is bound to items of the table.
const LEADING_KEYS: &str = "dynamodb:LeadingKeys";

/// What a function may do.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Each grants something; none takes anything away.
    pub statements: Vec<Statement>,
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Such as `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// ARNs, as the template writes them.
    pub resources: Vec<String>,
    /// Patterns of partition keys; `None` if the statement asks for none.
    pub leading_keys: Option<Vec<String>>,
}

impl Policy {
    /// Reads statements.
    ///
    /// # Panics
    /// As [`Statement::read`].
    pub(crate) fn of<'s>(statements: impl Iterator<Item = &'s Value>) -> Self {
        Self { statements: statements.map(Statement::read).collect() }
    }

    /// Whether it grants a request, all of it.
    #[must_use]
    pub fn allows(&self, request: &Request) -> bool {
        self.statements.iter().any(|statement| statement.allows(request))
    }
}

impl Statement {
    /// Reads a statement.
    ///
    /// # Panics
    /// If it has a form that the template does not use so far.
    #[must_use]
    #[expect(clippy::panic, reason = "a test that cannot judge a statement ends")]
    pub fn read(statement: &Value) -> Self {
        let known = ["Effect", "Action", "Resource", "Condition"];
        let members = statement.as_object().into_iter().flatten();
        let unknown = members.map(|(name, _)| name.as_str()).find(|name| !known.contains(name));
        if unknown.is_some() || statement["Effect"] != "Allow" {
            panic!("the tests cannot judge this statement: {statement}");
        }
        Self {
            actions: texts(&statement["Action"]),
            resources: texts(&statement["Resource"]),
            leading_keys: leading_keys(&statement["Condition"]),
        }
    }

    /// As IAM decides: the statement must name the action and the resource, and each key must match one of its patterns.
    #[must_use]
    pub fn allows(&self, request: &Request) -> bool {
        let key_fits = |key: &String| {
            self.leading_keys
                .as_ref()
                .is_none_or(|patterns| patterns.iter().any(|pattern| is_like(key, pattern)))
        };
        self.actions.contains(&request.action)
            && self.resources.contains(&request.resource)
            && request.leading_keys.iter().all(key_fits)
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    }
}

#[expect(clippy::panic, reason = "a test that cannot judge a condition ends")]
fn leading_keys(condition: &Value) -> Option<Vec<String>> {
    // The vault names this context at each use of the key.
    let for_data_key = json!({"StringEquals": {"kms:EncryptionContext:causeway": "data_key"}});
    if condition.is_null() || *condition == for_data_key {
        return None;
    }
    let patterns = texts(&condition["ForAllValues:StringLike"][LEADING_KEYS]);
    if patterns.is_empty() || condition.as_object().is_none_or(|tests| tests.len() != 1) {
        panic!("the tests cannot judge this condition: {condition}");
    }
    Some(patterns)
}

/// `StringLike`, with a `*` at the end only.
fn is_like(key: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => key.starts_with(beginning),
        None => key == pattern,
    }
}
