//! The format readers by themselves, and the connector against a real OpenSSH server.

mod arriving;
mod claiming;
mod duplicates;
mod formats;
mod ledger;
mod memory;
pub(super) mod server;

use std::io::Read;

use domain::DataType;
use domain::connection::FileSettings;
use serde_json::Value;

use super::reading::Reading;
use super::sums::Content;
use super::writer::{Chunk, Fault, PageWriter};
use crate::{Item, Page};

/// What came out of a file.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) records: Vec<Value>,
    pub(super) broken: Vec<(String, String)>,
    pub(super) warnings: Vec<String>,
    pub(super) fault: Option<String>,
}

impl Outcome {
    /// The records of a file in which nothing is wrong.
    pub(super) fn clean(self) -> Vec<Value> {
        assert!(self.broken.is_empty() && self.fault.is_none(), "{self:?}");
        self.records
    }

    fn add(&mut self, page: Page) {
        for item in page.items {
            match item {
                Item::Record(range) => self.records.push(serde_json::from_slice(&page.body[range]).unwrap()),
                Item::Broken(range, reason) => {
                    self.broken.push((String::from_utf8(page.body[range].to_vec()).unwrap(), reason));
                }
            }
        }
        self.warnings.extend(page.warnings);
    }
}

/// Reads products as `settings` say, on a thread of its own like the connector does.
pub(super) fn read(name: &str, source: impl Read + Send + 'static, settings: &FileSettings) -> Outcome {
    let mut outcome = Outcome { records: vec![], broken: vec![], warnings: vec![], fault: None };
    each_chunk(name, source, settings, |chunk| match chunk {
        Ok(chunk) => outcome.add(chunk.page),
        Err(fault) => outcome.fault = Some(fault.to_string()),
    });
    outcome
}

pub(super) fn each_chunk(
    name: &str,
    source: impl Read + Send + 'static,
    settings: &FileSettings,
    mut take: impl FnMut(Result<Chunk, Fault>),
) {
    let reading = Reading::new(settings, DataType::Products, 100).unwrap();
    let (sender, mut receiver) = tokio::sync::mpsc::channel(2);
    let name = name.to_owned();
    let reader = std::thread::spawn(move || {
        let mut out = PageWriter::new(reading.page_size, 0, sender);
        let read = reading.read(source, &name, &mut out);
        out.finish(read.map(|()| Content::default()));
    });
    while let Some(chunk) = receiver.blocking_recv() {
        take(chunk);
    }
    reader.join().unwrap();
}

/// Reads a text as a file of this name, with nothing set.
pub(super) fn read_text(name: &str, text: impl Into<Vec<u8>>) -> Outcome {
    read(name, std::io::Cursor::new(text.into()), &FileSettings::default())
}

/// A file of the Northwind data.
pub(super) fn northwind(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../tests/fixtures/northwind/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
