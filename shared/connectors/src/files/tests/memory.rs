//! Files far larger than what may be in memory. The sources make their bytes as they are asked for them.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::connection::FileSettings;

use super::each_chunk;

/// `head`, then `row` again and again, then `tail`; counts what was taken from it.
struct Endless {
    rows: usize,
    head: &'static [u8],
    row: &'static [u8],
    tail: &'static [u8],
    current: io::Cursor<Vec<u8>>,
    taken: Arc<AtomicUsize>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut length = self.current.read(buffer)?;
        if length == 0 {
            let head = std::mem::take(&mut self.head);
            let block = self.rows.min(1000);
            self.rows -= block;
            let mut next = [head, &self.row.repeat(block)].concat();
            if block == 0 {
                next.extend_from_slice(std::mem::take(&mut self.tail));
            }
            self.current = io::Cursor::new(next);
            length = self.current.read(buffer)?;
        }
        self.taken.fetch_add(length, Ordering::SeqCst);
        Ok(length)
    }
}

/// Reads 150,000 records and checks, at each page, that no more was taken from the source than the pages so far and a
/// megabyte ahead.
fn reads_just_ahead(name: &str, head: &'static [u8], row: &'static [u8], tail: &'static [u8]) {
    const ROWS: usize = 150_000;
    let taken = Arc::new(AtomicUsize::new(0));
    let current = io::Cursor::new(Vec::new());
    let source = Endless { rows: ROWS, head, row, tail, current, taken: Arc::clone(&taken) };
    let mut records = 0;
    each_chunk(name, source, &FileSettings::default(), |chunk| {
        records += chunk.unwrap().page.items.len();
        let ahead = taken.load(Ordering::SeqCst).saturating_sub(records * row.len());
        assert!(ahead < 1024 * 1024, "{ahead} bytes ahead after {records} records");
    });
    assert!(records >= ROWS, "{records}");
    assert!(taken.load(Ordering::SeqCst) >= ROWS * row.len());
}

#[test]
fn csv_is_read_just_ahead_of_its_pages() {
    reads_just_ahead("p.csv", b"sku,name,price\n", b"ABC-1,\"A name, quoted\",12.50\n", b"");
}

#[test]
fn json_is_read_just_ahead_of_its_pages() {
    reads_just_ahead("p.json", b"{\"data\":[{}", b",{\"sku\":\"1\",\"name\":\"A name\"}", b"]}");
}

#[test]
fn json_lines_are_read_just_ahead_of_their_pages() {
    reads_just_ahead("p.jsonl", b"", b"{\"sku\":\"1\",\"name\":\"A name\"}\n", b"");
}

#[test]
fn xml_is_read_just_ahead_of_its_pages() {
    reads_just_ahead("p.xml", b"<ps>", b"<p><sku>1</sku><name>A name</name></p>", b"</ps>");
}

#[test]
fn a_single_record_without_end_is_given_up() {
    for (name, head) in [("p.json", &b"[{\"a\":\""[..]), ("p.xml", b"<ps><p/><p>")] {
        let source = io::Cursor::new(head.to_vec()).chain(io::repeat(b'x').take(1 << 30));
        let mut fault = None;
        each_chunk(name, source, &FileSettings::default(), |chunk| fault = chunk.err());
        let fault = fault.unwrap().to_string();
        assert!(fault.contains("16 MB"), "{name}: {fault}");
    }
}
