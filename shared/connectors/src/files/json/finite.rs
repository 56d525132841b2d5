//! A JSON text whose `NaN` and `Infinity` are read as null, as a stream.

use std::io::{self, Read};

use domain::json::NonFinite;

/// How much is read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// A source of JSON without numbers that JSON does not have.
pub(super) struct Finite<R> {
    source: R,
    scan: NonFinite,
    chunk: Vec<u8>,
    ready: Vec<u8>,
    position: usize,
}

impl<R: Read> Finite<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            scan: NonFinite::default(),
            chunk: vec![0; CHUNK_BYTES],
            ready: Vec::new(),
            position: 0,
        }
    }
}

impl<R: Read> Read for Finite<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.position == self.ready.len() {
            self.ready.clear();
            self.position = 0;
            let length = self.source.read(&mut self.chunk)?;
            if length == 0 {
                self.scan.end(&mut self.ready);
                if self.ready.is_empty() {
                    return Ok(0);
                }
            } else {
                self.scan.write(&self.chunk[..length], &mut self.ready);
            }
        }
        let rest = &self.ready[self.position..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.position += length;
        Ok(length)
    }
}
