//! Any encoding in, UTF-8 out, as a stream.
//!
//! What tells the encoding, in this order: a byte-order mark, the settings, an XML declaration, and else the first
//! part of the file that is not plain ASCII: UTF-8 if it mostly reads as such, windows-1252 otherwise. Bytes that mean
//! nothing in the encoding come out as bytes that are not UTF-8, so that a reader can tell the line they stand in.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use oem_cp::code_table::{
    DECODING_TABLE_CP437, DECODING_TABLE_CP737, DECODING_TABLE_CP775, DECODING_TABLE_CP850,
    DECODING_TABLE_CP852, DECODING_TABLE_CP855, DECODING_TABLE_CP858, DECODING_TABLE_CP860,
    DECODING_TABLE_CP863, DECODING_TABLE_CP865,
};

/// How much is read at once, and looked at to decide.
const CHUNK_BYTES: usize = 64 * 1024;

/// A byte that UTF-8 never holds.
const MEANINGLESS: u8 = 0xFF;

/// How the bytes of a text are to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Charset {
    /// An encoding of the web.
    Web(&'static Encoding),
    /// A code page of DOS: the upper half of its table, the lower one is ASCII.
    Dos(&'static [char; 128]),
}

impl Charset {
    /// By a label of the web (`utf-8`, `windows-1252`, `latin1`), or the name of a code page (`cp850`, `ibm437`, `dos-852`).
    pub(crate) fn for_label(label: &str) -> Option<Self> {
        let folded = label.trim().to_ascii_lowercase().replace(['-', '_', ' '], "");
        let number = ["cp", "ibm", "dos", "oem"].iter().find_map(|prefix| folded.strip_prefix(prefix));
        let page = number.and_then(|number| match number {
            "437" => Some(&DECODING_TABLE_CP437),
            "737" => Some(&DECODING_TABLE_CP737),
            "775" => Some(&DECODING_TABLE_CP775),
            "850" => Some(&DECODING_TABLE_CP850),
            "852" => Some(&DECODING_TABLE_CP852),
            "855" => Some(&DECODING_TABLE_CP855),
            "858" => Some(&DECODING_TABLE_CP858),
            "860" => Some(&DECODING_TABLE_CP860),
            "863" => Some(&DECODING_TABLE_CP863),
            "865" => Some(&DECODING_TABLE_CP865),
            _ => None,
        });
        page.map(Self::Dos).or_else(|| Encoding::for_label(label.as_bytes()).map(Self::Web))
    }
}

impl From<&'static Encoding> for Charset {
    fn from(encoding: &'static Encoding) -> Self {
        Self::Web(encoding)
    }
}

/// A stream turned into UTF-8.
pub(crate) struct Utf8Reader<R> {
    source: R,
    state: State,
    chunk: Vec<u8>,
    ready: Vec<u8>,
    position: usize,
}

enum State {
    /// Nothing was read yet; the encoding the settings name.
    Start(Option<Charset>),
    /// Plain ASCII so far.
    Undecided,
    Utf8,
    Other(Box<Decoder>),
    Dos(&'static [char; 128]),
    End,
}

impl State {
    fn reading(charset: Charset) -> Self {
        match charset {
            Charset::Dos(page) => Self::Dos(page),
            Charset::Web(encoding) if encoding == UTF_8 => Self::Utf8,
            Charset::Web(encoding) => Self::Other(Box::new(encoding.new_decoder_without_bom_handling())),
        }
    }
}

impl<R: Read> Utf8Reader<R> {
    /// Reads `source`, in the encoding `set` unless a byte-order mark says otherwise.
    pub(crate) fn new(source: R, set: Option<Charset>) -> Self {
        Self { source, state: State::Start(set), chunk: Vec::new(), ready: Vec::new(), position: 0 }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.ready.clear();
        self.position = 0;
        self.chunk.clear();
        self.source.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut self.chunk)?;
        let mut mark = 0;
        if let State::Start(set) = self.state {
            self.state = match (
                Encoding::for_bom(&self.chunk),
                set.or_else(|| declared(&self.chunk).map(Charset::Web)),
            ) {
                (Some((encoding, length)), _) => {
                    mark = length;
                    State::reading(encoding.into())
                }
                (None, Some(charset)) => State::reading(charset),
                (None, None) => State::Undecided,
            };
        }
        let chunk = &self.chunk[mark..];
        if matches!(self.state, State::Undecided) && !chunk.is_ascii() {
            self.state = State::reading(guess(chunk).into());
        }
        match &mut self.state {
            State::Other(decoder) => decode(decoder, chunk, self.chunk.is_empty(), &mut self.ready),
            State::Dos(page) => decode_dos(page, chunk, &mut self.ready),
            _ => self.ready.extend_from_slice(chunk),
        }
        if self.chunk.is_empty() {
            self.state = State::End;
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // A chunk may decode to nothing, such as half a character.
        while self.position == self.ready.len() && !matches!(self.state, State::End) {
            self.refill()?;
        }
        let rest = &self.ready[self.position..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.position += length;
        Ok(length)
    }
}

/// Decodes a chunk. Nothing may follow the `last`.
fn decode(decoder: &mut Decoder, mut chunk: &[u8], last: bool, ready: &mut Vec<u8>) {
    let mut buffer = [0; 4096];
    loop {
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(chunk, &mut buffer, last);
        ready.extend_from_slice(&buffer[..written]);
        chunk = &chunk[read..];
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => ready.push(MEANINGLESS),
        }
    }
}

fn decode_dos(page: &[char; 128], chunk: &[u8], ready: &mut Vec<u8>) {
    let mut buffer = [0; 4];
    for byte in chunk {
        match page.get(usize::from(*byte).wrapping_sub(128)) {
            Some(letter) => ready.extend_from_slice(letter.encode_utf8(&mut buffer).as_bytes()),
            None => ready.push(*byte),
        }
    }
}

/// What the first bytes say: an XML declaration, or the zeros of UTF-16. A declaration that can be read as ASCII is not
/// written in the UTF-16 it names: it was converted, and is UTF-8 (HTML Standard, section 13.2.3.2, has the same rule).
pub(crate) fn declared(start: &[u8]) -> Option<&'static Encoding> {
    match start {
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => return Some(UTF_16BE),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => return Some(UTF_16LE),
        _ => {}
    }
    let start = &start[..start.len().min(512)];
    let declaration = start.strip_prefix(b"<?xml")?;
    let declaration = declaration.split(|byte| *byte == b'>').next()?;
    let declaration = String::from_utf8_lossy(declaration);
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next()?;
    let named = Encoding::for_label(value[quote.len_utf8()..].split(quote).next()?.as_bytes())?;
    Some(if named == UTF_16LE || named == UTF_16BE { UTF_8 } else { named })
}

