//! Order XML: its dialect, and who speaks to whom in it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::data_type::DataType;
use crate::template::XmlTemplate;
use crate::validation::Checks;

/// Most characters of a name or an identity.
const LONGEST_NAME: usize = 255;

/// How order XML is written and read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DoiSettings {
    /// What documents are written in. A connection without one can be tested, but sends nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialect: Option<DoiDialect>,
    /// cXML: whether documents are meant or only tried out.
    pub deployment_mode: DeploymentMode,
    /// Who orders. cXML needs it; in UBL it identifies the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<DoiIdentity>,
    /// Who is to deliver. cXML needs it; in UBL it identifies the seller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<DoiIdentity>,
    /// cXML: who signs in, with `doiSharedSecret`; `from` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<DoiIdentity>,
    /// The buyer's name; the order's own customer if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Northwind Traders")]
    pub buyer_name: Option<String>,
    /// The seller's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Acme Supplies")]
    pub seller_name: Option<String>,
    /// The unit of lines that name none, by its code in UN/ECE Recommendation 20.
    pub unit: String,
    /// cXML: the language that names and descriptions are written in.
    pub language: String,
    /// cXML: the classification of every line, which the standard asks for.
    pub classification: DoiClassification,
    /// UBL: the profile's customization, such as Peppol's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customization_id: Option<String>,
    /// UBL: the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_id: Option<String>,
    /// `dialect: template`: the documents.
    pub template: DoiTemplate,
}

/// A dialect of order XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DoiDialect {
    /// cXML 1.2.
    Cxml,
    /// UBL 2.1, which every later 2.x reads.
    Ubl,
    /// A template of the user's own.
    Template,
}

/// cXML: whether a document is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentMode {
    /// It is.
    #[default]
    Production,
    /// It is only tried out.
    Test,
}

/// A party, by a name that is unique within a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DoiIdentity {
    /// The domain: `NetworkID`, `DUNS`, or in UBL a scheme such as `0088`.
    #[schema(example = "NetworkID")]
    pub domain: String,
    /// The name within it.
    #[schema(example = "AN01000000001")]
    pub identity: String,
}

/// What kind of goods a line is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DoiClassification {
    /// The list the code is of, such as `UNSPSC`.
    pub domain: String,
    /// The code.
    pub code: String,
}

/// Documents of the user's own: XML in which `{{field}}` becomes a field's value, and
/// `{{#lines}}…{{/lines}}` is written once for each line, or once if the record has such a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DoiTemplate {
    /// The document that makes an order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "<order id=\"{{orderNumber}}\">{{#lines}}<line sku=\"{{sku}}\"/>{{/lines}}</order>")]
    pub create: Option<String>,
    /// The document that changes one; orders cannot be changed if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<String>,
    /// The document that takes one back; orders cannot be deleted if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<String>,
    /// Whether the ERP takes a document that comes twice for one, as by `{{idempotencyKey}}` in it. If not, a person
    /// has to find out what became of an order that was sent and not answered.
    pub idempotent: bool,
}

impl Default for DoiSettings {
    fn default() -> Self {
        Self {
            dialect: None,
            deployment_mode: DeploymentMode::default(),
            from: None,
            to: None,
            sender: None,
            buyer_name: None,
            seller_name: None,
            unit: "EA".to_owned(),
            language: "en".to_owned(),
            classification: DoiClassification::default(),
            customization_id: None,
            profile_id: None,
            template: DoiTemplate::default(),
        }
    }
}

impl Default for DoiClassification {
    fn default() -> Self {
        Self { domain: "custom".to_owned(), code: "0".to_owned() }
    }
}

impl DoiSettings {
    pub(super) fn check(&self, checks: &mut Checks) {
        self.check_texts(checks);
        match self.dialect {
            Some(DoiDialect::Cxml) => {
                let why = "is needed: settings.doi.dialect is cxml";
                checks.require(self.from.is_some(), "settings.doi.from", why);
                checks.require(self.to.is_some(), "settings.doi.to", why);
            }
            Some(DoiDialect::Ubl) => checks.require(
                self.seller_name.is_some() || self.to.is_some(),
                "settings.doi.sellerName",
                "is needed, or to instead: settings.doi.dialect is ubl",
            ),
            Some(DoiDialect::Template) => checks.require(
                self.template.create.is_some(),
                "settings.doi.template.create",
                "is needed: settings.doi.dialect is template",
            ),
            None => {}
        }
        self.template.check(checks);
    }

    fn check_texts(&self, checks: &mut Checks) {
        let mut texts = vec![
            ("unit", self.unit.as_str()),
            ("language", &self.language),
            ("classification.domain", &self.classification.domain),
            ("classification.code", &self.classification.code),
        ];
        for (name, party) in [("from", &self.from), ("to", &self.to), ("sender", &self.sender)] {
            let Some(party) = party else { continue };
            texts.push((name, &party.domain));
            texts.push((name, &party.identity));
        }
        let optional = [
            ("buyerName", &self.buyer_name),
            ("sellerName", &self.seller_name),
            ("customizationId", &self.customization_id),
            ("profileId", &self.profile_id),
        ];
        texts.extend(optional.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?))));
        for (name, text) in texts {
            let fits = !text.trim().is_empty() && text.chars().count() <= LONGEST_NAME;
            checks.require(
                fits && !text.chars().any(char::is_control),
                &format!("settings.doi.{name}"),
                "must be 1 to 255 characters without control characters",
            );
        }
    }
}

impl DoiTemplate {
    fn check(&self, checks: &mut Checks) {
        for (name, text) in [("create", &self.create), ("update", &self.update), ("delete", &self.delete)] {
            let Some(Err(message)) =
                text.as_deref().map(|text| XmlTemplate::of_record(DataType::Orders, text))
            else {
                continue;
            };
            checks.fail(format!("settings.doi.template.{name}"), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::connection::wrong;

    /// What is wrong with `doi`, each with its field.
    fn wrong(doi: Value) -> Vec<String> {
        wrong::texts(wrong::settings(json!({"doi": doi})))
    }

    #[test]
    fn each_dialect_says_what_it_needs() {
        assert_eq!(wrong(json!({})), Vec::<String>::new());
        let missing = [
            ("cxml", vec!["settings.doi.from is needed", "settings.doi.to is needed"]),
            ("ubl", vec!["settings.doi.sellerName is needed"]),
            ("template", vec!["settings.doi.template.create is needed"]),
        ];
        for (dialect, begins) in missing {
            let found = wrong(json!({"dialect": dialect}));
            assert_eq!(found.len(), begins.len(), "{found:?}");
            assert!(found.iter().zip(begins).all(|(found, begin)| found.starts_with(begin)), "{found:?}");
        }
        let party = json!({"domain": "DUNS", "identity": "1"});
        assert_eq!(wrong(json!({"dialect": "cxml", "from": party, "to": party})), Vec::<String>::new());
    }

    #[test]
    fn a_template_that_makes_no_xml_is_refused_with_its_field() {
        let found = wrong(json!({
            "dialect": "template", "unit": "",
            "template": {"create": "<a>{{colour}}</a>", "update": "<a>{{#lines}}<b></a>{{/lines}}", "delete": "x"},
        }));
        let begins = [
            "settings.doi.unit must be 1 to 255",
            "settings.doi.template.create colour is no field of orders",
            "settings.doi.template.update is no well-formed XML",
            "settings.doi.template.delete must be one XML element",
        ];
        assert_eq!(found.len(), begins.len(), "{found:#?}");
        assert!(found.iter().zip(begins).all(|(found, begin)| found.starts_with(begin)), "{found:#?}");
    }
}
