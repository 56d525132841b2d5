//! The operations of a SOAP service: what is sent, and where its answers have what.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::connection::MomentFormat;
use crate::data_type::DataType;
use crate::template::XmlTemplate;
use crate::validation::Checks;

/// How records of one type are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SoapRead {
    /// The action, as the WSDL has it; empty if left out.
    #[serde(default)]
    #[schema(example = "urn:erp/GetProducts")]
    pub soap_action: String,
    /// What stands in the Body: one XML element, in which `{{since}}`, `{{page}}`, `{{offset}}`, `{{cursor}}`,
    /// `{{pageSize}}` and `{{company}}` are filled in. An element whose value is not there is left out.
    #[schema(example = "<e:GetProducts xmlns:e=\"urn:erp\"><e:Since>{{since}}</e:Since></e:GetProducts>")]
    pub body: String,
    /// Where the records are: the elements from the Body down to the one that repeats, without prefixes.
    #[schema(example = "GetProductsResponse.Products.Product")]
    pub record_path: String,
    /// How `{{since}}` is written.
    #[serde(default)]
    pub since_format: MomentFormat,
    /// How the next page is asked for.
    #[serde(default)]
    pub paging: SoapPaging,
    /// What in an answer means that the service refused, fault or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<SoapSign>,
}

/// How the next page of records is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SoapPaging {
    /// By what it is asked for.
    pub style: SoapPagingStyle,
    /// `page`: the number of the first page; 1 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_page: Option<u32>,
    /// `cursor`: the element that holds the cursor of the next page, from the Body down. Where it is empty or missing,
    /// the page was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "GetProductsResponse.NextToken")]
    pub cursor_path: Option<String>,
    /// The element that tells how many records there are in all, from the Body down.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "GetProductsResponse.TotalCount")]
    pub total_path: Option<String>,
}

/// By what the next page is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoapPagingStyle {
    /// Everything comes in one answer.
    #[default]
    None,
    /// `{{page}}`: its number, until a page is empty or shorter than the first, or the total is reached.
    Page,
    /// `{{offset}}`: the number of records before it, until the same.
    Offset,
    /// `{{cursor}}`: what the page before gave; left out for the first.
    Cursor,
}

/// A sign in an answer: an element that means something by being there, or by what it holds. In a fault it is found
/// under `Fault`, as in `Fault.detail.OrderRefused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SoapSign {
    /// The element or attribute, from the Body down.
    #[schema(example = "CreateOrderResponse.Status")]
    pub path: String,
    /// What it holds then. If left out, it is enough that it is there with a text in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Where it is told in words, from the Body down; in the same place if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "CreateOrderResponse.Message")]
    pub words_path: Option<String>,
}

/// How records of one type are sent. What is left out is not done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SoapPush {
    /// How a new record is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create: Option<SoapCall>,
    /// How a changed record is sent; `{{key}}` is its key at the ERP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update: Option<SoapCall>,
    /// How a record is deleted; `{{key}}` is its key at the ERP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<SoapCall>,
    /// How a record is found by our reference, when nobody knows whether the ERP took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub find: Option<SoapFind>,
}

/// An operation that changes something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SoapCall {
    /// The action, as the WSDL has it; empty if left out.
    #[serde(default)]
    #[schema(example = "urn:erp/CreateOrder")]
    pub soap_action: String,
    /// What stands in the Body: one XML element, in which `{{key}}`, `{{reference}}`, `{{idempotencyKey}}`,
    /// `{{company}}` and the record's fields are filled in; `{{#lines}}…{{/lines}}` comes once for each line.
    pub body: String,
    /// `create`: where the answer has the record's key, from the Body down. An answer without it is taken for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "CreateOrderResponse.OrderNumber")]
    pub key_path: Option<String>,
    /// What in an answer means that the service refused, fault or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<SoapSign>,
}

/// An operation that looks for a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SoapFind {
    /// The action, as the WSDL has it; empty if left out.
    #[serde(default)]
    #[schema(example = "urn:erp/FindOrders")]
    pub soap_action: String,
    /// What stands in the Body: one XML element with `{{reference}}` in it, and `{{company}}` if need be.
    pub body: String,
    /// Where the records are, from the Body down. Only one that holds the reference counts.
    #[schema(example = "FindOrdersResponse.Orders.Order")]
    pub record_path: String,
    /// Where a record has its key, from the record down.
    #[schema(example = "OrderNumber")]
    pub key_path: String,
    /// What in an answer means that the service refused, fault or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<SoapSign>,
    /// What in an answer means that there is no such record, where the service takes that for a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_found: Option<SoapSign>,
}

