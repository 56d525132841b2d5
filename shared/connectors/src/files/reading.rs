//! One file being read: its format's reader works in a thread of its own, fed by the SFTP stream, and hands pages over
//! a short channel. Neither the file nor more than a few pages are ever in memory.

use std::io::{self, Read};

use domain::DataType;
use domain::connection::{FileFormat, FileSettings};
use tokio::sync::mpsc::{Receiver, channel};
use tokio_util::io::SyncIoBridge;
use transport::ErpError;
use transport::sftp::RemoteFile;

use super::gzip::Unpacked;
use super::sums::Summed;
use super::writer::{Chunk, Fault, PageWriter};
use super::{claim, csv, fixed_width, json, jsonl, kind, xml};
use crate::encoding::{Charset, Utf8Reader};

/// How many pages may wait for the puller.
const PAGES_AHEAD: usize = 2;

/// How much of a `.json` file is looked at to see whether it is JSON Lines in truth.
const JSON_SAMPLE_BYTES: u64 = 64 * 1024;

/// How much of a file is looked at to see what kind of bytes it holds.
const START_BYTES: u64 = 16;

/// How a file begins that gzip has packed (RFC 1952).
const GZIP: &[u8] = b"\x1f\x8b";

/// How files of one pull are read.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub settings: FileSettings,
    pub data_type: DataType,
    pub page_size: u32,
    /// The encoding from the settings.
    pub encoding: Option<Charset>,
}

impl Reading {
    pub(super) fn new(
        settings: &FileSettings,
        data_type: DataType,
        page_size: u32,
    ) -> Result<Self, ErpError> {
        let encoding = match settings.csv.encoding.as_deref() {
            None => None,
            Some(label) => Some(Charset::for_label(label).ok_or_else(|| {
                ErpError::Misconfigured(format!(
                    "settings.files.csv.encoding is \"{label}\", which is no encoding: use a name such as utf-8, \
                     windows-1252 or cp850"
                ))
            })?),
        };
        Ok(Self { settings: settings.clone(), data_type, page_size, encoding })
    }

    /// Starts to read `file`, called `name`, leaving out its first `skip` items.
    pub(super) fn start(&self, file: RemoteFile, name: &str, skip: u64) -> Receiver<Result<Chunk, Fault>> {
        let (sender, receiver) = channel(PAGES_AHEAD);
        let (reading, name) = (self.clone(), name.to_owned());
        let source = SyncIoBridge::new(file);
        tokio::task::spawn_blocking(move || {
            let mut source = Summed::new(source);
            let mut out = PageWriter::new(reading.page_size, skip, sender);
            let read = reading.read(&mut source, &name, &mut out);
            out.finish(read.and_then(|()| Ok(source.finish()?)));
        });
        receiver
    }

    /// Reads a whole file.
    pub(super) fn read(&self, mut source: impl Read, name: &str, out: &mut PageWriter) -> Result<(), Fault> {
        let mut start = Vec::new();
        source.by_ref().take(START_BYTES).read_to_end(&mut start)?;
        let is_packed = start.starts_with(GZIP);
        let format = claim::format_of(&self.settings, name);
        let is_table = matches!(format, FileFormat::Csv | FileFormat::FixedWidth);
        // Whatever its name says, what is packed begins so. A table has no such marks: under a name of its own it is
        // taken for something else that came by mistake.
        let unpacks = is_packed && (claim::is_packed(name) || !is_table);
        if is_table && !unpacks {
            kind::refuse_other_kinds(&start)?;
        }
        let whole = start.as_slice().chain(source);
        let read = if unpacks {
            self.read_unpacked(Unpacked::new(whole), format, name, out)
        } else {
            if claim::is_packed(name) {
                out.warn(format!("{name} is not packed though its name says so, and was read as it is"));
            }
            self.read_unpacked(whole, format, name, out)
        };
        match read {
            // The bytes came; it is what they hold that is wrong.
            Err(Fault::Source(error)) if error.kind() == io::ErrorKind::InvalidData => {
                Err(Fault::File(error.to_string()))
            }
            read => read,
        }
    }

    fn read_unpacked(
        &self,
        source: impl Read,
        format: FileFormat,
        name: &str,
        out: &mut PageWriter,
    ) -> Result<(), Fault> {
        let is_plain_text = matches!(format, FileFormat::Csv | FileFormat::FixedWidth);
        let source = Utf8Reader::new(source, self.encoding.filter(|_| is_plain_text));
        let path = self.settings.record_path.as_deref();
        match format {
            FileFormat::Csv => csv::read(source, &self.settings.csv, self.data_type, name, out),
            FileFormat::Json => self.read_json(source, out),
            FileFormat::Jsonl => jsonl::read(source, out),
            FileFormat::Xml => xml::read(source, path, out),
            FileFormat::FixedWidth => {
                fixed_width::read(source, &self.settings.fixed_width, &self.settings.csv, out)
            }
        }
    }

    /// Some systems give JSON Lines the ending `.json`.
    fn read_json(&self, mut source: impl Read, out: &mut PageWriter) -> Result<(), Fault> {
        let mut sample = Vec::new();
        source.by_ref().take(JSON_SAMPLE_BYTES).read_to_end(&mut sample)?;
        let are_lines = self.settings.format.is_none() && jsonl::looks_like_lines(&sample);
        let whole = sample.as_slice().chain(source);
        if are_lines {
            jsonl::read(whole, out)
        } else {
            json::read(whole, self.settings.record_path.as_deref(), self.data_type, out)
        }
    }
}
