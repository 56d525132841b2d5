//! Files whose content came before, and workers that die between noting a file and moving it.

use std::fs;
use std::io::Read as _;
use std::process::Command;

use domain::connection::{FileAfterRead, FileContent, FileDuplicates};

use super::server::{Site, skus};
use crate::Pages;
use crate::files::sums::Summed;

fn skipping() -> Site {
    let mut site = Site::new();
    site.settings.files.duplicates = FileDuplicates::Skip;
    site
}

/// Reads and stores all that is left, and tells the records and the warnings.
async fn read_on(pages: &mut Box<dyn Pages>) -> (Vec<String>, Vec<String>) {
    let (mut records, mut warnings) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await.unwrap() {
        records.extend(skus(&page));
        pages.stored(&page.resume, &domain::run::Files::default()).await.unwrap();
        warnings.extend(page.warnings);
    }
    (records, warnings)
}

async fn read(site: &Site) -> (Vec<String>, Vec<String>) {
    read_on(&mut site.pull(None).await.unwrap()).await
}

/// Reads on from what was stored last, as the engine does: what is stored is told to the opened pages first.
async fn read_resumed(site: &Site, resume: String) -> (Vec<String>, Vec<String>) {
    let mut pages = site.pull(Some(resume.clone())).await.unwrap();
    pages.stored(&resume, &domain::run::Files::default()).await.unwrap();
    read_on(&mut pages).await
}

/// Lays a file there, last changed at a moment of its own.
fn put_at(site: &Site, name: &str, text: &str, moment: &str) {
    site.put(name, text);
    let touched = Command::new("touch").args(["-d", moment]).arg(site.path(name)).status().unwrap();
    assert!(touched.success());
}

/// Everything lies in the archive, so many files.
fn assert_archived(site: &Site, files: usize) {
    let tree = site.tree();
    assert!(tree.len() == files && tree.iter().all(|path| path.starts_with("archive/")), "{tree:?}");
}

#[tokio::test]
async fn what_came_under_another_name_is_read_again_unless_it_is_to_be_skipped() {
    for (duplicates, expected, outcome) in [
        (FileDuplicates::Read, vec!["1", "2", "3"], "it is read again"),
        (FileDuplicates::Skip, vec![], "it is archived unread"),
    ] {
        let mut site = Site::new();
        site.settings.files.duplicates = duplicates;
        site.put("products_1.csv", "sku\n1\n2\n3\n");
        assert_eq!(read(&site).await.1, [""; 0], "the first of its content");
        let noted = site.ledger.files().remove(0);
        site.put("products_2.csv", "sku\n1\n2\n3\n");
        let (records, warnings) = read(&site).await;
        assert_eq!(records, expected);
        let stored_at = noted.stored_at;
        let told = "products_2.csv has the same content as products_1.csv, which was stored at";
        assert_eq!(warnings, [format!("{told} {stored_at:.0}: {outcome}")]);
        assert_archived(&site, 2);
    }
}

#[tokio::test]
async fn files_of_one_pull_are_told_from_each_other_too() {
    let site = skipping();
    for name in ["products_1.csv", "products_2.csv", "products_3.csv"] {
        site.put(name, "sku\n1\n");
    }
    site.put("products_4.csv", "sku\n2\n");
    let mut pages = site.pull(None).await.unwrap();
    let (mut records, mut warnings, mut resume) = (Vec::new(), Vec::new(), String::new());
    while let Some(page) = pages.next().await.unwrap() {
        records.extend(skus(&page));
        warnings.extend(page.warnings);
        resume = page.resume;
    }
    assert!(site.ledger.files().is_empty(), "nothing is stored yet");
    pages.stored(&resume, &domain::run::Files::default()).await.unwrap();
    assert_eq!((records, warnings.len()), (vec!["1".to_owned(), "2".to_owned()], 2), "{warnings:?}");
    assert!(warnings.iter().all(|warning| warning.contains("as products_1.csv")), "{warnings:?}");
    assert_archived(&site, 4);
}

#[tokio::test]
async fn the_same_name_with_other_content_is_a_correction() {
    let site = skipping();
    for text in ["sku\n1\n", "sku\n2\n", "sku\n345\n"] {
        site.put("products.csv", text);
        let (records, warnings) = read(&site).await;
        assert_eq!((records, warnings), (vec![text.trim()[4..].to_owned()], vec![]));
    }
    assert_eq!(site.ledger.looked_up(), 1, "only what has a known size is read twice");
    assert_archived(&site, 3);
}

#[tokio::test]
async fn a_state_that_returns_is_read_again_even_with_the_time_it_had_first() {
    let site = Site::new();
    for (stock, day) in [("5", 1), ("4", 2), ("5", 1), ("4", 4)] {
        put_at(&site, "products.csv", &format!("sku\n{stock}\n"), &format!("2026-11-0{day}"));
        assert_eq!(read(&site).await.0, [stock]);
    }
    put_at(&site, "products.csv", "sku\n5\n", "2026-11-01");
    let mut pages = site.pull(None).await.unwrap();
    pages.next().await.unwrap().unwrap();
    // Killed with the file read and nothing stored, and the run given up: it must not pass for the first one.
    drop(pages);
    let (records, warnings) = read(&site).await;
    assert_eq!((records, warnings.len()), (vec!["5".to_owned()], 1), "{warnings:?}");
    assert!(warnings[0].ends_with("it is read again"), "{warnings:?}");
}