impl SoapRead {
    pub(super) fn check(&self, checks: &mut Checks) {
        check_action(&self.soap_action, checks);
        check_path(&self.record_path, "recordPath", checks);
        for (path, name) in [(&self.paging.cursor_path, "cursorPath"), (&self.paging.total_path, "totalPath")]
        {
            if let Some(path) = path {
                check_path(path, &format!("paging.{name}"), checks);
            }
        }
        checks.require(
            self.paging.style != SoapPagingStyle::Cursor || self.paging.cursor_path.is_some(),
            "paging.cursorPath",
            "is needed: paging.style is cursor",
        );
        self.refusal.iter().for_each(|refusal| refusal.check("refusal", checks));
        let placeholder = match self.paging.style {
            SoapPagingStyle::None => None,
            SoapPagingStyle::Page => Some("page"),
            SoapPagingStyle::Offset => Some("offset"),
            SoapPagingStyle::Cursor => Some("cursor"),
        };
        match XmlTemplate::of_query(&self.body) {
            Err(message) => checks.fail("body", message),
            Ok(body) => {
                if let Some(name) = placeholder.filter(|name| !body.asks_for(name)) {
                    let message = format!("must hold {{{{{name}}}}}: the next page is asked for by it");
                    checks.fail("body", message);
                }
            }
        }
    }
}

impl SoapSign {
    fn check(&self, name: &str, checks: &mut Checks) {
        check_path(&self.path, &format!("{name}.path"), checks);
        if let Some(path) = &self.words_path {
            check_path(path, &format!("{name}.wordsPath"), checks);
        }
    }
}

impl SoapPush {
    pub(super) fn check(&self, data_type: DataType, checks: &mut Checks) {
        for (name, call) in [("create", &self.create), ("update", &self.update), ("delete", &self.delete)] {
            if let Some(call) = call {
                checks.within(name, |checks| call.check(data_type, checks));
            }
        }
        if let Some(find) = &self.find {
            checks.within("find", |checks| find.check(data_type, checks));
        }
    }
}

impl SoapCall {
    fn check(&self, data_type: DataType, checks: &mut Checks) {
        check_action(&self.soap_action, checks);
        if let Some(path) = &self.key_path {
            check_path(path, "keyPath", checks);
        }
        self.refusal.iter().for_each(|refusal| refusal.check("refusal", checks));
        if let Err(message) = XmlTemplate::of_record(data_type, &self.body) {
            checks.fail("body", message);
        }
    }
}

impl SoapFind {
    fn check(&self, data_type: DataType, checks: &mut Checks) {
        check_action(&self.soap_action, checks);
        check_path(&self.record_path, "recordPath", checks);
        check_path(&self.key_path, "keyPath", checks);
        self.refusal.iter().for_each(|refusal| refusal.check("refusal", checks));
        self.not_found.iter().for_each(|sign| sign.check("notFound", checks));
        match XmlTemplate::of_record(data_type, &self.body) {
            Ok(body) => checks.require(
                body.asks_for("reference") && body.asks_only_for(&["reference", "company"]),
                "body",
                "must hold {{reference}}, and no other placeholder but {{company}}: nothing else is known when it is \
                 asked",
            ),
            Err(message) => checks.fail("body", message),
        }
    }
}

fn check_action(action: &str, checks: &mut Checks) {
    checks.require(
        action.len() <= 2048
            && action.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte)),
        "soapAction",
        "must be an action without quotes, spaces and control characters, as the WSDL has it",
    );
}

fn check_path(path: &str, field: &str, checks: &mut Checks) {
    let plain = |c: char| c.is_alphanumeric() || "-_".contains(c);
    checks.require(
        path.len() <= 1024 && path.split('.').all(|step| !step.is_empty() && step.chars().all(plain)),
        field,
        "must be names of elements joined by dots, without prefixes, such as GetProductsResponse.Products.Product",
    );
}
