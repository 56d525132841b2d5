//! One function of the template.

use serde_json::Value;

use crate::{Policy, Template};

/// A function.
#[derive(Debug, Clone, Copy)]
pub struct Function<'t> {
    template: &'t Template,
    /// Its name in the template.
    pub name: &'t str,
}

/// A route of the HTTP API that leads to a function.
#[derive(Debug, Clone, Copy)]
pub struct Event<'t> {
    /// Its name in the template.
    pub name: &'t str,
    /// In capitals; `ANY` for all that no other route names.
    pub method: &'t str,
    /// `$default` for all that no other route leads to.
    pub path: &'t str,
}

impl Event<'_> {
    /// The path as the API's document writes it: there no parameter says that it may hold slashes.
    #[must_use]
    pub fn documented_path(&self) -> String {
        self.path.replace("+}", "}")
    }
}

impl<'t> Function<'t> {
    pub(crate) const fn new(template: &'t Template, name: &'t str) -> Self {
        Self { template, name }
    }

    /// Its folder under `functions/`, which is also the name of its program.
    #[must_use]
    pub fn folder(&self) -> &'t str {
        let built = &self.template.resource(self.name)["Metadata"]["BuildProperties"];
        built["Binary"].as_str().unwrap_or_default()
    }

    /// A property: its own, or else what all functions share.
    #[must_use]
    pub fn property(&self, name: &str) -> &'t Value {
        match &self.template.resource(self.name)["Properties"][name] {
            Value::Null => &self.template.shared()[name],
            own => own,
        }
    }

    /// The routes that lead to it.
    pub fn events(&self) -> impl Iterator<Item = Event<'t>> + use<'t> {
        let events = self.property("Events").as_object().into_iter().flatten();
        events.filter(|(_, event)| event["Type"] == "HttpApi").map(|(name, event)| Event {
            name,
            method: event["Properties"]["Method"].as_str().unwrap_or("ANY"),
            path: event["Properties"]["Path"].as_str().unwrap_or("$default"),
        })
    }

    /// What it may do: by its own statements, and by the policies it shares with others.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let attached = self.property("Policies").as_array().into_iter().flatten();
        Policy::of(attached.flat_map(|policy| self.statements(policy)))
    }

    fn statements(&self, policy: &'t Value) -> impl Iterator<Item = &'t Value> + use<'t> {
        let shared = policy.as_str().map(|reference| reference.trim_matches(['$', '{', '}']));
        let document = match shared {
            Some(name) => &self.template.resource(name)["Properties"]["PolicyDocument"],
            None => policy,
        };
        document["Statement"].as_array().into_iter().flatten()
    }
}
