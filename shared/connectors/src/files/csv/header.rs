//! Where the rows of a file begin: what stands before the line that names the columns, that line, and the names.

use std::collections::HashSet;

use domain::DataType;
use domain::records::{fields_of, fold};

/// How many rows are looked at to find the one that names the columns.
const LOOKED_AT: usize = 20;

/// How many rows stand before the one that names the columns, or before the first of a file whose columns have no names.
///
/// That is the first row as wide as most, unless what stands before it could be records as well: a title or a note fills
/// hardly any of its fields.
pub(super) fn rows_before(rows: &[Vec<String>]) -> usize {
    let width = usual_width(rows);
    if width < 2 {
        return 0;
    }
    let is_note = |row: &Vec<String>| {
        let filled: Vec<&String> = row.iter().filter(|field| !field.trim().is_empty()).collect();
        filled.len() <= if width < 4 { 1 } else { width / 2 }
            && filled.first().is_none_or(|first| !is_value(first))
    };
    let first = rows.iter().take(LOOKED_AT).position(|row| row.len() == width && !is_note(row));
    first.filter(|first| rows[..*first].iter().all(is_note)).unwrap_or_default()
}

/// How many fields most rows have; of several numbers the larger.
pub(super) fn usual_width(rows: &[Vec<String>]) -> usize {
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    rows.iter().for_each(|row| *counts.entry(row.len()).or_default() += 1);
    counts.into_iter().max_by_key(|(width, count)| (*count, *width)).map_or(0, |(width, _)| width)
}

/// Whether a row names columns: no field of it is a number or a date.
pub(super) fn looks_like_names(row: Option<&Vec<String>>) -> bool {
    row.is_none_or(|fields| !fields.iter().any(|field| is_value(field)))
}

/// Whether a row names the columns once more, in other words or by units: it has no value, and a text in each of two or more
/// columns that hold nothing but values in the other rows.
pub(super) fn names_more(row: &[String], others: &[&Vec<String>]) -> bool {
    let holds_values = |column: &usize| {
        others.iter().all(|other| other.get(*column).is_some_and(|field| is_value(field.trim())))
    };
    let of_values: Vec<usize> = (0..row.len()).filter(holds_values).collect();
    let is_text = |column: &usize| !row[*column].trim().is_empty() && !is_value(row[*column].trim());
    others.len() > 1 && of_values.len() > 1 && of_values.iter().all(is_text)
}

/// Whether a text is a number or a date.
fn is_value(text: &str) -> bool {
    let has_digits = text.bytes().any(|byte| byte.is_ascii_digit());
    has_digits && text.bytes().all(|byte| byte.is_ascii_digit() || b" .,:/-+TZ".contains(&byte))
}

/// Whether one of the names is a usual one for a field of this data type.
pub(super) fn has_known_name(names: &[String], data_type: DataType) -> bool {
    let is_known = |name: &String| {
        let folded = fold(name);
        fields_of(data_type).iter().any(|field| field.usual_names.contains(&folded.as_str()))
    };
    names.iter().any(is_known)
}

/// Where the names of the columns have one delimiter too many: the only one without a name, where all rows are one field
/// shorter.
pub(super) fn stray(names: &[String], width: usize) -> Option<usize> {
    let mut unnamed = (0..names.len()).filter(|column| names[*column].trim().is_empty());
    let first = unnamed.next()?;
    (names.len() == width + 1 && unnamed.next().is_none()).then_some(first)
}

/// The names of the columns and those that came twice: the second `Text` becomes `Text_2`. Columns without a name are
/// `column1`, `column2` … ; a delimiter at the end of every line makes a last column that is none.
pub(super) fn names(row: &[String], header: bool) -> (Vec<String>, Vec<String>) {
    let mut taken = HashSet::new();
    let (mut names, mut twice) = (Vec::with_capacity(row.len()), Vec::new());
    let last_is_empty = header && row.len() > 1 && row.last().is_some_and(|last| last.trim().is_empty());
    let columns = if last_is_empty { row.len() - 1 } else { row.len() };
    for (position, field) in row.iter().take(columns).enumerate() {
        let own = match field.trim() {
            name if header && !name.is_empty() => name.to_owned(),
            _ => format!("column{}", position + 1),
        };
        let mut name = own.clone();
        let mut count = 1;
        while !taken.insert(name.clone()) {
            count += 1;
            name = format!("{own}_{count}");
        }
        if count > 1 {
            twice.push(own);
        }
        names.push(name);
    }
    (names, twice)
}
