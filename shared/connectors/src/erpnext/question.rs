//! What is asked of a list of theirs: the arguments of `frappe.client.get_list`. Pure.

use serde::Serialize;
use serde_json::{Value, json};

/// A question; without more it asks for everything there is, by name.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Question {
    /// The kind of document.
    pub(super) doctype: &'static str,
    /// For rows of a table within documents: the kind of these, whose permissions count.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'static str>,
    fields: Vec<String>,
    filters: Vec<Value>,
    order_by: &'static str,
    /// 0 for all; without it they give 20.
    limit_page_length: u32,
}

impl Question {
    /// Asks for documents with all their fields.
    pub(super) fn of(doctype: &'static str) -> Self {
        let (fields, filters) = (vec!["*".to_owned()], Vec::new());
        Self { doctype, parent: None, fields, filters, order_by: "name asc", limit_page_length: 0 }
    }

    /// Asks for the rows of a table within documents, which their lists leave out.
    pub(super) fn of_rows(doctype: &'static str, parent: &'static str) -> Self {
        // `idx` counts the rows of one document.
        Self { parent: Some(parent), order_by: "parent asc, idx asc", ..Self::of(doctype) }
    }

    /// The same, for these fields only.
    pub(super) fn with_fields(mut self, fields: &[&str]) -> Self {
        self.fields = fields.iter().map(|field| (*field).to_owned()).collect();
        self
    }

    /// The same, for those that meet one more condition.
    pub(super) fn only(mut self, field: &str, operator: &str, value: impl Into<Value>) -> Self {
        let value: Value = value.into();
        self.filters.push(json!([field, operator, value]));
        self
    }

    /// The same, for those of the company, if there is one.
    pub(super) fn of_company(self, company: Option<&str>) -> Self {
        match company {
            Some(company) => self.only("company", "=", company),
            None => self,
        }
    }

    /// The same, for so many at most.
    pub(super) fn at_most(self, limit: u32) -> Self {
        Self { limit_page_length: limit, ..self }
    }
}
