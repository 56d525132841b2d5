//! All that shapes records on their way: the mapping, the transformations and the filters of a sync config, of a
//! template, or of one of them with an assignment's own laid over.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::drift::SchemaPolicy;
use super::{FieldMapping, Filters, Transformation, check, check_filters, check_transformations};
use crate::data_type::DataType;
use crate::validation::Checks;

/// Most bytes the transformations, or the filters, may have: a sync config must fit into one item of the table.
const MAX_PROGRAM_BYTES: usize = 64 * 1024;

/// Most bytes the rules of one assignment may have in all: it must fit into one item of the table.
const MAX_ASSIGNMENT_BYTES: usize = 256 * 1024;

/// What shapes the records of one data type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Which of their fields each of ours is taken from.
    pub field_mapping: FieldMapping,
    /// What is done to single fields on their way, in order.
    pub transformations: Vec<Transformation>,
    /// Which of their records are taken.
    pub filters: Filters,
    /// What becomes of fields that we do not know.
    pub schema_policy: SchemaPolicy,
    /// Which of their records are deleted there; by the usual names if left out.
    pub deleted_when: Option<Filters>,
}

impl Rules {
    /// Checks what can be wrong against the fields of a data type.
    pub fn check(&self, data_type: DataType, checks: &mut Checks) {
        check_rules(data_type, &self.field_mapping, &self.transformations, &self.filters, checks);
    }
}

/// Checks mapping, transformations and filters against the fields of a data type.
pub(crate) fn check_rules(
    data_type: DataType,
    field_mapping: &FieldMapping,
    transformations: &[Transformation],
    filters: &Filters,
    checks: &mut Checks,
) {
    check(data_type, field_mapping, checks);
    check_transformations(data_type, transformations, checks);
    check_filters("filters", filters, checks);
    let fits = |bytes: Option<usize>| bytes.is_some_and(|bytes| bytes <= MAX_PROGRAM_BYTES);
    checks.require(fits(size(transformations)), "transformations", "must be at most 64 KB in all");
    checks.require(fits(size(filters)), "filters", "must be at most 64 KB in all");
}

fn size(part: &(impl Serialize + ?Sized)) -> Option<usize> {
    serde_json::to_vec(part).ok().map(|text| text.len())
}

/// Rules of an assignment's own for one data type, laid over those of the sync config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"dataType": "products", "fieldMapping": {"price": "prices.retail"},
    "filters": {"channel": "retail"}}))]
pub struct RulesOverride {
    /// The kind of record.
    pub data_type: DataType,
    /// Entries that take the place of the sync config's entries of the same name; its others stay.
    #[serde(default, skip_serializing_if = "FieldMapping::is_empty")]
    #[schema(value_type = HashMap<String, Option<String>>, required = false)]
    pub field_mapping: FieldMapping,
    /// Takes the place of the sync config's transformations; they stay if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transformations: Option<Vec<Transformation>>,
    /// Takes the place of the sync config's filters; they stay if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<HashMap<String, Object>>)]
    pub filters: Option<Filters>,
}

impl RulesOverride {
    /// Lays itself over `rules`.
    #[must_use]
    pub fn over(&self, mut rules: Rules) -> Rules {
        let entries = self.field_mapping.iter().map(|(target, source)| (target.clone(), source.clone()));
        rules.field_mapping.extend(entries);
        if let Some(transformations) = &self.transformations {
            rules.transformations.clone_from(transformations);
        }
        if let Some(filters) = &self.filters {
            rules.filters.clone_from(filters);
        }
        rules
    }

    fn check(&self, checks: &mut Checks) {
        self.over(Rules::default()).check(self.data_type, checks);
    }
}

/// Checks the overrides of one assignment, as the field `overrides` of a request.
pub fn check_overrides(overrides: &[RulesOverride], checks: &mut Checks) {
    for (position, one) in overrides.iter().enumerate() {
        let at = format!("overrides.{position}");
        if overrides[..position].iter().any(|other| other.data_type == one.data_type) {
            let message = format!("must be given once: {} has overrides above", one.data_type);
            checks.fail(format!("{at}.dataType"), message);
        }
        checks.within(&at, |checks| one.check(checks));
    }
    let fits = size(overrides).is_some_and(|bytes| bytes <= MAX_ASSIGNMENT_BYTES);
    checks.require(fits, "overrides", "must be at most 256 KB in all");
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(overrides: Value) -> Vec<RulesOverride> {
        serde_json::from_value(overrides).unwrap()
    }

    fn refused(overrides: Value) -> Vec<String> {
        let mut checks = Checks::default();
        check_overrides(&read(overrides), &mut checks);
        let errors = checks.finish().err().map(|invalid| invalid.0).unwrap_or_default();
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn mapping_entries_are_laid_over_and_the_rest_is_replaced_if_given() {
        let theirs = |name: &str| Some(name.to_owned());
        let config = Rules {
            field_mapping: [("sku".to_owned(), theirs("id")), ("price".to_owned(), theirs("net"))].into(),
            transformations: serde_json::from_value(json!([{"field": "name", "operation": "trim"}])).unwrap(),
            filters: [("blocked".to_owned(), json!(false))].into(),
            schema_policy: SchemaPolicy::Evolve,
            deleted_when: None,
        };
        let some = read(json!([{"dataType": "products", "fieldMapping": {"price": "gross", "name": null}}]));
        let laid = some[0].over(config.clone());
        let mapping = [
            ("name".to_owned(), None),
            ("price".to_owned(), theirs("gross")),
            ("sku".to_owned(), theirs("id")),
        ];
        assert_eq!(laid, Rules { field_mapping: mapping.into(), ..config.clone() });

        let none = read(json!([{"dataType": "products", "transformations": [], "filters": {}}]));
        let laid = none[0].over(config.clone());
        let Rules { field_mapping, schema_policy, .. } = config;
        assert_eq!(laid, Rules { field_mapping, schema_policy, ..Rules::default() });
    }

    #[test]
    fn what_cannot_work_is_named_by_its_place() {
        let overrides = json!([
            {"dataType": "products", "fieldMapping": {"colour": "c"}},
            {"dataType": "orders", "transformations": [{"field": "name", "operation": "trim"}]},
            {"dataType": "products", "filters": {"price": {"like": 1}}},
        ]);
        let fields = [
            "overrides.0.fieldMapping.colour",
            "overrides.1.transformations.0.field",
            "overrides.2.dataType",
            "overrides.2.filters.price.like",
        ];
        assert_eq!(refused(overrides), fields);
    }

    #[test]
    fn overrides_that_would_not_fit_into_the_table_are_refused() {
        let filters = json!({"name": {"in": vec!["x".repeat(1_000); 60]}});
        let types = ["orders", "products", "order_status", "inventory", "invoices"];
        let many: Vec<_> = types.iter().map(|one| json!({"dataType": one, "filters": filters})).collect();
        assert_eq!(refused(json!(many)), ["overrides"]);
        assert!(refused(json!(many[..4])).is_empty());
    }
}
