//! Documents held against the published schemas of UBL, and against what the DTD of cXML says of the elements they have,
//! by `xmllint`. Nothing is fetched.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/doi/fixtures");

/// Whether a cXML document is valid, and what is wrong if not.
pub(super) fn cxml(document: &str) -> Result<(), String> {
    let doctype = "<!DOCTYPE cXML SYSTEM \"http://xml.cxml.org/schemas/cXML/1.2.063/cXML.dtd\">";
    if !document.contains(doctype) {
        return Err("it does not name its DTD".to_owned());
    }
    lint(&["--dtdvalid", &format!("{FIXTURES}/cxml-1.2.063.dtd")], document)
}

/// Whether a UBL document is valid by the schema of its root element.
pub(super) fn ubl(document: &str, root: &str) -> Result<(), String> {
    let schema = schemas().join(format!("maindoc/UBL-{root}-2.1.xsd"));
    lint(&["--schema", schema.to_str().unwrap()], document)
}

/// Whether a document is XML at all.
pub(super) fn xml(document: &str) -> Result<(), String> {
    lint(&[], document)
}

fn lint(by: &[&str], document: &str) -> Result<(), String> {
    let mut command = Command::new("xmllint");
    command.args(["--nonet", "--noout"]).args(by).arg("-");
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut linting = pipes.spawn().expect("xmllint is there: run scripts/install-test-tools");
    linting.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let output = linting.wait_with_output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Where the schemas of UBL are, unpacked once for all tests on this machine.
fn schemas() -> &'static PathBuf {
    static SCHEMAS: OnceLock<PathBuf> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let packed = format!("{FIXTURES}/ubl-2.1.tar.gz");
        let bytes = std::fs::read(&packed).unwrap();
        let name = format!("causeway-ubl-2.1-{:016x}", xxhash_rust::xxh3::xxh3_64(&bytes));
        let place = std::env::temp_dir().join(name);
        if !place.exists() {
            let beside = place.with_extension(std::process::id().to_string());
            std::fs::create_dir_all(&beside).unwrap();
            let unpacked =
                Command::new("tar").arg("-xzf").arg(&packed).arg("-C").arg(&beside).status().unwrap();
            assert!(unpacked.success());
            // Another process may have been first: its copy is the same.
            if std::fs::rename(&beside, &place).is_err() {
                std::fs::remove_dir_all(&beside).unwrap();
            }
        }
        place
    })
}
