//! Walking through a model by id: the next page begins behind the last id, so that records that come or go meanwhile
//! push none over the edge of a page.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use domain::json::{self, Json, Kind, separate, write_member};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use transport::ErpError;

use super::client::Tryton;
use super::config::misconfigured;
use super::mapping::{Children, Entity, entity, progress};
use super::rpc::{Rpc, search_read, text};
use super::values::moment;
use crate::rest::{Batch, Source, Step};
use crate::{Pull, offers_changes};

/// The most ids in one condition.
const MOST_IDS: usize = 1_000;

/// The stamps of a record; the first is null until it is changed for the first time.
const STAMPS: [&str; 2] = ["write_date", "create_date"];

/// The records of one data type, in each view one after the other.
#[derive(Debug)]
pub(super) struct List {
    rpc: Arc<Rpc>,
    entity: &'static Entity,
    /// What is read, and what each is called in ours where that differs.
    fields: Vec<String>,
    renamed: Vec<(&'static str, &'static str)>,
    /// When a record was changed.
    stamps: Vec<String>,
    views: Vec<View>,
    page_size: u32,
    since: Option<Timestamp>,
}

/// A way to look at the records.
#[derive(Debug)]
struct View {
    context: Map<String, Value>,
    /// What is added to each record.
    members: Map<String, Value>,
}

impl List {
    pub(super) async fn new(erp: &Tryton, pull: &Pull) -> Result<Self, ErpError> {
        let (rpc, entity) = (Arc::clone(&erp.rpc), entity(pull.data_type));
        let views = match pull.data_type {
            DataType::Inventory => stock_views(&rpc, &erp.settings.locations).await?,
            DataType::Products => {
                let currency = rpc.company().await?.currency.clone();
                vec![view(json!({}), json!({"currency": currency}))]
            }
            _ => vec![view(json!({}), json!({}))],
        };
        let renamed = there_are(&rpc, entity).await?;
        let stays = |name: &&str| renamed.iter().all(|(_, replaced)| replaced != name);
        let mut fields: Vec<String> =
            entity.fields.iter().copied().filter(stays).map(str::to_owned).collect();
        fields.extend(renamed.iter().map(|(name, _)| (*name).to_owned()));
        let stamps = stamps(entity.stamped);
        fields.extend(stamps.iter().cloned());
        let since = pull.since.filter(|_| offers_changes(super::OFFERS, pull.data_type));
        Ok(Self { rpc, entity, fields, renamed, stamps, views, page_size: pull.page_size, since })
    }

    fn condition(&self, company: i64, after: i64) -> Value {
        let mut all = (self.entity.conditions)(company);
        all.push(json!(["id", ">", after]));
        if let Some(since) = self.since {
            let ways = [self.entity.stamped, self.entity.also_changed_by].concat();
            let changed = stamps(&ways).into_iter().map(|stamp| json!([stamp, ">=", moment(since)]));
            all.push(std::iter::once(json!("OR")).chain(changed).collect());
        }
        Value::Array(all)
    }

    /// The children of all records of a page, by their ids.
    async fn children(
        &self,
        children: &Children,
        rows: &[Json<'_>],
    ) -> Result<HashMap<String, String>, ErpError> {
        let lists = rows.iter().filter_map(|row| row.get(children.name));
        let ids: Vec<i64> = lists.flat_map(Json::items).filter_map(|id| id.text().parse().ok()).collect();
        let fields: Vec<&str> = children.fields.iter().map(|(theirs, _)| *theirs).collect();
        let mut found = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(MOST_IDS) {
            let mut condition = vec![json!(["id", "in", ids])];
            condition.extend(children.condition.map(|condition| condition()));
            let arguments = vec![json!(condition), json!(0), Value::Null, Value::Null, json!(fields)];
            let told = self.rpc.ask_within(&search_read(children.model), arguments, &Map::new()).await?;
            for row in list(&told, children.model)? {
                let id = row.get("id").map(|id| id.text().to_owned()).unwrap_or_default();
                found.insert(id, child(row, children));
            }
        }
        Ok(found)
    }

    /// The records as they are handed on.
    async fn records(&self, view: &View, rows: &[Json<'_>]) -> Result<String, ErpError> {
        let mut children = Vec::with_capacity(self.entity.children.len());
        for kind in self.entity.children {
            children.push((kind.name, self.children(kind, rows).await?));
        }
        let mut out = String::from("[");
        for row in rows {
            separate(&mut out);
            self.write_record(view, *row, &children, &mut out);
        }
        out.push(']');
        Ok(out)
    }

    fn write_record(
        &self,
        view: &View,
        row: Json<'_>,
        children: &[(&str, HashMap<String, String>)],
        out: &mut String,
    ) {
        let members = row.members();
        let text = |name: &str| {
            members.iter().find(|(member, _)| member == name).and_then(|(_, value)| value.as_string())
        };
        out.push('{');
        let mut write = |name: &str, value: &str| write_member(name, value, out);
        for (name, value) in members.iter().filter(|(name, _)| name != STAMPS[0]) {
            let renamed = self.renamed.iter().find(|(theirs, _)| theirs == name).map(|(_, ours)| *ours);
            match children.iter().find(|(child, _)| child == name) {
                Some((_, found)) => write(name, &listed(*value, found)),
                None => write(renamed.unwrap_or(name), value.text()),
            }
        }
        // All stamps are of one form: the greatest is the latest.
        if let Some(latest) = self.stamps.iter().filter_map(|stamp| text(stamp)).max() {
            write(STAMPS[0], &json::string(&latest));
        }
        if let Some((name, word)) =
            text("shipment_state").and_then(|shipments| progress(&text("state")?, &shipments))
        {
            write(name, &json::string(&word));
        }
        for (name, value) in &view.members {
            write(name, &value.to_string());
        }
        out.push('}');
    }
}

#[async_trait]
impl Source for List {
    async fn batch(&self, step: &Step) -> Result<Batch, ErpError> {
        let (number, after) = place_of(step);
        let Some(view) = self.views.get(number) else { return Ok(Batch::empty()) };
        let condition = self.condition(self.rpc.company().await?.id, after);
        let order = json!([["id", "ASC"]]);
        let arguments = vec![condition, json!(0), json!(self.page_size), order, json!(self.fields)];
        let told = self.rpc.ask_within(&search_read(self.entity.model), arguments, &view.context).await?;
        let rows = list(&told, self.entity.model)?;
        let last = rows.last().and_then(|row| row.get("id")).map(|id| id.text().to_owned());
        let next = match last {
            Some(last) if rows.len() >= self.page_size as usize => Some((number, last)),
            _ => Some((number + 1, "0".to_owned())).filter(|(next, _)| *next < self.views.len()),
        };
        let next = next.map(|(number, after)| Step::Cursor(number.to_string(), after));
        Batch::written(self.records(view, &rows).await?, next)
    }

    fn is_whole(&self) -> bool {
        self.since.is_none()
    }
}

/// Which view, and behind which id.
fn place_of(step: &Step) -> (usize, i64) {
    match step {
        Step::Cursor(view, after) => (view.parse().unwrap_or(usize::MAX), after.parse().unwrap_or(0)),
        _ => (0, 0),
    }
}

/// The stamps of what these ways lead to.
fn stamps(ways: &[&str]) -> Vec<String> {
    ways.iter().flat_map(|way| STAMPS.map(|stamp| format!("{way}{stamp}"))).collect()
}

fn list<'a>(text: &'a str, model: &str) -> Result<Vec<Json<'a>>, ErpError> {
    let json = Json::written(text);
    (json.kind() == Kind::Array)
        .then(|| json.items())
        .ok_or_else(|| ErpError::Malformed(format!("Tryton answered without a list of {model}")))
}