/// UTF-8 if more characters beyond ASCII read as UTF-8 than do not.
fn guess(chunk: &[u8]) -> &'static Encoding {
    let (mut fitting, mut broken) = (0_usize, 0_usize);
    for part in chunk.utf8_chunks() {
        fitting += part.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!part.invalid().is_empty());
    }
    // The chunk may end in the middle of a character.
    let cut = std::str::from_utf8(chunk).is_err_and(|error| error.error_len().is_none());
    if cut || fitting > broken { UTF_8 } else { WINDOWS_1252 }
}

#[cfg(test)]
mod tests {
    use encoding_rs::ISO_8859_2;

    use super::*;

    fn read(bytes: &[u8], set: Option<&'static Encoding>) -> Vec<u8> {
        let mut text = Vec::new();
        Utf8Reader::new(bytes, set.map(Charset::Web)).read_to_end(&mut text).unwrap();
        text
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8(read(bytes, None)).unwrap()
    }

    fn utf16(text: &str, mark: bool) -> Vec<u8> {
        let mark = mark.then_some(0xFEFF);
        mark.into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_byte_order_mark_decides_and_is_dropped() {
        assert_eq!(text("\u{FEFF}Käse".as_bytes()), "Käse");
        assert_eq!(text(&utf16("Käse 🧀", true)), "Käse 🧀");
        assert_eq!(text(&utf16("sku;Käse", false)), "sku;Käse");
        assert_eq!((text(&utf16("", true)), text("\u{FEFF}".as_bytes())), (String::new(), String::new()));
    }

    #[test]
    fn without_one_utf_8_is_told_from_windows_1252() {
        assert_eq!(text("Münster, São Paulo".as_bytes()), "Münster, São Paulo");
        assert_eq!(text(b"M\xfcnster costs 5 \x80"), "Münster costs 5 €");
        assert_eq!(text(b""), "");
    }

    #[test]
    fn the_guess_waits_for_the_first_character_that_matters() {
        let mut late = vec![b'a'; 3 * CHUNK_BYTES];
        late.extend_from_slice(b"\xfc");
        assert!(text(&late).ends_with("aü"));
    }

    #[test]
    fn one_bad_byte_among_good_ones_does_not_change_the_encoding() {
        let mut mostly = "Käse, Köln, Größe\n".as_bytes().to_vec();
        mostly.extend_from_slice(b"K\xe4se");
        assert_eq!(read(&mostly, None), mostly);
    }

    #[test]
    fn a_character_cut_by_a_chunk_comes_out_whole() {
        let long = "ü".repeat(CHUNK_BYTES);
        assert_eq!(text(long.as_bytes()), long);
        assert_eq!(text(format!("x{long}").as_bytes()), format!("x{long}"));
        assert_eq!(text(&utf16(&"🧀".repeat(CHUNK_BYTES), true)), "🧀".repeat(CHUNK_BYTES));
    }

    #[test]
    fn an_xml_declaration_and_the_settings_are_believed() {
        let declared = b"<?xml version='1.0' encoding='ISO-8859-2'?><a>\xb1</a>";
        assert!(text(declared).ends_with("<a>ą</a>"));
        assert_eq!(read(b"\xb1", Some(ISO_8859_2)), "ą".as_bytes());
    }

    #[test]
    fn code_pages_of_dos_are_known_by_their_names() {
        for (label, bytes, text) in [
            ("cp850", &b"S\x84ge \xd5"[..], "Säge ı"),
            ("IBM437", b"\x9b5", "¢5"),
            ("cp-858", b"\xd5", "€"),
            ("cp852", b"\xa5", "ą"),
        ] {
            let mut read = String::new();
            Utf8Reader::new(bytes, Charset::for_label(label)).read_to_string(&mut read).unwrap();
            assert_eq!(read, text, "{label}");
        }
        assert!(Charset::for_label("latin1").is_some() && Charset::for_label("cp9999").is_none());
    }

    #[test]
    fn bytes_without_a_meaning_are_no_utf_8() {
        let half_a_pair = [0xFF, 0xFE, 0x00, 0xD8, b'a', 0];
        assert_eq!(read(&half_a_pair, None), [MEANINGLESS, b'a']);
    }
}
