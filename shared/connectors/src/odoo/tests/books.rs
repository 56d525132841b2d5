//! A database of Odoo that keeps its rules, whatever the protocol: it knows its models and refuses what they do not
//! have, hides what is archived, tells moments to the second and keeps them to the microsecond, and takes orders for
//! contacts and products that there are.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Map, Value, json};

use super::domain;
use super::models::{Field, MODELS, RENAMED};
use crate::conformance::Asked;

/// A call as both protocols bring it.
pub(super) struct Called {
    pub(super) model: String,
    pub(super) method: String,
    pub(super) ids: Vec<i64>,
    pub(super) named: Map<String, Value>,
    pub(super) context: Map<String, Value>,
}

/// A mistake: its name and a sentence.
pub(super) type Mistake = (&'static str, String);

/// The database.
pub(super) struct Books {
    /// Whether it is Odoo 19.
    pub(super) is_new: bool,
    /// Its records, with numbers where there are links.
    pub(super) records: Mutex<BTreeMap<String, Vec<Value>>>,
    /// The requests that came, as they were.
    seen: Mutex<Vec<String>>,
}

impl Books {
    /// A shop with a customer, a product that no pull lists, and what goes with them.
    pub(super) fn new(is_new: bool) -> Self {
        let books = Self { is_new, records: Mutex::default(), seen: Mutex::default() };
        let pound = json!({"id": 2, "name": "GBP"});
        books.put("res.currency", json!([{"id": 1, "name": "EUR"}, pound]));
        books.put("res.country", json!([{"id": 231, "name": "United Kingdom", "code": "GB"}]));
        books.put("uom.uom", json!([{"id": 1, "name": "Units"}]));
        books.put("product.category", json!([{"id": 1, "name": "Goods"}]));
        books.put("res.company", json!([{"id": 1, "name": "Main"}, {"id": 3, "name": "Branch"}]));
        let lists = json!([{"id": 4, "name": "Euro", "currency_id": 1}, {"id": 5, "name": "Pound", "currency_id": 2}]);
        books.put("product.pricelist", lists);
        books.put(
            "stock.warehouse",
            json!([{"id": 1, "name": "Main", "code": "WH"}, {"id": 2, "name": "Shop", "code": "SH"}]),
        );
        books.put("res.partner", json!([
            {"id": 7, "name": "Jane Ltd", "ref": "C-1", "email": "jane@example.com", "street": "2 Low St", "city": "Leeds",
                "zip": "LS1", "country_id": 231, "country_code": "GB", "property_product_pricelist": 5, "currency_id": 1},
            {"id": 8, "name": "Blocked Ltd", "ref": "C-2", "property_product_pricelist": 5, "currency_id": 1},
        ]));
        let unlisted = json!({"id": 9001, "default_code": "SKU-1", "name": "Chai", "unlisted": true});
        books.put("product.product", json!([unlisted]));
        books
    }

    pub(super) fn see(&self, asked: &Asked) {
        self.seen.lock().unwrap().push(format!("{} {}\n{}", asked.method, asked.path, asked.body));
    }

    /// What came that holds a text, since the last time.
    pub(super) fn took(&self, part: &str) -> Vec<String> {
        let mut seen = std::mem::take(&mut *self.seen.lock().unwrap());
        seen.retain(|request| request.contains(part));
        seen
    }

    /// Adds records.
    pub(super) fn put(&self, model: &str, records: Value) {
        let mut all = self.records.lock().unwrap();
        all.entry(model.to_owned()).or_default().extend(records.as_array().unwrap().clone());
    }

    /// A record.
    pub(super) fn get(&self, model: &str, id: i64) -> Value {
        let all = self.records.lock().unwrap();
        all[model].iter().find(|record| record["id"] == id).unwrap().clone()
    }

    fn fields(&self, model: &str) -> Option<Vec<Field>> {
        let (_, told) = MODELS.iter().find(|(name, _)| *name == model)?;
        let field = |told: &'static str| {
            let mut parts = told.split(':');
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap_or_default())
        };
        let mut fields: Vec<Field> = told.split_whitespace().map(field).collect();
        fields.extend([("id", "integer", ""), ("write_date", "datetime", "")]);
        let renamed = RENAMED.iter().filter(|(of, ..)| *of == model);
        fields.extend(renamed.map(|(_, new, old)| if self.is_new { *new } else { *old }));
        Some(fields)
    }

    /// Does what is asked.
    pub(super) fn call(&self, called: &Called) -> Result<Value, Mistake> {
        let Called { model, method, ids, named, .. } = called;
        if (model.as_str(), method.as_str()) == ("res.users", "context_get") {
            return Ok(json!({"lang": "en_US", "tz": "UTC", "uid": 2}));
        }
        let fields = self.fields(model);
        let fields = fields
            .ok_or_else(|| ("werkzeug.exceptions.NotFound", format!("the model '{model}' does not exist")))?;
        let takes: &[&str] = match method.as_str() {
            "search_read" => &["domain", "fields", "offset", "limit", "order"],
            "fields_get" => &["allfields", "attributes"],
            "create" => &["vals_list"],
            "write" => &["vals"],
            "unlink" | "action_confirm" | "action_cancel" => &[],
            _ => return Err(("werkzeug.exceptions.NotFound", format!("'{model}' has no method '{method}'"))),
        };
        if let Some(odd) = named.keys().find(|name| !takes.contains(&name.as_str())) {
            let why = format!("got an unexpected keyword argument '{odd}'");
            return Err(("werkzeug.exceptions.UnprocessableEntity", why));
        }
        if !ids.is_empty() && matches!(method.as_str(), "search_read" | "fields_get" | "create") {
            let why = format!("cannot call {model}.{method} with ids");
            return Err(("werkzeug.exceptions.UnprocessableEntity", why));
        }
        match method.as_str() {
            "fields_get" => {
                let told = |(name, kind, relation): &Field| match *relation {
                    "" => ((*name).to_owned(), json!({"type": kind})),
                    relation => ((*name).to_owned(), json!({"type": kind, "relation": relation})),
                };
                Ok(Value::Object(fields.iter().map(told).collect()))
            }
            "search_read" => self.search(called, &fields),
            "create" => named["vals_list"]
                .as_array()
                .unwrap()
                .iter()
                .map(|values| self.create(model, values))
                .collect(),
            _ => ids
                .iter()
                .map(|id| self.change(model, method, *id, named))
                .collect::<Result<Vec<_>, _>>()
                .map(|_| true.into()),
        }
    }

    fn search(&self, called: &Called, fields: &[Field]) -> Result<Value, Mistake> {
        let Called { model, named, .. } = called;
        let wanted: Vec<&str> =
            named["fields"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        if let Some(odd) = wanted.iter().find(|name| fields.iter().all(|field| field.0 != **name)) {
            return Err(invalid(&format!("Invalid field '{odd}' on '{model}'")));
        }
        if named.get("order").is_some_and(|order| order != "id asc") {
            return Err(invalid("Invalid \"order\" specified"));
        }
        let condition = named["domain"].as_array().unwrap();
        let lists_all = condition.iter().any(|leaf| leaf[0] == "id" && leaf[1] == ">");
        let with_archived = called.context.get("active_test") == Some(&json!(false));
        let records = self.records.lock().unwrap();
        let mut found = Vec::new();
        for record in records.get(model).into_iter().flatten() {
            let hidden =
                (record["active"] == false && !with_archived) || (lists_all && record["unlisted"] == true);
            if domain::holds(self, &records, model, condition, record)? && !hidden {
                found.push(record);
            }
        }
        found.sort_by_key(|record| record["id"].as_i64());
        let limit =
            named.get("limit").map_or(usize::MAX, |limit| usize::try_from(limit.as_u64().unwrap()).unwrap());
        let shown = |record: &&Value| {
            let asked = fields.iter().filter(|field| field.0 == "id" || wanted.contains(&field.0));
            let value = |field: &Field| (field.0.to_owned(), shown(&records, record, field, &called.context));
            Value::Object(asked.map(value).collect())
        };
        Ok(found.iter().take(limit).map(shown).collect())
    }

    /// What a path of field names leads to, as fields.
    pub(super) fn field_at(&self, model: &str, name: &str) -> Option<Field> {
        self.fields(model)?.into_iter().find(|field| field.0 == name)
    }

    fn check(&self, model: &str, values: &Value) -> Result<(), Mistake> {
        for (name, value) in values.as_object().unwrap() {
            let field = self.field_at(model, name);
            let Some((_, kind, relation)) = field else {
                return Err(invalid(&format!("Invalid field '{name}' in '{model}'")));
            };
            let records = self.records.lock().unwrap();
            let is_there = |id: &Value| records[relation].iter().any(|record| record["id"] == *id);
            match kind {
                "many2one" if !is_there(value) => {
                    return Err((
                        "odoo.exceptions.MissingError",
                        format!("Record does not exist or has been deleted. ({relation})"),
                    ));
                }
                "datetime" if !domain::is_moment(value.as_str().unwrap()) => {
                    return Err(invalid(&format!(
                        "time data '{value}' does not match format '%Y-%m-%d %H:%M:%S'"
                    )));
                }
                "float" if !value.is_number() => return Err(invalid("could not convert string to float")),
                _ => {}
            }
        }
        Ok(())
    }

    fn create(&self, model: &str, values: &Value) -> Result<Value, Mistake> {
        self.check(model, values)?;
        let mut record = values.clone();
        let id = self.records.lock().unwrap().values().map(Vec::len).sum::<usize>() + 100;
        record["id"] = id.into();
        record["write_date"] = "2026-11-21 10:00:00".into();
        if model == "sale.order" {
            match values["partner_id"].as_i64() {
                None => {
                    return Err((
                        "odoo.exceptions.ValidationError",
                        "Missing required value for the field 'Customer'".into(),
                    ));
                }
                Some(8) => {
                    return Err((
                        "odoo.exceptions.UserError",
                        "Blocked Ltd has reached its credit limit.".into(),
                    ));
                }
                Some(_) => {}
            }
            record["name"] = format!("S{:05}", self.orders() + 1).into();
            record["state"] = "draft".into();
            record["order_line"] = self.lines(&[], &values["order_line"])?;
        }
        self.records.lock().unwrap().entry(model.to_owned()).or_default().push(record);
        Ok(id.into())
    }

    /// Follows the commands that make the lines of an order.
    fn lines(&self, before: &[Value], commands: &Value) -> Result<Value, Mistake> {
        let mut lines = before.to_vec();
        for command in commands.as_array().into_iter().flatten() {
            match (command[0].as_i64(), &command[2]) {
                (Some(0), values @ Value::Object(_)) if values["product_id"].is_number() => {
                    let mut values = values.clone();
                    values.as_object_mut().unwrap().entry("product_uom_qty").or_insert(1.into());
                    lines.push(self.create("sale.order.line", &values)?);
                }
                (Some(0), _) => {
                    return Err((
                        "odoo.exceptions.ValidationError",
                        "Missing required fields on accountable sale order line.".into(),
                    ));
                }
                (Some(5), _) => lines.clear(),
                _ => return Err(invalid("unknown command")),
            }
        }
        Ok(lines.into())
    }

    fn change(&self, model: &str, method: &str, id: i64, named: &Map<String, Value>) -> Result<(), Mistake> {
        let gone =
            || ("odoo.exceptions.MissingError", "Record does not exist or has been deleted.".to_owned());
        let refused = |why: &str| Err(("odoo.exceptions.UserError", why.to_owned()));
        let mut values = named.get("vals").cloned().unwrap_or_else(|| json!({}));
        self.check(model, &values)?;
        let before = self.records.lock().unwrap()[model]
            .iter()
            .find(|record| record["id"] == id)
            .cloned()
            .ok_or_else(gone)?;
        if values.get("order_line").is_some() {
            values["order_line"] =
                self.lines(before["order_line"].as_array().unwrap(), &values["order_line"])?;
        }
        let state = before["state"].as_str().unwrap_or_default();
        match (method, state) {
            ("action_confirm", "draft" | "sent") => values["state"] = "sale".into(),
            ("action_confirm", _) => {
                return refused("Some orders are not in a state requiring confirmation.");
            }
            ("action_cancel", _) => values["state"] = "cancel".into(),
            ("unlink", "sent" | "sale") => {
                return refused("You can not delete a sent quotation or a confirmed sales order.");
            }
            _ => {}
        }
        let mut records = self.records.lock().unwrap();
        let all = records.get_mut(model).unwrap();
        if method == "unlink" {
            all.retain(|record| record["id"] != id);
        } else {
            let record = all.iter_mut().find(|record| record["id"] == id).unwrap();
            record.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
        }
        Ok(())
    }

    /// How many orders there are.
    pub(super) fn orders(&self) -> usize {
        self.records.lock().unwrap().get("sale.order").map_or(0, Vec::len)
    }
}

pub(super) fn invalid(why: &str) -> Mistake {
    ("builtins.ValueError", why.to_owned())
}

/// A value as it is told: a pair for a link, `false` for nothing.
fn shown(
    records: &BTreeMap<String, Vec<Value>>,
    record: &Value,
    field: &Field,
    context: &Map<String, Value>,
) -> Value {
    let (name, kind, relation) = *field;
    // The quantity in one warehouse, if one is named.
    if let Some(warehouse) = context.get("warehouse").filter(|_| name == "qty_available") {
        return record["in_warehouse"][warehouse.to_string()].clone();
    }
    match (kind, &record[name]) {
        ("boolean", Value::Null) => (name != "unlisted").into(),
        ("float" | "monetary", Value::Null) => json!(0.0),
        ("one2many", Value::Null) => json!([]),
        (_, Value::Null) => false.into(),
        ("many2one", id) => {
            let there = records.get(relation).and_then(|all| all.iter().find(|record| record["id"] == *id));
            let name = there.map_or_else(|| format!("{relation},{id}").into(), |there| there["name"].clone());
            json!([id, name])
        }
        (_, value) => value.clone(),
    }
}
