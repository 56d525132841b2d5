//! Packed files, unpacked as a stream that ends where a file unpacks to far more than any real one does.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

/// How many times its size a file may unpack to, beyond what is free. Texts of records come to 20 at most.
const MAX_RATIO: u64 = 200;

/// Bytes that may come out whatever went in.
const FREE_BYTES: u64 = 64 << 20;

/// What is in a packed file. Whatever is wrong with the file is `InvalidData`; other errors are the source's.
pub(super) struct Unpacked<R> {
    packed: MultiGzDecoder<Counted<R>>,
    bytes: u64,
}

impl<R: Read> Unpacked<R> {
    pub(super) fn new(source: R) -> Self {
        let packed = MultiGzDecoder::new(Counted { source, bytes: 0, failed: false });
        Self { packed, bytes: 0 }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.packed.read(buffer);
        let source = self.packed.get_ref();
        let length = match read {
            Err(error) if !source.failed => return Err(invalid(format!("it cannot be unpacked: {error}"))),
            read => read?,
        };
        self.bytes += length as u64;
        if self.bytes > source.bytes.saturating_mul(MAX_RATIO) + FREE_BYTES {
            return Err(invalid(format!("it unpacks to more than {MAX_RATIO} times its size")));
        }
        Ok(length)
    }
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// A source, how much came from it, and whether it failed.
struct Counted<R> {
    source: R,
    bytes: u64,
    failed: bool,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer);
        self.failed = read.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        let length = read?;
        self.bytes += length as u64;
        Ok(length)
    }
}
