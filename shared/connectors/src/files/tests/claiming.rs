//! Workers that die, race and go on: no file is lost, none is read twice by two.

use domain::connection::{FileAfterRead, FileContent};

use super::server::{Site, read_all, skus};

#[tokio::test]
async fn a_pull_goes_on_where_the_last_stored_page_ended() {
    let site = Site::new();
    site.put("products_1.csv", "sku\n1\n2\n");
    site.put("products_2.csv", "sku\n3\n4\n5\n6\n7\n");
    let mut pages = site.pull(None).await.unwrap();
    let mut resume = String::new();
    let mut read = Vec::new();
    // Dies after the first page of the second file, with the first file not cleared away.
    while read.len() < 4 {
        let page = pages.next().await.unwrap().unwrap();
        read.extend(skus(&page));
        resume = page.resume;
    }
    drop(pages);
    assert_eq!(read, ["1", "2", "3", "4"]);

    let mut again = site.pull(Some(resume)).await.unwrap();
    assert_eq!(read_all(&mut again).await.unwrap(), ["5", "6", "7"]);
    assert_eq!(site.tree().len(), 2);
    assert!(site.tree().iter().all(|path| path.starts_with("archive/")), "{:?}", site.tree());
}

#[tokio::test]
async fn files_that_stay_are_gone_on_with_too() {
    let mut site = Site::new();
    site.settings.files.after_read = FileAfterRead::Keep;
    site.put("products_1.csv", "sku\n1\n");
    site.put("products_2.csv", "sku\n2\n3\n4\n");
    let mut pages = site.pull(None).await.unwrap();
    assert_eq!(skus(&pages.next().await.unwrap().unwrap()), ["1"]);
    let page = pages.next().await.unwrap().unwrap();
    assert_eq!(skus(&page), ["2", "3"]);
    let mut again = site.pull(Some(page.resume)).await.unwrap();
    assert_eq!(read_all(&mut again).await.unwrap(), ["4"]);
    assert_eq!(site.tree(), ["products_1.csv", "products_2.csv"]);
}

#[tokio::test]
async fn a_file_whose_worker_died_is_read_first_by_the_next_run() {
    let site = Site::new();
    site.put("products_9.csv.processing", "sku\n9\n");
    site.put("products_1.csv", "sku\n1\n");
    assert_eq!(read_all(&mut site.pull(None).await.unwrap()).await.unwrap(), ["9", "1"]);
    assert!(site.tree().iter().all(|path| !path.contains("processing")), "{:?}", site.tree());
}

#[tokio::test]
async fn an_abandoned_file_has_its_name_again_and_can_be_gone_on_with() {
    let site = Site::new();
    site.put("products.csv", "sku\n1\n2\n3\n");
    let mut pages = site.pull(None).await.unwrap();
    let page = pages.next().await.unwrap().unwrap();
    pages.abandon().await.unwrap();
    assert_eq!(site.tree(), ["products.csv"]);
    assert_eq!(read_all(&mut site.pull(Some(page.resume)).await.unwrap()).await.unwrap(), ["3"]);
}

#[tokio::test]
async fn the_loser_of_a_race_for_a_file_reads_nothing_of_it() {
    let site = Site::new();
    site.put("products.csv", "sku\n1\n");
    let mut winner = site.pull(None).await.unwrap();
    let mut loser = site.pull(None).await.unwrap();
    assert_eq!(skus(&winner.next().await.unwrap().unwrap()), ["1"]);
    let page = loser.next().await.unwrap().unwrap();
    assert!(page.items.is_empty());
    assert_eq!(page.warnings, ["products.csv was taken by somebody else before it could be read"]);
    assert!(loser.next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_new_file_waits_while_an_older_one_of_its_name_is_not_stored() {
    let site = Site::new();
    site.put("products.csv.processing", "sku\n1\n");
    site.put("products.csv", "sku\n2\n");
    let mut pages = site.pull(None).await.unwrap();
    let old = pages.next().await.unwrap().unwrap();
    assert_eq!(skus(&old), ["1"]);
    let notice = pages.next().await.unwrap().unwrap();
    assert!(notice.warnings[0].starts_with("products.csv waits for the next run"), "{:?}", notice.warnings);
    pages.stored(&notice.resume, &domain::run::Files::default()).await.unwrap();
    assert_eq!(read_all(&mut site.pull(None).await.unwrap()).await.unwrap(), ["2"]);
}

#[tokio::test]
async fn a_file_that_grew_since_it_was_opened_is_not_gone_on_with() {
    let site = Site::new();
    site.put("products.csv", "sku\n1\n2\n3\n");
    let page = site.pull(None).await.unwrap().next().await.unwrap().unwrap();
    site.put("products.csv.processing", "sku\n1\n2\n3\n4\n");
    let error = site.pull(Some(page.resume)).await.err().unwrap().to_string();
    assert!(error.contains("had 10 bytes when reading began and has 12 now"), "{error}");
}

#[tokio::test]
async fn files_that_hold_everything_say_so_once_they_are_read() {
    let mut site = Site::new();
    site.put("products_1.csv", "sku\n1\n2\n3\n");
    site.settings.files.after_read = FileAfterRead::Keep;
    let mut pages = site.pull(None).await.unwrap();
    read_all(&mut pages).await.unwrap();
    assert!(!pages.complete(), "files hold changes unless it is said otherwise");

    site.settings.files.content = FileContent::Snapshot;
    for after_read in [FileAfterRead::Keep, FileAfterRead::Archive] {
        site.settings.files.after_read = after_read;
        let mut pages = site.pull(None).await.unwrap();
        assert!(!pages.complete());
        let mut resume = None;
        while let Some(page) = pages.next().await.unwrap() {
            pages.stored(&page.resume, &domain::run::Files::default()).await.unwrap();
            resume = Some(page.resume);
        }
        assert!(pages.complete());
        let mut again = site.pull(resume).await.unwrap();
        assert!(again.next().await.unwrap().is_none());
        assert!(again.complete(), "what is known at the end is not forgotten");
    }

    let mut pages = site.pull(None).await.unwrap();
    while pages.next().await.unwrap().is_some() {}
    assert!(!pages.complete(), "no file does not mean that there are no records");
}
