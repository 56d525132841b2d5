//! Names: which files belong to a data type, what a file is called while we read it, and where it goes afterwards.
//! Pure; the renaming itself is the server's.

use domain::DataType;
use domain::connection::{Checksum, FileFormat, FileSettings};
use globset::{GlobBuilder, GlobMatcher};
use jiff::Timestamp;
use transport::ErpError;

/// What a claimed file's name ends in. Whoever renames it first has it.
const CLAIMED: &str = ".processing";

/// Endings of files that are still being written.
const UNFINISHED: [&str; 4] = [".tmp", ".part", ".partial", ".filepart"];

/// Endings of files that tell of another file.
const SIDECARS: [&str; 4] = [".md5", ".sha1", ".sha256", ".err.txt"];

/// What a packed file's name ends in.
const PACKED: &str = ".gz";

/// The files of one data type.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    text: String,
    matcher: GlobMatcher,
}

impl Pattern {
    pub(super) fn of(settings: &FileSettings, data_type: DataType) -> Result<Self, ErpError> {
        let usual = || format!("{data_type}*.{{csv,json,jsonl,ndjson,xml}}{{,{PACKED}}}");
        let text = settings.patterns.get(&data_type).cloned().unwrap_or_else(usual);
        let glob = GlobBuilder::new(&text).case_insensitive(true).empty_alternates(true).build().map_err(
            |error| {
                ErpError::Misconfigured(format!(
                    "settings.files.patterns.{data_type} is no glob ({error}): write it like PRODUCTS_*.csv"
                ))
            },
        )?;
        Ok(Self { text, matcher: glob.compile_matcher() })
    }

