use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use domain::DataType;
use domain::ids::{ConnectionId, RunId};
use jiff::Timestamp;
use store::{Collection, Outcome, Permit, Store, StoreError, Upsert, Vanished};

use crate::embedded::store;

/// More records than fit into a few blocks.
const RECORDS: usize = 3_000;

fn key(n: usize) -> String {
    format!("K{n:05}")
}

async fn known() -> (Store, Collection) {
    let store = store().await;
    let of = Collection::plain(ConnectionId::generate(), DataType::Products);
    let record = |n| Upsert {
        key: key(n).into(),
        data: format!(r#"{{"sku":"{}","name":"{:x}"}}"#, key(n), n.wrapping_mul(0x9E37_79B9_7F4A_7C15))
            .into(),
    };
    let records: Vec<_> = (0..RECORDS).map(record).collect();
    let run = RunId::generate();
    store
        .upsert_records(
            &of,
            &run,
            0..u32::try_from(RECORDS).unwrap(),
            &records,
            &Permit::unlimited(),
            Timestamp::now(),
        )
        .await
        .unwrap();
    (store, of)
}

fn is_seen(key: &str) -> bool {
    key[1..].parse::<usize>().unwrap() % 7 != 3
}

fn gone() -> BTreeSet<String> {
    (0..RECORDS).map(key).filter(|key| !is_seen(key)).collect()
}

#[tokio::test]
async fn what_was_not_seen_is_found_and_marked_once_also_when_it_is_done_again() {
    let (store, of) = known().await;
    let run = RunId::generate();
    let vanished = Vanished { run: &run, counted: 40, is_seen: &is_seen };
    let mut live = 0;
    let blocks = store.survey(&of, &vanished, |_, _| live += 1).await.unwrap();
    assert_eq!(live, RECORDS, "every record once");

    let permit = Permit::unlimited();
    let delete = || store.delete_vanished(&of, &blocks, &vanished, &permit, Timestamp::now());
    let first: BTreeSet<_> = delete().await.unwrap().into_iter().collect();
    assert_eq!(first, gone());
    let again: BTreeSet<_> = delete().await.unwrap().into_iter().collect();
    assert_eq!(again, gone(), "done again it tells the same");

    let mut told = BTreeSet::new();
    let same = store.survey(&of, &vanished, |key, gone| {
        if gone {
            told.insert(key.to_owned());
        }
    });
    let same = same.await;
    assert_eq!((same.unwrap().len(), told), (blocks.len(), gone()));
    let next = Vanished { counted: 1_000, ..vanished };
    assert!(store.survey(&of, &next, |_, _| {}).await.unwrap().is_empty(), "once counted, nothing is left");
    assert!(store.record(&of, &key(3)).await.unwrap().unwrap().deleted);
    assert!(!store.record(&of, &key(4)).await.unwrap().unwrap().deleted);
}

#[tokio::test]
async fn nothing_is_written_once_the_permit_has_ended() {
    let (store, of) = known().await;
    let run = RunId::generate();
    let vanished = Vanished { run: &run, counted: 0, is_seen: &is_seen };
    let blocks = store.survey(&of, &vanished, |_, _| {}).await.unwrap();
    let ended = Permit::until(Instant::now());
    let refused = store.delete_vanished(&of, &blocks, &vanished, &ended, Timestamp::now()).await;
    assert!(matches!(refused, Err(StoreError::Changed)), "{refused:?}");
    let new = [Upsert { key: "new".into(), data: "{}".into() }];
    let refused = store.upsert_records(&of, &run, 0..1, &new, &ended, Timestamp::now()).await;
    assert!(matches!(refused, Err(StoreError::Changed)), "{refused:?}");
    assert!(store.record(&of, "new").await.unwrap().is_none());
    assert!(!store.record(&of, &key(3)).await.unwrap().unwrap().deleted);

    ended.extend(Instant::now() + Duration::from_secs(60));
    let written = store.upsert_records(&of, &run, 0..1, &new, &ended, Timestamp::now()).await.unwrap();
    assert_eq!(written.outcomes, [Outcome::Created]);
}
