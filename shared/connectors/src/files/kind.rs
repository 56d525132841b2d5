//! What is no table of texts though its name says so, told by how it begins.

use super::writer::Fault;

/// How files of other kinds begin, and what they are.
const KINDS: [(&[u8], &str); 8] = [
    (b"PK\x03\x04", "a zip archive, such as an Excel workbook: export it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: export it as CSV"),
    (b"\x1f\x8b", "packed by gzip: have its name end in .gz"),
    (b"%PDF", "a PDF"),
    (b"BZh", "packed by bzip2, which is not read"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd, which is not read"),
    (b"SQLite format 3", "an SQLite database"),
];

/// Refuses a file that begins as no text does.
pub(super) fn refuse_other_kinds(start: &[u8]) -> Result<(), Fault> {
    match KINDS.iter().find(|(magic, _)| start.starts_with(magic)) {
        Some((_, kind)) => Err(Fault::File(format!("it is no table of texts but {kind}"))),
        None => Ok(()),
    }
}
