//! Files that come with something beside them, or packed, or in columns.

use std::fs;
use std::io::Write as _;
use std::process::Command;

use domain::connection::{
    Checksum, CsvSettings, FileAfterRead, FileContent, FileFormat, FileSettings, FixedField,
    FixedWidthSettings, WidthUnit,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::read;
use super::server::{Site, read_all, reason, skus};

fn packed(text: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

/// Made old enough to be whole.
fn age(site: &Site, name: &str) {
    let touched = Command::new("touch").args(["-d", "1 hour ago"]).arg(site.path(name)).status().unwrap();
    assert!(touched.success());
}

#[tokio::test]
async fn a_packed_file_is_read_like_any_other_and_archived_packed() {
    let site = Site::new();
    let text = (1..=5).map(|n| format!("{n}\n")).collect::<String>();
    fs::write(site.path("products.csv.gz"), packed(format!("sku\n{text}").as_bytes())).unwrap();
    let mut pages = site.pull(None).await.unwrap();
    let page = pages.next().await.unwrap().unwrap();
    assert_eq!(skus(&page), ["1", "2"]);
    drop(pages);
    let mut again = site.pull(Some(page.resume)).await.unwrap();
    assert_eq!(read_all(&mut again).await.unwrap(), ["3", "4", "5"]);
    let tree = site.tree();
    assert!(tree[0].starts_with("archive/") && tree[0].ends_with(".csv.gz"), "{tree:?}");
}

#[test]
fn a_packed_file_that_is_cut_is_at_fault_itself_and_one_that_is_none_is_read_and_told() {
    let whole = packed("sku\n1\n2\n".as_bytes());
    let settings = FileSettings::default();
    let cut = whole[..whole.len() - 9].to_vec();
    let outcome = read("products.csv.gz", std::io::Cursor::new(cut), &settings);
    assert!(
        outcome.fault.as_ref().is_some_and(|fault| fault.starts_with("it cannot be unpacked")),
        "{outcome:?}"
    );
    let plain = read("products.csv.gz", std::io::Cursor::new(b"sku\n1\n".to_vec()), &settings);
    assert_eq!(plain.records, [json!({"sku": "1"})]);
    assert!(plain.warnings[0].contains("is not packed though its name says so"), "{plain:?}");
    let json = packed(br#"[{"sku":"1"}]"#);
    let unnamed = read("products.json", std::io::Cursor::new(json), &settings);
    assert_eq!(unnamed.clean(), [json!({"sku": "1"})], "what is packed shows it");
}

#[test]
fn a_file_that_unpacks_without_end_is_stopped() {
    let row = format!("{}\n", "x".repeat(9_999));
    let bomb = format!("sku\n{}", row.repeat(10_500)).into_bytes();
    let outcome = read("products.csv.gz", std::io::Cursor::new(packed(&bomb)), &FileSettings::default());
    assert_eq!(outcome.fault.as_deref(), Some("it unpacks to more than 200 times its size"));
}

#[tokio::test]
async fn a_file_waits_for_its_marker_which_goes_with_it() {
    let mut site = Site::new();
    site.settings.files.done_marker = Some("{stem}.done".to_owned());
    site.settings.files.content = FileContent::Snapshot;
    site.put("products_1.csv", "sku\n1\n");
    site.put("products_2.csv", "sku\n2\n");
    site.put("products_1.done", "");
    let mut pages = site.pull(None).await.unwrap();
    let page = pages.next().await.unwrap().unwrap();
    assert_eq!(
        (skus(&page), &page.warnings[..]),
        (vec!["1".to_owned()], &["products_2.csv waits for products_2.done".to_owned()][..])
    );
    pages.stored(&page.resume, &domain::run::Files::default()).await.unwrap();
    assert!(pages.next().await.unwrap().is_none());
    assert!(!pages.complete(), "a file that waits may hold records");
    let tree = site.tree();
    assert_eq!((tree.len(), tree[1].as_str()), (2, "products_2.csv"), "{tree:?}");
}

#[tokio::test]
async fn a_marker_is_no_file_of_its_own_even_where_every_file_is_taken() {
    let mut site = Site::new();
    site.settings.files.done_marker = Some("{name}.csv".to_owned());
    site.put("products.csv", "sku\n1\n");
    site.put("products.csv.csv", "");
    let mut pages = site.pull(None).await.unwrap();
    let page = pages.next().await.unwrap().unwrap();
    assert_eq!((skus(&page), page.warnings), (vec!["1".to_owned()], vec![]));
    assert!(pages.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_file_is_read_if_its_checksum_is_right_and_waits_for_it() {
    for (checksum, tool) in
        [(Checksum::Md5, "md5sum"), (Checksum::Sha1, "sha1sum"), (Checksum::Sha256, "sha256sum")]
    {
        let mut site = Site::new();
        site.settings.files.checksum = Some(checksum);
        site.put("products.csv", "sku\n1\n");
        let page = site.pull(None).await.unwrap().next().await.unwrap().unwrap();
        let beside = format!("products.csv.{}", tool.trim_end_matches("sum"));
        assert_eq!(page.warnings, [format!("products.csv waits for {beside}")]);
        let sum = Command::new(tool).arg("products.csv").current_dir(site.path("")).output().unwrap();
        fs::write(site.path(&beside), sum.stdout).unwrap();
        assert_eq!(read_all(&mut site.pull(None).await.unwrap()).await.unwrap(), ["1"]);
        assert_eq!(site.tree().len(), 1, "{:?}", site.tree());
    }
}

#[tokio::test]
async fn a_file_whose_checksum_differs_waits_at_first_and_is_set_aside_at_last() {
    let mut site = Site::new();
    site.settings.files.checksum = Some(Checksum::Sha256);
    site.put("products.csv", "sku\n1\n");
    site.put("products.csv.sha256", &"ab".repeat(32));
    let page = site.pull(None).await.unwrap().next().await.unwrap().unwrap();
    assert!(page.items.is_empty() && page.warnings[0].contains("waits for the next run"), "{page:?}");
    assert_eq!(site.tree(), ["products.csv", "products.csv.sha256"]);
    age(&site, "products.csv");
    let page = site.pull(None).await.unwrap().next().await.unwrap().unwrap();
    let error = reason(&page);
    assert!(
        error.contains("but the file sums up to") && error.contains("moved to out/error/products.csv"),
        "{error}"
    );
}

#[tokio::test]
async fn what_became_of_a_file_is_told_where_it_is_wanted() {
    let mut site = Site::new();
    site.settings.files.acknowledgement = Some("ACK_{name}.json".to_owned());
    site.put("products_1.csv", "sku\n1\n");
    read_all(&mut site.pull(None).await.unwrap()).await.unwrap();
    site.put("products_2.json", "[{");
    site.pull(None).await.unwrap().next().await.unwrap().unwrap();
    let note = |name: &str| {
        let text = fs::read_to_string(site.path(&format!("in/ACK_{name}.json"))).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    assert_eq!(note("products_1.csv")["status"], "stored");
    assert_eq!(note("products_2.json")["status"], "refused");
    assert!(note("products_2.json")["reason"].as_str().unwrap().starts_with("EOF"));
}

#[tokio::test]
async fn beside_a_file_that_stays_everything_stays() {
    let mut site = Site::new();
    site.settings.files.after_read = FileAfterRead::Keep;
    site.settings.files.done_marker = Some("{name}.done".to_owned());
    site.put("products.csv", "sku\n1\n");
    site.put("products.csv.done", "");
    assert_eq!(read_all(&mut site.pull(None).await.unwrap()).await.unwrap(), ["1"]);
    assert_eq!(site.tree(), ["products.csv", "products.csv.done"]);
}

fn columns(unit: WidthUnit) -> FileSettings {
    let field = |name: &str, start, length| FixedField { name: name.to_owned(), start, length };
    FileSettings {
        format: Some(FileFormat::FixedWidth),
        csv: CsvSettings { decimal_sign: Some(','), ..CsvSettings::default() },
        fixed_width: FixedWidthSettings {
            fields: vec![field("sku", 2, 6), field("name", 8, 10), field("price", 18, 8)],
            unit,
            skip_lines: 1,
            record_prefix: Some("D".to_owned()),
        },
        ..FileSettings::default()
    }
}

#[test]
fn fields_stand_at_their_columns_and_other_lines_are_passed_over() {
    let text = "H20261120\nD000001Grüße     00001,50\r\nD000002Tee\n\nD000003          \nT0003\n";
    let outcome = read("P.dat", std::io::Cursor::new(text), &columns(WidthUnit::Characters));
    let expected = [
        json!({"sku": "000001", "name": "Grüße", "price": "00001,50"}),
        json!({"sku": "000002", "name": "Tee", "price": null}),
        json!({"sku": "000003", "name": null, "price": null}),
    ];
    assert_eq!(outcome.clean(), expected);
}

#[test]
fn columns_of_bytes_are_counted_as_such() {
    let text = "H\nD000001Grüße   00001,50\n";
    let outcome = read("P.dat", std::io::Cursor::new(text), &columns(WidthUnit::Bytes));
    assert_eq!(outcome.clean(), [json!({"sku": "000001", "name": "Grüße", "price": "00001,50"})]);
}
