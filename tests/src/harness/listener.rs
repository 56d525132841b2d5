//! Listens to every log line of every test at level TRACE, those of all libraries included, and holds it against what no
//! log may hold: passwords, keys, tokens, and what records say of people. A line that does fails the test at hand.

use std::io::{self, Write};
use std::sync::{Mutex, Once, OnceLock};

use aho_corasick::AhoCorasick;
use telemetry::{LogFormat, log_layer};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{ADMIN, PASSWORD};

/// What the tests plant: secrets, the beginnings of our tokens, and people of the records they sync.
const PLANTED: [&str; 18] = [
    ADMIN,
    PASSWORD,
    "s3cr3t",
    "good-key",
    "very-secret",
    "the-password",
    "a-wrong-key",
    "a-wrong-password",
    "dGhlLXVzZXI6dGhlLXBhc3N3b3Jk",
    "BEGIN OPENSSH PRIVATE KEY",
    "eyJ0eXAiOiJKV1Qi",
    "eyJhbGciOi",
    "Davolio",
    "Leverling",
    "Vins et alcools Chevalier",
    "59 rue de l",
    "(206) 555-9857",
    "Coventry House",
];

/// Begins to listen, once for all tests. The judge of the template asks the spans for which function something is done.
pub(crate) fn listen() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let lines = log_layer(Targets::new().with_default(LevelFilter::TRACE), LogFormat::Json, || Scan);
        tracing_subscriber::registry().with(lines).with(template::spans()).init();
    });
}

/// Fails if a line has held what it may not.
pub(crate) fn check() {
    let leaked = LEAKED.lock().unwrap().clone();
    assert_eq!(leaked, None, "the log holds what it may not");
}

static LEAKED: Mutex<Option<String>> = Mutex::new(None);

/// Reads lines and forgets them.
struct Scan;

impl Write for Scan {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(found) = patterns().find(line) {
            let around = found.start().saturating_sub(600)..(found.end() + 100).min(line.len());
            let told = String::from_utf8_lossy(&line[around]).into_owned();
            LEAKED.lock().unwrap().get_or_insert(told);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Each as text, and as bytes are written in debug output: as a list of numbers, and in hex.
fn patterns() -> &'static AhoCorasick {
    static PATTERNS: OnceLock<AhoCorasick> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let list = |text: &str| text.bytes().map(|b| b.to_string()).collect::<Vec<_>>().join(", ");
        let hex = |text: &str| text.bytes().map(|b| format!("{b:02x}")).collect::<String>();
        let of = |text: &&str| [(*text).to_owned(), list(text), hex(text)];
        AhoCorasick::new(PLANTED.iter().flat_map(of)).unwrap()
    })
}
