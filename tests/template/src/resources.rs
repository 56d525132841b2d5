//! The template as a whole.

use serde_json::Value;

use crate::Function;
use crate::yaml::plain;

/// The template that is deployed.
#[derive(Debug, Clone)]
pub struct Template {
    document: Value,
}

impl Default for Template {
    /// `infra/template.yaml`, as it was when this was compiled.
    fn default() -> Self {
        Self::read(include_str!("../../../infra/template.yaml"))
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Panics
    /// If the text is no YAML.
    #[must_use]
    #[expect(clippy::panic, reason = "a test that cannot read the template ends")]
    pub fn read(text: &str) -> Self {
        match yaml_serde::from_str(text) {
            Ok(document) => Self { document: plain(document) },
            Err(error) => panic!("the template is no YAML: {error}"),
        }
    }

    /// Everything of a kind such as `AWS::SQS::Queue`: names and properties.
    pub fn all<'t>(&'t self, kind: &'t str) -> impl Iterator<Item = (&'t str, &'t Value)> {
        let resources = self.document["Resources"].as_object();
        let of_kind = resources.into_iter().flatten().filter(move |(_, resource)| resource["Type"] == kind);
        of_kind.map(|(name, resource)| (name.as_str(), &resource["Properties"]))
    }

    /// A resource by its name, with its type.
    #[must_use]
    pub fn resource(&self, name: &str) -> &Value {
        &self.document["Resources"][name]
    }

    /// What all functions share.
    #[must_use]
    pub fn shared(&self) -> &Value {
        &self.document["Globals"]["Function"]
    }

    /// Every function.
    pub fn functions(&self) -> impl Iterator<Item = Function<'_>> {
        self.all("AWS::Serverless::Function").map(|(name, _)| Function::new(self, name))
    }

    /// The function of a folder, if there is one.
    #[must_use]
    pub fn function(&self, folder: &str) -> Option<Function<'_>> {
        self.functions().find(|function| function.folder() == folder)
    }

    /// The function that answers `method` at a path of the API's document, as API Gateway picks it: a route that names
    /// the method goes before one for any, and what no route leads to goes to the function that takes the rest.
    #[must_use]
    pub fn answers(&self, method: &str, path: &str) -> Option<Function<'_>> {
        let by = |method: &str, path: &str| {
            self.functions().find(|function| {
                function.events().any(|event| event.method == method && event.documented_path() == path)
            })
        };
        by(method, path).or_else(|| by("ANY", path)).or_else(|| by("ANY", "$default"))
    }
}