/// Reads `products.csv`, notes it, and dies before it is moved; returns what was stored last.
async fn die_between_entry_and_move(site: &Site) -> (Box<dyn Pages>, String) {
    site.put("products.csv", "sku\n1\n");
    let mut pages = site.pull(None).await.unwrap();
    let page = pages.next().await.unwrap().unwrap();
    fs::write(site.path("archive"), "in the way").unwrap();
    pages.stored(&page.resume, &domain::run::Files::default()).await.unwrap_err();
    fs::remove_file(site.path("archive")).unwrap();
    assert_eq!((site.tree().len(), site.ledger.files().len()), (1, 1), "{:?}", site.tree());
    (pages, page.resume)
}

#[tokio::test]
async fn a_file_that_is_noted_and_not_moved_is_moved_by_the_next_worker() {
    for duplicates in [FileDuplicates::Read, FileDuplicates::Skip] {
        let mut site = Site::new();
        site.settings.files.duplicates = duplicates;
        let (_, resume) = die_between_entry_and_move(&site).await;
        let (records, warnings) = read_resumed(&site, resume).await;
        assert_eq!((records, warnings), (vec![], vec![]));
        assert_archived(&site, 1);
        assert_eq!(site.ledger.files()[0].name, "products.csv");
    }
}

#[tokio::test]
async fn a_file_that_is_stored_and_not_noted_is_noted_by_the_next_worker() {
    let site = skipping();
    site.put("products_1.csv", "sku\n1\n");
    let resume = site.pull(None).await.unwrap().next().await.unwrap().unwrap().resume;
    assert!(site.ledger.files().is_empty());
    assert!(read_resumed(&site, resume).await.0.is_empty());
    site.put("products_2.csv", "sku\n1\n");
    assert_eq!(read(&site).await.1.len(), 1);
    assert_archived(&site, 2);
}

#[tokio::test]
async fn a_file_that_is_noted_and_not_moved_is_moved_by_the_next_run() {
    for (duplicates, in_error) in
        [(FileDuplicates::Read, false), (FileDuplicates::Skip, false), (FileDuplicates::Read, true)]
    {
        let mut site = Site::new();
        site.settings.files.duplicates = duplicates;
        site.settings.files.content = FileContent::Snapshot;
        let (mut pages, _) = die_between_entry_and_move(&site).await;
        if in_error {
            pages.abandon().await.unwrap();
        }
        assert_eq!(site.tree(), ["products.csv.processing"]);
        site.put("products_2.csv", "sku\n2\n");
        let mut pages = site.pull(None).await.unwrap();
        let (records, warnings) = read_on(&mut pages).await;
        assert_eq!(records, ["2"], "what is stored is not read again");
        assert!(warnings[0].starts_with("products.csv was stored already, at "), "{warnings:?}");
        assert!(!pages.complete(), "its records were not met in this pull");
        assert_archived(&site, 2);
    }
}

#[tokio::test]
async fn a_skipped_file_is_archived_by_whoever_goes_on() {
    let site = skipping();
    site.put("products_1.csv", "sku\n1\n");
    read(&site).await;
    site.put("products_2.csv", "sku\n1\n");
    let page = site.pull(None).await.unwrap().next().await.unwrap().unwrap();
    assert_eq!((page.items.len(), page.warnings.len()), (0, 1));
    assert!(site.path("products_2.csv.processing").exists(), "it is moved when the warning is stored");
    let (records, warnings) = read_resumed(&site, page.resume).await;
    assert_eq!((records, warnings), (vec![], vec![]));
    assert_archived(&site, 2);
}

#[tokio::test]
async fn a_pull_that_skipped_a_file_does_not_say_that_it_met_everything() {
    let mut site = skipping();
    site.settings.files.content = FileContent::Snapshot;
    site.put("products_1.csv", "sku\n1\n");
    read(&site).await;
    site.put("products_1.csv", "sku\n1\n");
    site.put("products_2.csv", "sku\n2\n");
    let mut pages = site.pull(None).await.unwrap();
    let skipped = pages.next().await.unwrap().unwrap();
    assert_eq!((skipped.items.len(), skipped.warnings.len()), (0, 1), "a checkpoint may follow each");
    let page = pages.next().await.unwrap().unwrap();
    assert_eq!(skus(&page), ["2"]);
    assert!(pages.next().await.unwrap().is_none());
    assert!(!pages.complete());
    drop(pages);
    let again = site.pull(Some(page.resume)).await.unwrap();
    assert!(!again.complete(), "nor is it forgotten");
}

#[tokio::test]
async fn files_that_stay_are_neither_held_against_the_ledger_nor_noted() {
    let mut site = skipping();
    for (after_read, sku) in
        [(FileAfterRead::Archive, "1"), (FileAfterRead::Keep, "1"), (FileAfterRead::Keep, "2")]
    {
        site.settings.files.after_read = after_read;
        site.put("products.csv", &format!("sku\n{sku}\n"));
        assert_eq!(read(&site).await, (vec![sku.to_owned()], vec![]));
    }
    assert_eq!((site.ledger.files().len(), site.ledger.looked_up()), (1, 0));
}

#[tokio::test]
async fn what_is_noted_is_what_lay_on_the_server() {
    let site = Site::new();
    put_at(&site, "products.csv", "sku\n1\n2\n3\n", "2026-11-01T00:00:00Z");
    let sum = Command::new("sha256sum").arg(site.path("products.csv")).output().unwrap();
    read(&site).await;
    let noted = site.ledger.files().remove(0);
    assert_eq!((noted.name.as_str(), noted.size, noted.modified), ("products.csv", 10, 1_793_491_200));
    assert_eq!(noted.sha256, String::from_utf8(sum.stdout).unwrap()[..64]);
}

#[test]
fn what_a_reader_leaves_is_summed_up_too() {
    let mut source = Summed::new("abc".as_bytes());
    source.read_exact(&mut [0]).unwrap();
    let content = source.finish().unwrap();
    let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!((content.size, content.sha256.as_str()), (3, sum));
}
