//! The part of SuiteQL that the connector speaks, read strictly and done over lists of rows. Whatever else is asked is
//! refused, as is a column that a list does not have.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, offset};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::grammar::{Condition, Expression, Query};

/// The lists, by name.
pub(super) type Lists = BTreeMap<&'static str, Vec<Value>>;

/// The columns that there are.
const COLUMNS: [(&str, &str); 12] = [
    (
        "transaction",
        "id tranid externalid otherrefnum type status entity trandate duedate memo shippingaddress lastmodifieddate \
         currency foreigntotal foreignamountunpaid custbody_channel",
    ),
    (
        "transactionline",
        "transaction id linesequencenumber item quantity rate foreignamount memo itemtype mainline taxline iscogs",
    ),
    ("transactionshippingaddress", "nkey addressee addr1 addr2 city state zip country"),
    ("nexttransactionlink", "previousdoc nextdoc"),
    ("trackingnumbermap", "transaction trackingnumber"),
    ("trackingnumber", "id trackingnumber"),
    ("item", "id itemid displayname itemtype subtype upccode isinactive lastmodifieddate"),
    ("pricing", "item pricelevel unitprice quantity currency"),
    ("currency", "id symbol"),
    (
        "aggregateitemlocation",
        "item location quantityonhand quantityavailable quantitycommitted quantityonorder",
    ),
    (
        "employee",
        "id entityid firstname lastname email title department supervisor hiredate releasedate isinactive \
         lastmodifieddate",
    ),
    ("dual", ""),
];

/// What is in a column, or made of it.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Null,
    Text(String),
    /// A moment, which is shown in the account's time zone unless UTC is asked for.
    Moment(Timestamp),
    /// A time without a zone.
    Wall(DateTime),
    Day(Date),
}

/// The rows of a query, in its order.
///
/// # Errors
/// With what NetSuite would say.
pub(super) fn run(text: &str, lists: &Lists) -> Result<Vec<Value>, String> {
    let query = Query::parse(text)?;
    check(&query)?;
    let mut found: Vec<Joined> = rows(lists, &query.from.0).map(|row| vec![(&*query.from.1, row)]).collect();
    for join in &query.joins {
        let mut joined = Vec::new();
        for left in found {
            let begun = joined.len();
            for row in rows(lists, &join.table) {
                let mut both = left.clone();
                both.push((&join.alias, row));
                if compared("=", &cell(&join.left, &both)?, &cell(&join.right, &both)?) {
                    joined.push(both);
                }
            }
            if joined.len() == begun && join.keeps_left {
                joined.push(left);
            }
        }
        found = joined;
    }
    let mut kept = Vec::new();
    for row in found {
        if query.condition.as_ref().map_or(Ok(true), |condition| holds(condition, &row))? {
            let order: Result<Vec<Cell>, String> = query.order.iter().map(|(by, _)| cell(by, &row)).collect();
            kept.push((order?, row));
        }
    }
    let directions: Vec<bool> = query.order.iter().map(|(_, descends)| *descends).collect();
    kept.sort_by(|a, b| in_order(&a.0, &b.0, &directions));
    kept.iter().map(|(_, row)| shown(&query, row)).collect()
}

/// A row of each list, by the name it has in the query. A list that had none is missing.
type Joined<'a> = Vec<(&'a str, &'a Value)>;

fn rows<'a>(lists: &'a Lists, table: &str) -> std::slice::Iter<'a, Value> {
    const NOTHING: &[Value] = &[Value::Null];
    if table == "dual" { NOTHING.iter() } else { lists.get(table).map_or(&[][..], Vec::as_slice).iter() }
}

fn check(query: &Query) -> Result<(), String> {
    let joined = query.joins.iter().map(|join| (&join.alias, &join.table));
    let tables: BTreeMap<&String, &String> =
        std::iter::once((&query.from.1, &query.from.0)).chain(joined).collect();
    if query.order.is_empty() && query.from.0 != "dual" {
        return Err("without ORDER BY the pages of a query do not fit together".to_owned());
    }
    for table in tables.values() {
        if !COLUMNS.iter().any(|(known, _)| known == table) {
            return Err(format!("Record '{table}' was not found."));
        }
    }
    for (alias, column) in query.columns_used() {
        let table = tables.get(alias).ok_or_else(|| format!("Unknown identifier '{alias}'."))?;
        let known = COLUMNS.iter().find(|(known, _)| known == table).unwrap().1;
        if !known.split(' ').any(|known| known == column) {
            return Err(format!(
                "Field '{column}' for record '{table}' was not found. Reason: NOT_EXPOSED - Not available for channel SEARCH"
            ));
        }
    }
    Ok(())
}

fn shown(query: &Query, row: &Joined<'_>) -> Result<Value, String> {
    let mut shown = json!({"links": []});
    for (expression, name) in &query.columns {
        let text = match cell(expression, row)? {
            Cell::Null => continue,
            Cell::Text(text) => text,
            // The form that the user prefers.
            Cell::Moment(at) => at.to_zoned(zone()).strftime("%m/%d/%Y").to_string(),
            Cell::Day(day) => day.strftime("%m/%d/%Y").to_string(),
            Cell::Wall(time) => time.strftime("%m/%d/%Y").to_string(),
        };
        shown[name] = text.into();
    }
    Ok(shown)
}

