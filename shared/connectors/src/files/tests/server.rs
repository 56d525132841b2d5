//! The connector against a real OpenSSH server: testing, claiming, archiving, setting aside, going on.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use domain::DataType;
use domain::connection::{ConnectionSettings, Credentials, FileAfterRead};
use sshd::{Options, Sshd};
use transport::ErpError;

use super::ledger::Noted;
use crate::files::FileConnector;
use crate::{Connector, Item, Page, Pages, Pull};

/// A server with a directory `out`, and a connector for it.
pub(in crate::files) struct Site {
    pub(in crate::files) server: Sshd,
    pub(in crate::files) settings: ConnectionSettings,
    pub(super) ledger: Arc<Noted>,
}

impl Site {
    pub(in crate::files) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(in crate::files) fn with(options: Options) -> Self {
        let server = Sshd::start_with(options).unwrap();
        fs::create_dir(server.home().join("out")).unwrap();
        let mut settings = ConnectionSettings { retry_attempts: 0, ..ConnectionSettings::default() };
        settings.files.rest_seconds = 0;
        Self { server, settings, ledger: Arc::default() }
    }

    pub(in crate::files) fn path(&self, name: &str) -> PathBuf {
        self.server.home().join("out").join(name)
    }

    pub(in crate::files) fn put(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Everything under `out`, by path; moments in names are taken out.
    pub(in crate::files) fn tree(&self) -> Vec<String> {
        let root = self.path("");
        let mut found = Vec::new();
        let mut open = vec![root.clone()];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.push(path.strip_prefix(&root).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }

    pub(in crate::files) fn connector(&self) -> FileConnector {
        let credentials = Credentials {
            sftp_host: Some("127.0.0.1".to_owned()),
            sftp_port: Some(self.server.port()),
            sftp_username: Some(sshd::USER.to_owned()),
            sftp_password: Some(sshd::PASSWORD.into()),
            sftp_path: Some("out".to_owned()),
            ..Credentials::default()
        };
        let egress = "127.0.0.0/8".parse().unwrap();
        FileConnector::new(self.settings.clone(), credentials, egress, self.ledger.clone())
    }

    pub(super) async fn pull(&self, resume: Option<String>) -> Result<Box<dyn Pages>, ErpError> {
        self.connector().pull(Pull { data_type: DataType::Products, page_size: 2, resume, since: None }).await
    }
}

/// The field `sku` of each record of a page.
pub(super) fn skus(page: &Page) -> Vec<String> {
    let records = page.items.iter().filter_map(|item| match item {
        Item::Record(range) => Some(&page.body[range.clone()]),
        Item::Broken(..) => None,
    });
    records
        .map(|json| {
            serde_json::from_slice::<serde_json::Value>(json).unwrap()["sku"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// Why the first item of a page is no record.
pub(super) fn reason(page: &Page) -> &str {
    match page.items.first() {
        Some(Item::Broken(_, reason)) => reason,
        other => panic!("{other:?}"),
    }
}

/// Reads and stores every page that is left.
pub(super) async fn read_all(pages: &mut Box<dyn Pages>) -> Result<Vec<String>, ErpError> {
    let mut all = Vec::new();
    while let Some(page) = pages.next().await? {
        all.extend(skus(&page));
        pages.stored(&page.resume, &domain::run::Files::default()).await?;
    }
    Ok(all)
}

#[tokio::test]
async fn a_test_signs_in_lists_the_directory_and_reports_the_host_key() {
    let site = Site::new();
    site.put("products.csv", "sku\n1\n");
    fs::create_dir(site.path("archive")).unwrap();
    let connector = site.connector();
    let report = connector.test().await.unwrap();
    let port = site.server.port();
    assert_eq!(
        report.message,
        format!("Signed in at 127.0.0.1:{port} as erp; out holds 1 file and 1 directory.")
    );
    assert_eq!(report.details["names"], serde_json::json!(["archive", "products.csv"]));
    assert_eq!(report.details["hostKey"], site.server.host_key().unwrap());
    assert_eq!(connector.observed_host_key(), Some(site.server.host_key().unwrap()));
}

#[tokio::test]
async fn files_are_read_by_name_and_archived_when_stored() {
    let site = Site::new();
    site.put("products_2.csv", "sku\n4\n5\n");
    site.put("products_1.jsonl", "{\"sku\":\"1\"}\n{\"sku\":\"2\"}\n{\"sku\":\"3\"}\n");
    site.put("products_3.csv.tmp", "sku\n9");
    site.put("orders.csv", "sku\n9\n");
    let mut pages = site.pull(None).await.unwrap();
    let first = pages.next().await.unwrap().unwrap();
    assert_eq!(skus(&first), ["1", "2"]);
    assert!(site.path("products_1.jsonl.processing").exists());
    pages.stored(&first.resume, &domain::run::Files::default()).await.unwrap();
    assert!(site.path("products_1.jsonl.processing").exists(), "archived before it was read to its end");

    assert_eq!(read_all(&mut pages).await.unwrap(), ["3", "4", "5"]);
    let tree = site.tree();
    assert_eq!(tree.len(), 4, "{tree:?}");
    assert!(tree[0].starts_with("archive/20") && tree[0].contains("/products_1-"), "{tree:?}");
    assert!(tree[1].ends_with(".csv") && tree[1].contains("/products_2-"), "{tree:?}");
    assert_eq!(tree[2..], ["orders.csv", "products_3.csv.tmp"]);
}

#[tokio::test]
async fn no_file_is_a_page_with_a_warning_and_no_records() {
    let site = Site::new();
    let mut pages = site.pull(None).await.unwrap();
    let page = pages.next().await.unwrap().unwrap();
    assert!(page.items.is_empty());
    assert_eq!(page.warnings, ["no file matches products*.{csv,json,jsonl,ndjson,xml}{,.gz} in out"]);
    assert!(pages.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_file_that_breaks_off_is_set_aside_with_the_reason() {
    let site = Site::new();
    site.put("products.json", "[{\"sku\":\"1\"},{\"sku\":\"2\"},{\"sku\":");
    let mut pages = site.pull(None).await.unwrap();
    assert_eq!(skus(&pages.next().await.unwrap().unwrap()), ["1", "2"]);
    let page = pages.next().await.unwrap().unwrap();
    let sentence = reason(&page);
    assert!(sentence.starts_with("out/products.json cannot be read: EOF"), "{sentence}");
    assert!(sentence.ends_with("it was moved to out/error/products.json"), "{sentence}");
    assert_eq!(page.file.as_deref(), Some("products.json"));
    assert!(pages.next().await.unwrap().is_none() && !pages.complete());
    assert_eq!(site.tree(), ["error/products.json", "error/products.json.err.txt"]);
    let note = fs::read_to_string(site.path("error/products.json.err.txt")).unwrap();
    assert!(note.contains("line 1"), "{note}");
}

#[tokio::test]
async fn an_empty_file_is_set_aside_and_the_others_are_read() {
    let site = Site::new();
    site.put("products_1.csv", "");
    site.put("products_2.csv", "sku\n1\n");
    let mut pages = site.pull(None).await.unwrap();
    let page = pages.next().await.unwrap().unwrap();
    assert!(reason(&page).contains("empty (0 bytes)"), "{page:?}");
    assert_eq!(read_all(&mut pages).await.unwrap(), ["1"]);
    assert!(!pages.complete());
}

#[tokio::test]
async fn a_file_none_of_whose_records_came_in_is_set_aside_and_not_archived() {
    let site = Site::new();
    site.put("products_1.csv", "sku\n1\n2\n");
    site.put("products_2.csv", "sku\n3\n");
    let mut files = domain::run::Files::default();
    files.add("products_1.csv", 2, 2, Some("price can be read two ways"));
    files.add("products_2.csv", 1, 0, None);
    let mut pages = site.pull(None).await.unwrap();
    while let Some(page) = pages.next().await.unwrap() {
        pages.stored(&page.resume, &files).await.unwrap();
    }
    let tree = site.tree();
    assert!(tree[0].starts_with("archive/") && tree[0].contains("products_2-"), "{tree:?}");
    assert_eq!(tree[1..], ["error/products_1.csv", "error/products_1.csv.err.txt"]);
    let note = fs::read_to_string(site.path("error/products_1.csv.err.txt")).unwrap();
    assert!(note.contains("none of its 2 records came in; the first: price can be read two ways"), "{note}");
}

#[tokio::test]
async fn links_are_followed_and_what_leads_nowhere_stops_no_other() {
    let site = Site::new();
    fs::create_dir(site.path("real")).unwrap();
    site.put("real/p.csv", "sku\n1\n");
    for (target, link) in
        [("real/p.csv", "products_2.csv"), ("nowhere.csv", "products_1.csv"), ("real", "products_3.csv")]
    {
        std::os::unix::fs::symlink(target, site.path(link)).unwrap();
    }
    site.put("products_4.csv", "sku\n2\n");
    let mut pages = site.pull(None).await.unwrap();
    let first = pages.next().await.unwrap().unwrap();
    assert!(
        first.warnings.iter().any(|told| told.contains("products_1.csv is a link that leads nowhere")),
        "{first:?}"
    );
    assert!(
        first.warnings.iter().any(|told| told.contains("products_3.csv is a link to a directory")),
        "{first:?}"
    );
    let mut all = skus(&first);
    all.extend(read_all(&mut pages).await.unwrap());
    assert_eq!(all, ["1", "2"]);
    assert!(!pages.complete());
}

#[tokio::test]
async fn names_of_any_bytes_are_read_and_archived() {
    use std::os::unix::ffi::OsStrExt;
    let site = Site::new();
    let names: [&[u8]; 4] = [
        b"products gr\xf6\xdfe.csv",
        "products größe.csv".as_bytes(),
        b"products\n1.csv",
        b"products [1] 100% 'a'.csv",
    ];
    for (number, name) in names.iter().enumerate() {
        let path = site.path("").join(std::ffi::OsStr::from_bytes(name));
        fs::write(path, format!("sku\n{number}\n")).unwrap();
    }
    let mut pages = site.pull(None).await.unwrap();
    let (mut all, mut files) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await.unwrap() {
        all.extend(skus(&page));
        files.extend(page.file.as_deref().map(str::to_owned));
        pages.stored(&page.resume, &domain::run::Files::default()).await.unwrap();
    }
    all.sort();
    assert_eq!(all, ["0", "1", "2", "3"]);
    assert!(
        files.contains(&"products größe.csv".to_owned()) && files.contains(&"products\\n1.csv".to_owned()),
        "{files:?}"
    );
    let left =
        fs::read_dir(site.path("")).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_file()).count();
    assert_eq!(left, 0, "each was archived");
}

#[tokio::test]
async fn a_file_that_grows_waits_until_it_rests() {
    let mut site = Site::new();
    site.settings.files.rest_seconds = 1;
    site.put("products.csv", "sku\n1\n");
    let path = site.path("products.csv");
    let writer = tokio::spawn(async move {
        for number in 2..8 {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, format!("{text}{number}\n")).unwrap();
        }
    });
    let page = site.pull(None).await.unwrap().next().await.unwrap().unwrap();
    assert!(page.items.is_empty() && page.warnings[0].contains("still being written"), "{page:?}");
    writer.await.unwrap();
    assert_eq!(read_all(&mut site.pull(None).await.unwrap()).await.unwrap().len(), 7);
}

#[tokio::test]
async fn a_file_that_grew_while_it_was_read_is_given_back() {
    let site = Site::new();
    site.put("products.csv", "sku\n1\n2\n3\n");
    let mut pages = site.pull(None).await.unwrap();
    assert_eq!(skus(&pages.next().await.unwrap().unwrap()), ["1", "2"]);
    let claimed = site.path("products.csv.processing");
    let text = fs::read_to_string(&claimed).unwrap();
    fs::write(&claimed, format!("{text}4\n")).unwrap();
    let rest = pages.next().await.unwrap().unwrap();
    assert!(
        rest.warnings.iter().any(|told| told.contains("still being written")) || skus(&rest).len() == 2,
        "{rest:?}"
    );
    pages.stored(&rest.resume, &domain::run::Files::default()).await.unwrap();
    assert_eq!(
        read_all(&mut site.pull(None).await.unwrap()).await.unwrap(),
        ["1", "2", "3", "4"],
        "it is read again"
    );
}

#[tokio::test]
async fn a_login_that_may_only_read_is_told_what_to_set_and_then_reads() {
    let mut site = Site::with(Options { read_only: true, ..Options::default() });
    site.put("products.csv", "sku\n1\n");
    let error = site.pull(None).await.unwrap().next().await.unwrap_err();
    assert!(matches!(error, ErpError::Misconfigured(_)), "{error:?}");
    assert!(error.to_string().contains("settings.files.afterRead to keep"), "{error}");

    site.settings.files.after_read = FileAfterRead::Keep;
    for _ in 0..2 {
        assert_eq!(read_all(&mut site.pull(None).await.unwrap()).await.unwrap(), ["1"]);
    }
    assert_eq!(site.tree(), ["products.csv"]);
}

#[tokio::test]
async fn a_missing_directory_is_named() {
    let site = Site::new();
    fs::remove_dir(site.path("")).unwrap();
    let error = site.connector().test().await.unwrap_err().to_string();
    assert!(error.starts_with("cannot list out on 127.0.0.1:"), "{error}");
    assert!(error.ends_with("there is no such file or directory"), "{error}");
}

#[tokio::test]
async fn a_connection_that_breaks_while_reading_is_told_and_gone_on_with() {
    let site = Site::new();
    let rows: String = (0..200_000).map(|n| format!("{n},{}\n", "x".repeat(60))).collect();
    site.put("products.csv", &format!("sku,name\n{rows}"));
    let mut pages = site.pull(None).await.unwrap();
    let first = pages.next().await.unwrap().unwrap();
    site.server.disconnect_all();
    let error = loop {
        match pages.next().await {
            Ok(page) => assert!(page.is_some(), "the file ended though its connection broke"),
            Err(error) => break error,
        }
    };
    assert!(error.is_transient(), "{error:?}");

    let mut again = site.pull(Some(first.resume)).await.unwrap();
    assert_eq!(skus(&again.next().await.unwrap().unwrap()), ["2", "3"]);
}
