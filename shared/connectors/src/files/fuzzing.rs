//! A door to the file readers for the fuzz targets; it is there only when those are built.

use domain::DataType;
use domain::connection::FileSettings;
use domain::json::{Json, Kind};
use tokio::sync::mpsc::channel;

use super::reading::Reading;
use super::sums::Content;
use super::writer::PageWriter;
use crate::{Item, Page};

/// Records on a page: few, so that many pages are made.
const PAGE_SIZE: u32 = 3;

/// Reads `content` as the file `name`. Whatever it is, each record that comes out is a JSON object, and going on after
/// the first finds what follows it.
///
/// # Panics
/// When that does not hold: then a defect was found.
pub fn read_file(name: &str, content: &[u8]) {
    let whole = items(name, content, 0);
    let rest = items(name, content, 1);
    assert_eq!(whole.get(1..).unwrap_or_default(), rest);
}

/// Every item after the first `skip`, as text; records are told from what is broken.
fn items(name: &str, content: &[u8], skip: u64) -> Vec<(bool, String)> {
    // More pages than bytes cannot come, so the channel never makes the reader wait.
    let (sender, mut receiver) = channel(content.len() + 2);
    let Ok(reading) = Reading::new(&FileSettings::default(), DataType::Products, PAGE_SIZE) else {
        return Vec::new();
    };
    let mut out = PageWriter::new(PAGE_SIZE, skip, sender);
    let read = reading.read(content, name, &mut out);
    out.finish(read.map(|()| Content::default()));
    let mut items = Vec::new();
    while let Ok(Ok(chunk)) = receiver.try_recv() {
        let Page { body, items: of_page, .. } = chunk.page;
        items.extend(of_page.into_iter().map(|item| match item {
            Item::Record(at) => {
                let kind = Json::parse(&body[at.clone()]).map(Json::kind);
                assert!(matches!(kind, Ok(Kind::Object)), "a record is no object: {kind:?}");
                (true, String::from_utf8_lossy(&body[at]).into_owned())
            }
            Item::Broken(at, _) => (false, String::from_utf8_lossy(&body[at]).into_owned()),
        }));
    }
    items
}