fn cell(expression: &Expression, row: &Joined<'_>) -> Result<Cell, String> {
    Ok(match expression {
        Expression::Text(text) => Cell::Text(text.clone()),
        Expression::Column(alias, column) => {
            let of = row.iter().find(|(name, _)| name == alias);
            of.map_or(Cell::Null, |(_, row)| stored(column, &row[column]))
        }
        Expression::Negated(inner) => match cell(inner, row)? {
            Cell::Text(number) => Cell::Text((-number.parse::<Decimal>().unwrap()).to_string()),
            other => other,
        },
        Expression::Call(name, arguments) => {
            let arguments: Result<Vec<Cell>, String> =
                arguments.iter().map(|argument| cell(argument, row)).collect();
            call(name, &arguments?)?
        }
    })
}

fn stored(column: &str, value: &Value) -> Cell {
    match value.as_str() {
        None => Cell::Null,
        Some(text) if column == "lastmodifieddate" => Cell::Moment(text.parse().unwrap()),
        Some(text) if ["trandate", "duedate", "hiredate", "releasedate"].contains(&column) => {
            Cell::Day(text.parse().unwrap())
        }
        Some(text) => Cell::Text(text.to_owned()),
    }
}

fn call(name: &str, arguments: &[Cell]) -> Result<Cell, String> {
    let text = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        _ => String::new(),
    };
    Ok(match (name, arguments) {
        ("SYS_EXTRACT_UTC", [Cell::Moment(at)]) => Cell::Wall(at.to_zoned(TimeZone::UTC).datetime()),
        ("TO_CHAR" | "SYS_EXTRACT_UTC" | "BUILTIN.DF", [Cell::Null, ..]) => Cell::Null,
        ("TO_CHAR", [Cell::Day(day), format]) if text(format) == "YYYY-MM-DD" => Cell::Text(day.to_string()),
        ("TO_CHAR", [at, format]) if text(format) == r#"YYYY-MM-DD"T"HH24:MI:SS"Z""# => {
            let time = match at {
                Cell::Moment(at) => at.to_zoned(zone()).datetime(),
                Cell::Wall(time) => *time,
                _ => return Err("Invalid number or types of arguments: TO_CHAR".to_owned()),
            };
            Cell::Text(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        }
        ("TO_TIMESTAMP", [time, format]) if text(format) == "YYYY-MM-DD HH24:MI:SS" => {
            let time = DateTime::strptime("%Y-%m-%d %H:%M:%S", text(time));
            Cell::Wall(time.map_err(|_| "Invalid timestamp".to_owned())?)
        }
        ("BUILTIN.DF", [id]) => Cell::Text(format!("Name of {}", text(id))),
        ("NVL", [Cell::Null, other]) => other.clone(),
        ("NVL", [found, _]) => found.clone(),
        ("DECODE", [found, is, then, otherwise]) => if found == is { then } else { otherwise }.clone(),
        _ => return Err(format!("Unsupported function or arguments: {name}")),
    })
}

fn holds(condition: &Condition, row: &Joined<'_>) -> Result<bool, String> {
    Ok(match condition {
        Condition::All(all) => {
            all.iter().try_fold(true, |so_far, one| Ok::<_, String>(so_far && holds(one, row)?))?
        }
        Condition::Any(any) => {
            any.iter().try_fold(false, |so_far, one| Ok::<_, String>(so_far || holds(one, row)?))?
        }
        Condition::Compare(left, operator, right) => {
            compared(operator, &cell(left, row)?, &cell(right, row)?)
        }
        Condition::In(found, is_in, list) => {
            let found = cell(found, row)?;
            if list.len() > 1000 {
                return Err("maximum number of expressions in a list is 1000".to_owned());
            }
            let list: Result<Vec<Cell>, String> = list.iter().map(|one| cell(one, row)).collect();
            found != Cell::Null && list?.contains(&found) == *is_in
        }
    })
}

/// What is not known compares with nothing.
fn compared(operator: &str, left: &Cell, right: &Cell) -> bool {
    let Some(ordering) = ordering(left, right) else { return false };
    match operator {
        "=" => ordering == Ordering::Equal,
        ">" => ordering == Ordering::Greater,
        _ => ordering != Ordering::Less,
    }
}

fn ordering(left: &Cell, right: &Cell) -> Option<Ordering> {
    match (left, right) {
        (Cell::Text(a), Cell::Text(b)) => match (a.parse::<Decimal>(), b.parse::<Decimal>()) {
            (Ok(a), Ok(b)) => a.partial_cmp(&b),
            _ => a.partial_cmp(b),
        },
        (Cell::Wall(a), Cell::Wall(b)) => a.partial_cmp(b),
        // A time without a zone is one in the account's.
        (Cell::Moment(a), Cell::Wall(b)) => a.to_zoned(zone()).datetime().partial_cmp(b),
        _ => None,
    }
}

fn in_order(left: &[Cell], right: &[Cell], descends: &[bool]) -> Ordering {
    let each = left.iter().zip(right).zip(descends).map(|((left, right), descends)| {
        let ordering = ordering(left, right).unwrap_or(Ordering::Equal);
        if *descends { ordering.reverse() } else { ordering }
    });
    each.fold(Ordering::Equal, Ordering::then)
}

/// The account's time zone.
fn zone() -> TimeZone {
    TimeZone::fixed(offset(-8))
}
