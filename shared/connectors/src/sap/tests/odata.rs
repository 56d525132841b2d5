//! OData as a server speaks it, in V2 and V4: strict about what may be asked and how things are written.

use serde_json::{Map, Value, json};

use crate::conformance::Asked;

/// How many records come where nobody says how many, and the most that ever do.
const PAGES: (usize, usize) = (100, 5_000);

const OPTIONS: [&str; 9] =
    ["$filter", "$orderby", "$select", "$expand", "$top", "$skip", "$skiptoken", "paging", "customPageSize"];

/// How a list is asked for.
pub(super) struct Asking<'a> {
    pub(super) v4: bool,
    /// The fields by which it may be.
    pub(super) fields: &'a [&'a str],
    /// The most records at a time, if fewer than usual.
    pub(super) page: Option<usize>,
}

impl Asking<'_> {
    /// The answer to a request for a list.
    pub(super) fn answer(&self, asked: &Asked, all: &[Value]) -> Result<Value, String> {
        let option = |name: &str| asked.query.get(name).map(String::as_str).unwrap_or_default();
        if let Some(odd) = asked.query.keys().find(|name| !OPTIONS.contains(&name.as_str())) {
            return Err(format!("The system query option '{odd}' is not defined"));
        }
        let mut found = Vec::new();
        for record in all {
            if self.holds(record, option("$filter"))? {
                found.push(record);
            }
        }
        let order: Vec<_> = option("$orderby").split(',').filter(|name| !name.is_empty()).collect();
        order.iter().try_for_each(|name| self.known(name))?;
        let key = |record: &Value| order.iter().map(|name| record[*name].to_string()).collect::<Vec<_>>();
        found.sort_by_key(|record| key(record));
        let number = |name: &str| option(name).parse::<usize>().ok();
        let size = match number("$top") {
            Some(top) => top.min(self.page.unwrap_or(PAGES.1)),
            None => self.page.or(number("customPageSize")).unwrap_or(PAGES.0),
        };
        let from = number("$skip").unwrap_or(0) + number("$skiptoken").unwrap_or(0);
        let end = found.len().min(from.saturating_add(size));
        let select = option("$select");
        select
            .split(',')
            .filter(|name| !name.is_empty() && !name.contains('/'))
            .try_for_each(|name| self.known(name))?;
        let page = found.get(from..end).unwrap_or_default();
        let page: Vec<_> =
            page.iter().map(|record| shown(record, self.v4, option("$expand"), select)).collect();
        // Within what is asked for, the rest is linked to; beyond that, nothing is.
        let rest = number("$top").unwrap_or(usize::MAX) - size;
        let next = (end < found.len() && rest > 0).then(|| self.link(asked, from + size, rest));
        Ok(self.enveloped(asked, page, next))
    }

    fn link(&self, asked: &Asked, from: usize, rest: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let others =
            asked.query.iter().filter(|(name, _)| !["$skip", "$skiptoken", "$top"].contains(&name.as_str()));
        query.extend_pairs(others).append_pair("$skiptoken", &from.to_string());
        if rest < usize::MAX / 2 {
            query.append_pair("$top", &rest.to_string());
        }
        let set = asked.path.rsplit('/').next().unwrap();
        // V4 services give it relative to their own address, V2 services behind a proxy with a host of their own.
        let at =
            if self.v4 { set.to_owned() } else { format!("http://s4.internal.example:8000{}", asked.path) };
        format!("{at}?{}", query.finish())
    }

    fn enveloped(&self, asked: &Asked, page: Vec<Value>, next: Option<String>) -> Value {
        let mut answer = if self.v4 {
            json!({"@odata.context": format!("{}$metadata", asked.origin), "value": page})
        } else {
            json!({"results": page})
        };
        if let Some(next) = next {
            answer[if self.v4 { "@odata.nextLink" } else { "__next" }] = next.into();
        }
        if self.v4 { answer } else { json!({"d": answer}) }
    }

    fn known(&self, name: &str) -> Result<(), String> {
        let known = self.fields.contains(&name);
        known.then_some(()).ok_or_else(|| format!("Property {name} not found in the type"))
    }

    /// Whether a record meets a condition: alternatives in brackets, joined by `and`.
    fn holds(&self, record: &Value, filter: &str) -> Result<bool, String> {
        for all in filter.split(" and ").filter(|condition| !condition.is_empty()) {
            let mut met = false;
            for one in all.trim_start_matches('(').trim_end_matches(')').split(" or ") {
                met |= self.is_met(record, one)?;
            }
            if !met {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_met(&self, record: &Value, condition: &str) -> Result<bool, String> {
        let parts: Vec<_> = condition.splitn(3, ' ').collect();
        let [field, operator, literal] = parts[..] else {
            return Err(format!("Invalid token in '{condition}'"));
        };
        self.known(field)?;
        let inner = |prefix: &str| literal.strip_prefix(prefix)?.strip_prefix('\'')?.strip_suffix('\'');
        let met = match operator {
            "eq" => inner("").map(|text| record[field] == text.replace("''", "'")),
            "in" => Some(literal.split(',').any(|one| record[field] == one.trim_matches('\''))),
            "gt" if self.v4 && literal.ends_with('Z') => {
                Some(record[field].as_str().is_some_and(|at| at > literal))
            }
            "gt" if !self.v4 => inner("datetimeoffset").map(|at| moment(&record[field]) > milliseconds(at)),
            "ge" if !self.v4 => {
                inner("datetime").map(|at| moment(&record[field]) >= milliseconds(&format!("{at}Z")))
            }
            _ => None,
        };
        met.ok_or_else(|| format!("Invalid token in '{condition}'"))
    }
}

fn milliseconds(at: &str) -> Option<i64> {
    Some(at.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// The moment of `/Date(1492098664000+0000)/`; nothing is before everything.
fn moment(value: &Value) -> Option<i64> {
    let text = value.as_str()?.strip_prefix("/Date(")?.strip_suffix(")/")?;
    text.split('+').next()?.parse().ok()
}

/// A record with what was selected and expanded, and no more.
pub(super) fn shown(record: &Value, v4: bool, expand: &str, select: &str) -> Value {
    let expanded = |name: &str| {
        let paths = expand.split(',').filter_map(|path| path.split_once('/').or(Some((path, ""))));
        let inner: Vec<_> = paths.filter(|(first, _)| *first == name).map(|(_, inner)| inner).collect();
        (!inner.is_empty()).then(|| inner.join(","))
    };
    let mut shown = Map::new();
    for (name, value) in record.as_object().unwrap() {
        let selected = select.is_empty() || select.split(',').any(|one| one.split('/').next() == Some(name));
        match (name.as_str(), expanded(name), value) {
            ("@etag", ..) if v4 => drop(shown.insert("@odata.etag".to_owned(), value.clone())),
            ("@etag", ..) => {
                drop(shown.insert("__metadata".to_owned(), json!({"uri": "u", "type": "t", "etag": value})));
            }
            (_, Some(inner), Value::Array(list)) => {
                let list: Vec<_> = list.iter().map(|one| self::shown(one, v4, &inner, "")).collect();
                drop(shown.insert(name.clone(), if v4 { json!(list) } else { json!({"results": list}) }));
            }
            (_, None, Value::Array(_) | Value::Object(_)) if v4 => {}
            (_, None, Value::Array(_) | Value::Object(_)) => {
                drop(shown.insert(name.clone(), json!({"__deferred": {"uri": format!("u/{name}")}})));
            }
            _ if selected => drop(shown.insert(name.clone(), value.clone())),
            _ => {}
        }
    }
    shown.into()
}

/// A new order with its lines as the server keeps it: lists as arrays.
pub(super) fn deep_create(order: &Value, v4: bool, fields: &[&str]) -> Result<Value, String> {
    let mut kept = Map::new();
    for (name, value) in order.as_object().ok_or("An object is needed")? {
        let of_another_version = if v4 { name.starts_with("to_") } else { name.starts_with('_') };
        if !fields.contains(&name.as_str()) || of_another_version {
            return Err(format!("Property {name} is invalid"));
        }
        if name.ends_with("Date") && !is_day(value, v4) {
            return Err(format!("Property {name} at offset 1 has an invalid value {value}"));
        }
        let list = if name.starts_with("to_") { &value["results"] } else { value };
        match list {
            Value::Array(lines) if name.ends_with("Item") => {
                let lines: Result<Vec<_>, _> =
                    lines.iter().enumerate().map(|(at, line)| item(at, line, v4)).collect();
                kept.insert(name.clone(), lines?.into());
            }
            _ => drop(kept.insert(name.clone(), list.clone())),
        }
    }
    let has_items = kept.iter().any(|(name, list)| name.ends_with("_Item") && list.is_array());
    has_items.then_some(kept.into()).ok_or_else(|| "An order needs items".to_owned())
}

fn is_day(value: &Value, v4: bool) -> bool {
    let text = value.as_str().unwrap_or_default();
    if v4 { text.parse::<jiff::civil::Date>().is_ok() } else { moment(value).is_some() }
}

fn item(at: usize, line: &Value, v4: bool) -> Result<Value, String> {
    let fields = if v4 {
        ["Product", "RequestedQuantity", "RequestedQuantitySAPUnit", "_ItemPricingElement"]
    } else {
        ["Material", "RequestedQuantity", "RequestedQuantityUnit", "to_PricingElement"]
    };
    let members = line.as_object().ok_or("An item is an object")?;
    if let Some(odd) = members.keys().find(|name| !fields.contains(&name.as_str())) {
        return Err(format!("Property {odd} is invalid"));
    }
    let decimal = |value: &Value| if v4 { value.is_number() } else { value.is_string() };
    let prices = if v4 { &line[fields[3]] } else { &line[fields[3]]["results"] };
    let rate = if v4 { "ConditionRateAmount" } else { "ConditionRateValue" };
    let sound = |price: &Value| decimal(&price[rate]) && decimal(&price["ConditionQuantity"]);
    if !decimal(&line["RequestedQuantity"]) || !prices.as_array().into_iter().flatten().all(sound) {
        return Err("A decimal is written in the wrong form".to_owned());
    }
    let mut line = line.clone();
    line["SalesOrderItem"] = (10 * (at + 1)).to_string().into();
    line.as_object_mut().unwrap().remove(fields[3]);
    Ok(line)
}
