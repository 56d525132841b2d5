//! XML: the elements at one path are the records; each becomes a JSON object.

mod shape;

use std::io::{BufReader, Read};

use super::budget::{Bounded, Budget};
use super::writer::{Fault, PageWriter};
use crate::xml::{Parser, Step, XmlError};

/// How much of a file is looked at to find its records.
const SAMPLE_BYTES: u64 = 256 * 1024;

/// Reads the elements at `path`, such as `Catalog.Products.Product`; found from the file's beginning if not set.
pub(super) fn read(mut source: impl Read, path: Option<&str>, out: &mut PageWriter) -> Result<(), Fault> {
    let mut sample = Vec::new();
    source.by_ref().take(SAMPLE_BYTES).read_to_end(&mut sample)?;
    let found = path.is_none().then(|| shape::records_path(&sample));
    let path = match (path, found) {
        (Some(path), _) => Some(path.split('.').map(str::to_owned).collect()),
        (None, found) => found.flatten(),
    };
    let budget = Budget::new();
    let whole = budget.bound(sample.as_slice().chain(source));
    let parser = Parser::new(BufReader::with_capacity(64 * 1024, whole));
    Records { parser, budget, root_is_empty: true }.read(path.as_deref(), out)
}

struct Records<R: Read> {
    parser: Parser<BufReader<Bounded<R>>>,
    budget: Budget,
    root_is_empty: bool,
}

impl<R: Read> Records<R> {
    fn read(&mut self, path: Option<&[String]>, out: &mut PageWriter) -> Result<(), Fault> {
        let mut open: Vec<String> = Vec::new();
        let mut seen_root = false;
        loop {
            match self.parser.step()? {
                Step::Start(element) => {
                    self.root_is_empty &= open.is_empty();
                    seen_root = true;
                    open.push(element.name.clone());
                    if path.is_some_and(|path| leads_to(path, &open)) {
                        let record = self.parser.rest_of(element, open.len())?;
                        open.pop();
                        self.budget.renew();
                        out.record(|body| record.write_record(body))?;
                    }
                }
                Step::End => drop(open.pop()),
                Step::Text(_) => {}
                Step::Eof if !seen_root => return Err(Fault::File("it holds no XML element".to_owned())),
                Step::Eof if !open.is_empty() => {
                    return Err(Fault::File(format!("it ends inside the element {}", open.join("."))));
                }
                Step::Eof if path.is_none() && !self.root_is_empty => {
                    return Err(Fault::File(
                        "no element that repeats was found: set settings.files.recordPath".to_owned(),
                    ));
                }
                Step::Eof => return Ok(()),
            }
        }
    }
}

/// Whether `path` names the element that was opened last. It may leave out the root.
fn leads_to(path: &[String], open: &[String]) -> bool {
    path == open || open.split_first().is_some_and(|(_, below)| path == below)
}

impl From<XmlError> for Fault {
    fn from(error: XmlError) -> Self {
        match error {
            XmlError::Source(error) => Self::Source(error),
            XmlError::Text(reason) => Self::File(reason),
        }
    }
}