    /// Whether a file in the directory is one of ours, claimed already or not.
    pub(super) fn takes(&self, name: &str) -> bool {
        let original = original_name(name);
        let lower = original.to_lowercase();
        let no_records = UNFINISHED.iter().chain(&SIDECARS).any(|ending| lower.ends_with(ending));
        !no_records && !original.starts_with('.') && self.matcher.is_match(original)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

/// The name of a file while we read it.
pub(super) fn claimed_name(name: &str) -> String {
    format!("{name}{CLAIMED}")
}

pub(super) fn is_claimed(name: &str) -> bool {
    name.ends_with(CLAIMED)
}

/// The name a file came with.
pub(super) fn original_name(name: &str) -> &str {
    name.strip_suffix(CLAIMED).unwrap_or(name)
}

/// The name of the file that tells of `name`, as `pattern` makes it: `{name}.done`.
pub(super) fn told_by(pattern: &str, name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    pattern.replace("{name}", name).replace("{stem}", stem)
}

/// The name of the file that holds the checksum of `name`.
pub(super) fn sum_of(checksum: Checksum, name: &str) -> String {
    let ending = match checksum {
        Checksum::Md5 => "md5",
        Checksum::Sha1 => "sha1",
        Checksum::Sha256 => "sha256",
    };
    format!("{name}.{ending}")
}

/// Whether a file is packed by gzip, told by the name it came with.
pub(super) fn is_packed(name: &str) -> bool {
    name.to_lowercase().ends_with(PACKED)
}

/// A name without the ending that says that it is packed.
fn unpacked_name(name: &str) -> &str {
    if is_packed(name) { &name[..name.len() - PACKED.len()] } else { name }
}

/// The directories a file read at `now` goes through, outermost first: `archive`, `archive/2026`, `archive/2026/11`.
pub(super) fn archive_directories(archive: &str, now: Timestamp) -> [String; 3] {
    let year = now.strftime("%Y");
    [archive.to_owned(), format!("{archive}/{year}"), format!("{archive}/{year}/{}", now.strftime("%m"))]
}

/// A file's name with the moment in it, and a count from the second of the same moment on:
/// `products-20261121T033000Z.csv`.
pub(super) fn stamped_name(name: &str, now: Timestamp, attempt: u32) -> String {
    let moment = now.strftime("%Y%m%dT%H%M%SZ");
    let count = if attempt > 1 { format!("-{attempt}") } else { String::new() };
    match unpacked_name(name).rsplit_once('.') {
        Some((stem, _)) => format!("{stem}-{moment}{count}{}", &name[stem.len()..]),
        None => format!("{name}-{moment}{count}"),
    }
}

/// `name` in `directory`.
pub(super) fn join(directory: &str, name: &str) -> String {
    format!("{}/{name}", directory.trim_end_matches('/'))
}

/// The format of a file, as set or told by its ending.
pub(super) fn format_of(settings: &FileSettings, name: &str) -> FileFormat {
    let told = |ending: &str| match ending.to_lowercase().as_str() {
        "json" => FileFormat::Json,
        "jsonl" | "ndjson" => FileFormat::Jsonl,
        "xml" => FileFormat::Xml,
        _ => FileFormat::Csv,
    };
    let ending = unpacked_name(original_name(name)).rsplit_once('.').map_or("", |(_, ending)| ending);
    settings.format.unwrap_or_else(|| told(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> Pattern {
        Pattern::of(&FileSettings::default(), DataType::Orders).unwrap()
    }

    #[test]
    fn the_usual_pattern_takes_whole_files_of_its_type_in_any_case() {
        for ours in
            ["orders.csv", "ORDERS_20261120.CSV", "orders.csv.gz", "orders.xml.processing", "Orders-1.ndjson"]
        {
            assert!(usual().takes(ours), "{ours}");
        }
        for not_ours in [
            ".orders.csv",
            "orders.csv.tmp",
            "orders.csv.part",
            "orders.csv.sha256",
            "order_status.csv",
            "orders.txt",
            "products.csv",
        ] {
            assert!(!usual().takes(not_ours), "{not_ours}");
        }
    }

    #[test]
    fn a_pattern_that_takes_everything_still_leaves_unfinished_files_alone() {
        let mut settings = FileSettings::default();
        settings.patterns.insert(DataType::Orders, "*".to_owned());
        let pattern = Pattern::of(&settings, DataType::Orders).unwrap();
        assert!(pattern.takes("ORD_1.dat"));
        for unfinished in ["ORD_1.dat.filepart", "ORD_1.TMP", ".ORD_1", "a.partial.processing"] {
            assert!(!pattern.takes(unfinished), "{unfinished}");
        }
    }

    #[test]
    fn a_glob_that_cannot_be_read_names_its_field() {
        let mut settings = FileSettings::default();
        settings.patterns.insert(DataType::Orders, "a{b".to_owned());
        let error = Pattern::of(&settings, DataType::Orders).unwrap_err();
        assert!(error.to_string().contains("settings.files.patterns.orders"), "{error}");
    }

    #[test]
    fn an_archived_name_tells_when_and_keeps_its_ending() {
        let now: Timestamp = "2026-11-21T03:04:05.9Z".parse().unwrap();
        assert_eq!(stamped_name("orders.csv", now, 1), "orders-20261121T030405Z.csv");
        assert_eq!(stamped_name("orders.csv", now, 2), "orders-20261121T030405Z-2.csv");
        assert_eq!(stamped_name("orders", now, 1), "orders-20261121T030405Z");
        assert_eq!(stamped_name("orders.csv.gz", now, 1), "orders-20261121T030405Z.csv.gz");
        assert_eq!(archive_directories("archive", now)[2], "archive/2026/11");
    }

    #[test]
    fn a_claim_and_its_name_belong_together() {
        assert_eq!(original_name(&claimed_name("a.csv")), "a.csv");
        assert!(is_claimed(&claimed_name("a.csv")) && !is_claimed("a.csv"));
        assert_eq!(format_of(&FileSettings::default(), "A.XML.processing"), FileFormat::Xml);
        assert_eq!(format_of(&FileSettings::default(), "a.jsonl.gz.processing"), FileFormat::Jsonl);
    }
}
