//! How a list of theirs is asked for, page by page, and what belongs to the rows of a page. Pure.
//!
//! Times are asked for in UTC and in a form of their own: else they come in the time zone and in the date format that the
//! user who signs in prefers.

use jiff::Timestamp;
use transport::ErpError;

/// A column's name, and the expression that fills it.
pub(super) type Column = (String, String);

/// A list of theirs, read in the order of its key: they give a hundred thousand rows of a query at the most, so that each
/// page is a query of its own that begins behind the last row of the page before.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) from: String,
    pub(super) conditions: Vec<String>,
    /// The columns that tell its rows apart.
    pub(super) key: &'static [&'static str],
    /// What tells when a row was changed.
    pub(super) changed: Option<&'static str>,
    /// What belongs to its rows.
    pub(super) details: Vec<Detail>,
    /// What the letters of its column `status` mean.
    pub(super) statuses: &'static [(&'static str, &'static str)],
}

/// The column of a detail that holds what it belongs to.
pub(super) const OWNER: &str = "owner";

/// Rows that belong to the rows of a list, read for a whole page of them at once.
#[derive(Debug)]
pub(super) struct Detail {
    /// The member that holds them in a record.
    pub(super) name: &'static str,
    /// The column of the list by which they are found.
    pub(super) by: &'static str,
    /// The expression of its own that tells what a row belongs to; it comes as the column [`OWNER`].
    pub(super) of: &'static str,
    pub(super) columns: Vec<Column>,
    pub(super) from: String,
    pub(super) conditions: Vec<String>,
    /// In which order they come of each owner; empty where one owner has one row.
    pub(super) order: &'static str,
}

impl Table {
    /// The query for what follows a row; what was changed since a moment alone, if there is one.
    ///
    /// # Errors
    /// `Misconfigured`, if `after` is no row of this list.
    pub(super) fn query(&self, since: Option<Timestamp>, after: Option<&str>) -> Result<String, ErpError> {
        let mut conditions = self.conditions.clone();
        conditions.extend(since.zip(self.changed).map(|(since, changed)| changed_since(changed, since)));
        let key: Vec<&str> = self.key.iter().filter_map(|name| self.expression(name)).collect();
        if let Some(after) = after {
            conditions.push(follows(&key, after)?);
        }
        Ok(select(&self.columns, &self.from, &conditions, &key.join(", ")))
    }

    fn expression(&self, name: &str) -> Option<&str> {
        self.columns.iter().find(|(column, _)| column == name).map(|(_, expression)| expression.as_str())
    }
}

impl Detail {
    /// The query for all that belongs to these owners.
    pub(super) fn query(&self, owners: &[i64]) -> String {
        let owners: Vec<String> = owners.iter().map(ToString::to_string).collect();
        let mut columns = vec![column(OWNER, self.of)];
        columns.extend(self.columns.iter().cloned());
        let mut conditions = vec![format!("{} IN ({})", self.of, owners.join(", "))];
        conditions.extend(self.conditions.iter().cloned());
        let order = [self.of, self.order].into_iter().filter(|part| !part.is_empty());
        select(&columns, &self.from, &conditions, &order.collect::<Vec<_>>().join(", "))
    }
}

fn select(columns: &[Column], from: &str, conditions: &[String], order: &str) -> String {
    let columns: Vec<_> =
        columns.iter().map(|(name, expression)| format!("{expression} AS {name}")).collect();
    let conditions = match conditions {
        [] => String::new(),
        some => format!(" WHERE {}", some.join(" AND ")),
    };
    format!("SELECT {} FROM {from}{conditions} ORDER BY {order}", columns.join(", "))
}

/// The condition that a row comes behind another, whose key is `after`.
fn follows(key: &[&str], after: &str) -> Result<String, ErpError> {
    let ids: Option<Vec<i64>> = after.split(',').map(|id| id.parse().ok()).collect();
    let ids = ids.filter(|ids| ids.len() == key.len()).ok_or_else(|| {
        ErpError::Misconfigured("the run cannot go on where it stopped: start a new one".to_owned())
    })?;
    let pairs: Vec<_> = key.iter().zip(ids).collect();
    let behind = |at: usize| {
        let same = pairs[..at].iter().map(|(column, id)| format!("{column} = {id}"));
        let more = pairs[at..=at].iter().map(|(column, id)| format!("{column} > {id}"));
        same.chain(more).collect::<Vec<_>>().join(" AND ")
    };
    Ok(match pairs.len() {
        1 => behind(0),
        several => {
            format!(
                "({})",
                (0..several).map(|at| format!("({})", behind(at))).collect::<Vec<_>>().join(" OR ")
            )
        }
    })
}

fn changed_since(column: &str, since: Timestamp) -> String {
    let since = since.strftime("%Y-%m-%d %H:%M:%S");
    format!("SYS_EXTRACT_UTC({column}) >= TO_TIMESTAMP('{since}', 'YYYY-MM-DD HH24:MI:SS')")
}

pub(super) fn column(name: &str, expression: impl Into<String>) -> Column {
    (name.to_owned(), expression.into())
}

pub(super) fn day(expression: &str) -> String {
    format!("TO_CHAR({expression}, 'YYYY-MM-DD')")
}

pub(super) fn moment(expression: &str) -> String {
    format!(r#"TO_CHAR(SYS_EXTRACT_UTC({expression}), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"#)
}

/// The name of what an id stands for.
pub(super) fn name_of(expression: &str) -> String {
    format!("BUILTIN.DF({expression})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stock() -> Table {
        Table {
            columns: vec![column("item", "a.item"), column("locationid", "a.location")],
            from: "aggregateitemlocation a".to_owned(),
            conditions: vec!["a.item > 0".to_owned()],
            key: &["item", "locationid"],
            changed: Some("a.changed"),
            details: Vec::new(),
            statuses: &[],
        }
    }

    #[test]
    fn a_page_begins_behind_the_last_row_of_the_page_before() {
        let query = stock().query(None, Some("7,-3")).unwrap();
        let expected = "SELECT a.item AS item, a.location AS locationid FROM aggregateitemlocation a WHERE a.item > 0 \
                        AND ((a.item > 7) OR (a.item = 7 AND a.location > -3)) ORDER BY a.item, a.location";
        assert_eq!(query, expected);
        for odd in ["", "7", "7,8,9", "7,8 OR 1"] {
            assert!(matches!(stock().query(None, Some(odd)), Err(ErpError::Misconfigured(_))), "{odd}");
        }
    }

    #[test]
    fn what_was_changed_is_asked_for_in_utc_and_to_the_second_before() {
        let since = "2026-11-20T10:00:00.9+02:00".parse().unwrap();
        let query = stock().query(Some(since), None).unwrap();
        let condition =
            "SYS_EXTRACT_UTC(a.changed) >= TO_TIMESTAMP('2026-11-20 08:00:00', 'YYYY-MM-DD HH24:MI:SS')";
        assert!(query.contains(&format!("a.item > 0 AND {condition} ORDER BY")), "{query}");
        let never = Table { changed: None, ..stock() };
        assert!(!never.query(Some(since), None).unwrap().contains("TO_TIMESTAMP"));
    }
}
