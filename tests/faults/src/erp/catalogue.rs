//! What the ERP has: records that change, come and go, and the memory of every content they ever had.

use std::collections::BTreeMap;
use std::fmt;

use fastrand::Rng;
use jiff::{Timestamp, Unit};
use serde_json::{Value, json};

use crate::plan::Plan;

/// The category that the config leaves out.
pub(crate) const LEFT_OUT: &str = "left out";

/// What of a record is compared.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) name: String,
    pub(crate) description: String,
    /// When it became so.
    pub(crate) modified_at: Timestamp,
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} bytes of text", self.name, self.description.len())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    /// It has no name that could be its key.
    Broken,
    Filtered,
}

#[derive(Debug, Clone)]
struct Article {
    sku: String,
    kind: Kind,
    /// Every content it had, the present one last.
    contents: Vec<Content>,
    gone: bool,
}

/// The catalogue, in the order of its keys: what is new comes last.
#[derive(Debug)]
pub(crate) struct Catalogue {
    articles: Vec<Article>,
    text: usize,
    broken: u32,
    filtered: u32,
    rng: Rng,
}

impl Catalogue {
    pub(crate) fn new(plan: &Plan, rng: Rng) -> Self {
        let Plan { text, broken, filtered, records, .. } = *plan;
        let mut catalogue = Self { articles: Vec::new(), text, broken, filtered, rng };
        (0..records).for_each(|_| catalogue.append());
        catalogue
    }

    /// Some time passes between two runs: records change, come and go.
    pub(crate) fn pass_time(&mut self) {
        let (changed, new) = (self.rng.u32(..30), self.rng.u32(..20));
        (0..changed).for_each(|_| self.change());
        (0..new).for_each(|_| self.append());
        for position in 0..self.articles.len() {
            let gone = self.articles[position].gone;
            self.articles[position].gone = if gone { self.rng.u32(..3) > 0 } else { self.rng.u32(..25) == 0 };
            if gone {
                self.articles[position].touch();
            }
        }
    }

    /// Some time passes while somebody reads: records change and are mended, and new ones come at the end.
    pub(crate) fn pass_moment(&mut self) {
        match self.rng.u32(..5) {
            0 | 1 => self.change(),
            2 => self.append(),
            3 => self.mend(),
            _ => {}
        }
    }

    /// Somebody gives a record the name it lacked.
    fn mend(&mut self) {
        if let Some(article) = self.articles.iter_mut().find(|article| article.kind == Kind::Broken) {
            article.kind = Kind::Good;
            article.touch();
        }
    }

    fn append(&mut self) {
        let number = self.articles.len();
        let kind = match self.rng.u32(..100) {
            chance if chance < self.broken => Kind::Broken,
            chance if chance < self.broken + self.filtered => Kind::Filtered,
            _ => Kind::Good,
        };
        let contents = vec![self.content(number, 1)];
        self.articles.push(Article { sku: format!("SKU-{number:05}"), kind, contents, gone: false });
    }

    fn change(&mut self) {
        let number = self.rng.usize(..self.articles.len().max(1));
        let revision = self.articles.get(number).map_or(1, |article| article.contents.len() + 1);
        let content = self.content(number, revision);
        if let Some(article) = self.articles.get_mut(number) {
            article.contents.push(content);
        }
    }

    fn content(&mut self, number: usize, revision: usize) -> Content {
        let length = self.rng.usize(1..=self.text);
        let description = (0..length).map(|_| self.rng.alphanumeric()).collect();
        Content { name: format!("Product {number}, revision {revision}"), description, modified_at: now() }
    }

    fn present(&self) -> impl Iterator<Item = &Article> {
        self.articles.iter().filter(|article| !article.gone)
    }

    fn good(&self) -> impl Iterator<Item = &Article> {
        self.present().filter(|article| article.kind == Kind::Good)
    }

    /// How many records it has of any kind, that cannot be read, and that are left out.
    pub(crate) fn size(&self) -> Size {
        let of = |kind| self.present().filter(|article| article.kind == kind).count() as u64;
        Size { all: self.present().count() as u64, broken: of(Kind::Broken), filtered: of(Kind::Filtered) }
    }

    /// What a perfect copy holds now.
    pub(crate) fn contents(&self) -> BTreeMap<String, Content> {
        self.good().map(|article| (article.sku.clone(), article.now().clone())).collect()
    }

    /// Whether a record had this content ever, and how many it had before. Records that are gone had theirs.
    pub(crate) fn revision(&self, sku: &str, content: &Content) -> Option<usize> {
        let article =
            self.articles.iter().find(|article| article.sku == sku && article.kind == Kind::Good)?;
        article.contents.iter().rposition(|had| had == content)
    }

    /// How many contents each record had so far.
    pub(crate) fn revisions(&self) -> BTreeMap<String, usize> {
        self.good().map(|article| (article.sku.clone(), article.contents.len())).collect()
    }

    /// The records that changed at or after `since`, as they are served.
    pub(crate) fn served(&self, since: Option<i64>) -> Vec<Value> {
        let changed = |article: &&Article| {
            since.is_none_or(|since| article.now().modified_at.as_millisecond() >= since)
        };
        self.present().filter(changed).map(Article::served).collect()
    }
}

/// How many records there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) all: u64,
    pub(crate) broken: u64,
    pub(crate) filtered: u64,
}

impl Article {
    fn now(&self) -> &Content {
        self.contents.last().unwrap()
    }

    /// It is as it was, and the ERP says that it changed.
    fn touch(&mut self) {
        self.contents.push(Content { modified_at: now(), ..self.now().clone() });
    }

    fn served(&self) -> Value {
        let Content { name, description, modified_at } = self.now();
        let mut body = json!({
            "name": name, "description": description, "modifiedAt": modified_at, "password": "hidden",
        });
        let (key, value) = match self.kind {
            Kind::Good => ("sku", &*self.sku),
            Kind::Broken => ("unknown", &*self.sku),
            Kind::Filtered => ("category", LEFT_OUT),
        };
        body[key] = value.into();
        if self.kind == Kind::Filtered {
            body["sku"] = self.sku.as_str().into();
        }
        body
    }
}

/// The time as the ERP tells it: to the millisecond.
fn now() -> Timestamp {
    Timestamp::now().round(Unit::Millisecond).unwrap()
}