/// A child under the names that ours have.
fn child(row: Json<'_>, children: &Children) -> String {
    let mut out = String::from("{");
    let members = row.members();
    for (theirs, ours) in children.fields {
        if let Some((_, value)) = members.iter().find(|(name, _)| name == theirs) {
            write_member(ours, value.text(), &mut out);
        }
    }
    out.push('}');
    out
}

/// The children with these ids, as a list, in their order.
fn listed(ids: Json<'_>, found: &HashMap<String, String>) -> String {
    let there: Vec<&str> =
        ids.items().iter().filter_map(|id| found.get(id.text())).map(String::as_str).collect();
    format!("[{}]", there.join(","))
}

/// The fields that are read in the place of others, where the server has them.
async fn there_are(rpc: &Rpc, entity: &Entity) -> Result<Vec<(&'static str, &'static str)>, ErpError> {
    if entity.instead.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = entity.instead.iter().map(|(name, _)| *name).collect();
    let method = format!("{}.fields_get", entity.model);
    let there = rpc.ask_within(&method, vec![json!(names)], &Map::new()).await?;
    let there = Json::parse(there.as_bytes()).map(Json::members).unwrap_or_default();
    let is_there = |name: &str| there.iter().any(|(member, _)| member == name);
    Ok(entity.instead.iter().copied().filter(|(name, _)| is_there(name)).collect())
}

/// A view for each location: those of the connection, else the storage zone of each warehouse, under its name.
async fn stock_views(rpc: &Rpc, wanted: &[String]) -> Result<Vec<View>, ErpError> {
    let mut locations: Vec<(i64, String)> = Vec::new();
    if wanted.is_empty() {
        let fields = ["code", "name", "storage_location"];
        for warehouse in rpc.find("stock.location", json!([["type", "=", "warehouse"]]), &fields).await? {
            let storage = warehouse.get("storage_location").and_then(Value::as_i64);
            locations.extend(storage.map(|id| (id, label(&warehouse))));
        }
    }
    for (position, name) in wanted.iter().enumerate() {
        let condition = json!(["OR", ["code", "=", name], ["name", "=", name]]);
        let found = rpc.find("stock.location", condition, &["code", "name"]).await?;
        let [location] = &found[..] else {
            let count = found.len();
            return Err(misconfigured(&format!(
                "settings.tryton.locations.{position} is {name}, and {count} locations have that code or name: it must be one"
            )));
        };
        let id = location.get("id").and_then(Value::as_i64).unwrap_or_default();
        locations.push((id, label(location)));
    }
    if let Some((_, twice)) = locations
        .iter()
        .enumerate()
        .find_map(|(position, (_, label))| locations[..position].iter().find(|(_, other)| other == label))
    {
        return Err(misconfigured(&format!(
            "locations are to be told apart, and two are called {twice}: give them codes"
        )));
    }
    let view = |(id, label): (i64, String)| {
        view(json!({"locations": [id], "with_childs": true}), json!({"location": label}))
    };
    Ok(locations.into_iter().map(view).collect())
}

/// What a location is called: its code, else its name.
fn label(location: &Map<String, Value>) -> String {
    let code = text(location, "code");
    if code.is_empty() { text(location, "name") } else { code }
}

fn view(context: Value, members: Value) -> View {
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    View { context: object(context), members: object(members) }
}
