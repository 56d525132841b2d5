//! What the placeholders of an XML template may name, and what they stand for.

use std::borrow::Cow;

use crate::json::{Json, Kind};
use crate::records::FieldKind;
use crate::template::Outgoing;
use crate::template::placeholder::{Placeholder, Scope};

/// The connection's company, which every template may name.
const COMPANY: &str = "company";

/// What a template that asks for a page may name beside it.
const QUERY: [&str; 5] = ["since", "page", "offset", "cursor", "pageSize"];

/// What fills a template in.
#[derive(Debug, Clone, Copy)]
pub enum XmlValues<'a> {
    /// A record on its way to an ERP.
    Record(&'a Outgoing<'a>),
    /// What a page is asked for by.
    Query(&'a Query<'a>),
}

/// What a page of records is asked for by.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<'a> {
    /// `{{since}}`: what changed since then, as the ERP wants it written.
    pub since: Option<&'a str>,
    /// `{{page}}`
    pub page: Option<u64>,
    /// `{{offset}}`
    pub offset: Option<u64>,
    /// `{{cursor}}`: as the page before gave it.
    pub cursor: Option<&'a str>,
    /// `{{pageSize}}`
    pub page_size: u64,
}

/// The names that are known where a placeholder stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Vocabulary {
    Record(Scope),
    Query,
}

/// A name that stands for something.
#[derive(Debug, Clone)]
pub(super) enum Name {
    Company,
    Query(&'static str),
    Record(Placeholder),
}

impl Vocabulary {
    /// The name of a single value.
    pub(super) fn value(self, name: &str) -> Result<Name, String> {
        let named = self.named(name)?;
        match &named {
            Name::Record(placeholder) if !placeholder.is_scalar() => Err(format!(
                "{name} is no single value: name one of its fields, or put {{{{#{name}}}}}…{{{{/{name}}}}} around what \
                 stands for it"
            )),
            _ => Ok(named),
        }
    }

    /// The name of a section, and the names that are known inside.
    pub(super) fn section(self, name: &str) -> Result<(Name, Self), String> {
        let named = self.named(name)?;
        let inside = match (named.list(), self) {
            (Some(_), Self::Record(Scope { item: Some(_), .. })) => {
                return Err(format!("{name} is a list, and cannot stand inside another one"));
            }
            (Some(fields), Self::Record(scope)) => Self::Record(Scope { item: Some(fields), ..scope }),
            _ => self,
        };
        Ok((named, inside))
    }

    fn named(self, name: &str) -> Result<Name, String> {
        match self {
            _ if name == COMPANY => Ok(Name::Company),
            Self::Record(scope) => Placeholder::parse(scope, name).map(Name::Record),
            Self::Query => {
                let known = QUERY.into_iter().find(|known| *known == name).map(Name::Query);
                known.ok_or_else(|| format!("{name} is unknown here: use {COMPANY}, {}", QUERY.join(", ")))
            }
        }
    }
}

impl Name {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Company => COMPANY,
            Self::Query(name) => name,
            Self::Record(placeholder) => &placeholder.name,
        }
    }

    /// The fields of its items, if it is a list.
    fn list(&self) -> Option<&'static [crate::records::Field]> {
        match self {
            Self::Record(Placeholder { kind: Some(FieldKind::List(fields)), .. }) => Some(fields),
            _ => None,
        }
    }
}

/// What a template is filled in with, at one place in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filling<'a> {
    pub(super) values: XmlValues<'a>,
    pub(super) company: Option<&'a str>,
    /// The item of a list, inside a section.
    pub(super) item: Option<Json<'a>>,
}

impl<'a> Filling<'a> {
    /// What a name of a single value stands for, if there is something.
    pub(super) fn text(&self, name: &Name) -> Option<Cow<'a, str>> {
        match (name, self.values) {
            (Name::Company, _) => self.company.map(Cow::Borrowed),
            (Name::Record(placeholder), XmlValues::Record(outgoing)) => {
                placeholder.value(outgoing, self.item)?.text()
            }
            (Name::Query(name), XmlValues::Query(query)) => of_query(name, query),
            _ => None,
        }
    }

    /// What a section is written for: each item of a list; for anything else once, if it is there.
    pub(super) fn sections(&self, name: &Name) -> Vec<Self> {
        match (name, self.values) {
            (Name::Record(placeholder), XmlValues::Record(outgoing)) if name.list().is_some() => {
                let list = outgoing.field(&placeholder.name).filter(|list| list.kind() == Kind::Array);
                let items = list.map(Json::items).unwrap_or_default();
                items.into_iter().map(|item| Self { item: Some(item), ..*self }).collect()
            }
            (Name::Record(placeholder), XmlValues::Record(outgoing)) => {
                placeholder.value(outgoing, self.item).map(|_| *self).into_iter().collect()
            }
            _ => self.text(name).map(|_| *self).into_iter().collect(),
        }
    }
}

fn of_query<'a>(name: &str, query: &Query<'a>) -> Option<Cow<'a, str>> {
    let number = |number: u64| Cow::Owned(number.to_string());
    match name {
        "since" => query.since.map(Cow::Borrowed),
        "page" => query.page.map(number),
        "offset" => query.offset.map(number),
        "cursor" => query.cursor.map(Cow::Borrowed),
        _ => Some(number(query.page_size)),
    }
}
