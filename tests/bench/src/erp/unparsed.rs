//! How fast the ERP serves when nobody looks at what it sends: the bound of every figure in the table.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use anyhow::{Context, Result};

use super::catalogue::PAGE;

/// Bytes taken in at a time.
const CHUNK: usize = 1 << 18;

/// Reads every page over one connection, and only counts the bytes.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
#[expect(clippy::disallowed_methods, reason = "asks our own server, on loopback")]
pub(super) fn records_per_second(address: &str, products: usize) -> Result<f64> {
    let host = address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    let mut chunk = vec![0; CHUNK];
    let begun = Instant::now();
    for page in 1..=products.div_ceil(PAGE) {
        stream.write_all(format!("GET /products?page={page} HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes())?;
        read_answer(&mut stream, &mut chunk)?;
    }
    Ok(products as f64 / begun.elapsed().as_secs_f64())
}

fn read_answer(stream: &mut TcpStream, chunk: &mut [u8]) -> Result<()> {
    let mut filled = 0;
    let head_end = loop {
        filled += stream.read(chunk.get_mut(filled..).context("the ERP's headers are endless")?)?;
        if let Some(end) = chunk[..filled].windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = std::str::from_utf8(&chunk[..head_end])?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut missing = length.context("the ERP tells no length")?.parse::<usize>()? - (filled - head_end);
    while missing > 0 {
        let bound = missing.min(chunk.len());
        missing -= stream.read(&mut chunk[..bound])?;
    }
    Ok(())
}
