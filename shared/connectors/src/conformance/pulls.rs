//! Testing a connection and pulling over it.

use domain::json::Opened;
use domain::mapping::Mapper;
use serde_json::Value;
use transport::ErpError;

use super::{AMOUNT, Mood, NAME, Server, Subject, changed_at, connector, erp, settings};
use crate::{Item, Page, Pull};

fn pull<S: Subject>(resume: Option<String>) -> Pull {
    Pull { data_type: S::PULLED, page_size: 10, resume, since: None }
}

/// The canonical form of a page's records.
fn mapped<S: Subject>(page: &Page) -> Vec<Value> {
    let mut mapper = Mapper::new(S::PULLED, &S::mapping(), &[]);
    let mut map = |item: &Item| {
        let Item::Record(range) = item else { panic!("{item:?}") };
        let mut out = Vec::new();
        mapper.map(&Opened::parse(&page.body[range.clone()]).unwrap(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    };
    page.items.iter().map(&mut map).collect()
}

/// When each record was changed, in the order they came, pulled in one go.
async fn pulled<S: Subject>(erp: &Server<S>, pull: Pull) -> Result<(Vec<String>, bool), ErpError> {
    let mut pages = connector(erp).pull(pull).await?;
    let mut all = Vec::new();
    while let Some(page) = pages.next().await? {
        all.extend(mapped::<S>(&page).iter().map(|record| record["modifiedAt"].as_str().unwrap().to_owned()));
    }
    Ok((all, pages.complete()))
}

fn expected(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(changed_at).collect()
}

pub(crate) async fn a_connection_test_signs_in<S: Subject>() {
    let report = connector(&erp::<S>(1).await).test().await.unwrap();
    assert!(!report.message.is_empty());
}

pub(crate) async fn bad_credentials_are_unauthorized<S: Subject>() {
    let erp = erp::<S>(1).await;
    let error = S::connector(&erp.origin, &settings(), false).test().await.unwrap_err();
    assert!(
        matches!(&error, ErpError::Unauthorized(why) if why.contains("check the connection's")),
        "{error:?}"
    );
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

pub(crate) async fn every_record_comes_once_in_one_go_and_from_checkpoint_to_checkpoint<S: Subject>() {
    for count in [0, 1, 10, 25] {
        let erp = erp::<S>(count).await;
        let (all, complete) = pulled(&erp, pull::<S>(None)).await.unwrap();
        assert_eq!((all, complete), (expected(0..count), true));
        let (mut resume, mut stepwise) = (None, Vec::new());
        loop {
            let mut pages = connector(&erp).pull(pull::<S>(resume.clone())).await.unwrap();
            let Some(page) = pages.next().await.unwrap() else {
                assert!(pages.complete(), "what is known at the end is not forgotten");
                break;
            };
            assert!(page.items.len() <= 10 && page.resume.len() < 8192);
            stepwise.extend(mapped::<S>(&page));
            resume = Some(page.resume);
        }
        let stamps: Vec<_> = stepwise.iter().map(|record| record["modifiedAt"].as_str().unwrap()).collect();
        assert_eq!(stamps, expected(0..count));
    }
}

pub(crate) async fn changes_alone_come_where_they_can_be_asked_for<S: Subject>() {
    let erp = erp::<S>(25).await;
    if !connector(&erp).pulls_changes(S::PULLED) {
        return;
    }
    // Between two stamps: whether the vendor means "since" or "after" does not matter, as the engine asks with overlap.
    let since = Some("2026-11-20T00:11:30Z".parse().unwrap());
    let (changed, complete) = pulled(&erp, Pull { since, ..pull::<S>(None) }).await.unwrap();
    assert_eq!((changed, complete), (expected(12..25), false));
}

pub(crate) async fn a_throttled_request_is_repeated<S: Subject>() {
    let erp = erp::<S>(25).await;
    erp.next([Mood::Answers(429, Some("0"), "{}"), Mood::Answers(429, None, "slow down")]);
    assert_eq!(pulled(&erp, pull::<S>(None)).await.unwrap().0, expected(0..25));
    let busy = || Mood::Answers(429, Some("0"), r#"{"error":{"code":"busy","message":"too many"}}"#);
    erp.next([busy(), busy(), busy()]);
    let error = pulled(&erp, pull::<S>(None)).await.unwrap_err();
    assert!(matches!(error, ErpError::RateLimited { retry_after: Some(_), .. }), "{error:?}");
    assert!(erp.is_calm());
}

pub(crate) async fn a_server_that_fails_recovers<S: Subject>() {
    let erp = erp::<S>(25).await;
    erp.next([Mood::Answers(503, Some("0"), ""), Mood::Answers(504, None, "<html>Gateway</html>")]);
    assert_eq!(pulled(&erp, pull::<S>(None)).await.unwrap().0, expected(0..25));
    erp.next([Mood::Answers(502, None, ""), Mood::Answers(500, None, ""), Mood::Answers(408, None, "")]);
    let error = pulled(&erp, pull::<S>(None)).await.unwrap_err();
    assert!(matches!(error, ErpError::Unavailable(_)), "{error:?}");
}

pub(crate) async fn a_refused_token_is_replaced_once<S: Subject>() {
    let erp = erp::<S>(25).await;
    let mut pages = connector(&erp).pull(pull::<S>(None)).await.unwrap();
    let mut stamps = mapped::<S>(&pages.next().await.unwrap().unwrap());
    if !erp.vendor.revoke() {
        return;
    }
    while let Some(page) = pages.next().await.unwrap() {
        stamps.extend(mapped::<S>(&page));
    }
    assert_eq!(stamps.len(), 25);
    erp.next([Mood::Answers(401, None, "{}"), Mood::Answers(401, None, "{}")]);
    let error = pulled(&erp, pull::<S>(None)).await.unwrap_err();
    assert!(matches!(error, ErpError::Unauthorized(_)), "{error:?}");
    assert!(erp.is_calm());
}

pub(crate) async fn a_page_that_cannot_be_read_is_malformed<S: Subject>() {
    let erp = erp::<S>(25).await;
    for broken in ["<html><title>Sign in</title></html>", r#"{"value": [{"a": 1"#, r#"{"odd": true}"#, ""] {
        erp.next([Mood::Answers(200, None, broken)]);
        // What was cut off may come whole the next time.
        let is_cut = broken.starts_with('{') && !broken.ends_with('}');
        match pulled(&erp, pull::<S>(None)).await {
            Ok(_) | Err(ErpError::Unavailable(_)) if is_cut => {}
            Err(ErpError::Malformed(_)) => {}
            other => panic!("{broken}: {other:?}"),
        }
    }
}

pub(crate) async fn unicode_and_every_digit_arrive<S: Subject>() {
    let erp = erp::<S>(1).await;
    let page = connector(&erp).pull(pull::<S>(None)).await.unwrap().next().await.unwrap().unwrap();
    let record = &mapped::<S>(&page)[0];
    assert_eq!((&record["name"], &record["price"]), (&NAME.into(), &AMOUNT.into()));
}
