//! What is no CSV though its name says so. Any bytes make some row, so what shows its kind is refused by that.

use domain::DataType;

use super::header::has_known_name;
use crate::files::writer::Fault;

/// Refuses a text that begins as one of another format does.
pub(super) fn refuse_other_formats(sample: &[u8]) -> Result<(), Fault> {
    let format = match sample.trim_ascii_start() {
        [b'<', next, ..] if next.is_ascii_alphabetic() || b"!?/".contains(next) => {
            "HTML or XML, such as the page of an error"
        }
        [b'{' | b'[', rest @ ..]
            if matches!(rest.trim_ascii_start().first(), Some(b'"' | b'{' | b'[' | b'}' | b']')) =>
        {
            "JSON: have its name end in .json, or set settings.files.format"
        }
        _ => return Ok(()),
    };
    Err(Fault::File(format!("it is no CSV but {format}")))
}

/// Refuses a file whose first row holds what no name of a column does.
pub(super) fn refuse_control_characters(cells: &[String]) -> Result<(), Fault> {
    let is_binary = |cell: &String| cell.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
    if cells.iter().any(is_binary) {
        return Err(Fault::File("its first line holds control characters, so that it is no CSV".to_owned()));
    }
    Ok(())
}

/// Refuses a file of one line that names a single column, and none that is known: a message of some program rather.
pub(super) fn refuse_one_line(sample: &[u8], names: &[String], data_type: DataType) -> Result<(), Fault> {
    if names.len() == 1 && !has_known_name(names, data_type) {
        let said: String = String::from_utf8_lossy(sample.trim_ascii()).chars().take(100).collect();
        return Err(Fault::File(format!("it holds one line and no field that is known: {said:?}")));
    }
    Ok(())
}
