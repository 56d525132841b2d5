use std::collections::{BTreeMap, BTreeSet};

use domain::DataType;
use domain::ids::{ConnectionId, RunId};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use store::{Collection, Outcome, Permit, Store, Upsert};

use crate::embedded::{slow_store, store};

fn collection(data_type: DataType) -> Collection {
    Collection::plain(ConnectionId::generate(), data_type)
}

/// A record, or now and then the deletion of one.
fn upsert_or_deletion(key: &str, content: u64, bytes: usize) -> Upsert {
    if content.is_multiple_of(5) { Upsert::deletion(key.into()) } else { upsert(key, content, bytes) }
}

/// A record that hardly compresses, so that few of them fill a block.
fn upsert(key: &str, content: u64, bytes: usize) -> Upsert {
    let mut state = content.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let noise: String = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'a' + u8::try_from(state % 26).unwrap())
    })
    .take(bytes)
    .collect();
    Upsert { key: key.into(), data: format!(r#"{{"v":"{noise}"}}"#).into() }
}

async fn all(store: &Store, of: &Collection) -> BTreeMap<String, String> {
    let (mut seen, mut cursor) = (BTreeMap::new(), None);
    loop {
        let page = store.list_records(of, None, 37, cursor.as_deref()).await.unwrap();
        for record in page.items {
            let last = seen.last_key_value().map(|(key, _): (&String, &String)| key.clone());
            assert!(last.is_none_or(|last| last < record.id), "in order, none twice");
            if !record.deleted {
                seen.insert(record.id, record.data.get().to_owned());
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return seen;
        }
    }
}

/// Batches of keys and contents; the keys are few enough to meet again, and cover text that sorts oddly.
fn batches() -> impl Strategy<Value = Vec<Vec<(String, u64)>>> {
    let key = prop_oneof!["[a-c]{1,3}", "[0-9]{1,2}\\|[A-Z]", "(ü|é|~|!| ){1,2}x", "k[0-9]{3}"];
    prop::collection::vec(prop::collection::vec((key, 0_u64..4), 0..120), 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_sequence_of_batches_equals_a_plain_sorted_map(batches in batches(), bytes in 1_usize..900) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let store = store().await;
            let of = collection(DataType::Products);
            let mut expected: BTreeMap<String, String> = BTreeMap::new();
            for batch in &batches {
                let upserts: Vec<_> = batch.iter().map(|(key, content)| upsert_or_deletion(key, *content, bytes)).collect();
                let run = RunId::generate();
                let written = store.upsert_records(&of, &run, 0..100, &upserts, &Permit::unlimited(), Timestamp::now()).await.unwrap();
                let mut keys = BTreeSet::new();
                let repeated: Vec<_> =
                    (0..upserts.len()).filter(|at| !keys.insert(upserts[*at].key.to_string())).collect();
                assert_eq!(written.repeated, repeated);
                for (upsert, outcome) in upserts.iter().zip(written.outcomes) {
                    let text = String::from_utf8(upsert.data.to_vec()).unwrap();
                    let before = expected.remove(&*upsert.key);
                    let wanted = match before {
                        None if upsert.is_deletion() => Outcome::Absent,
                        Some(_) if upsert.is_deletion() => Outcome::Deleted,
                        None => Outcome::Created,
                        Some(before) if before == text => Outcome::Unchanged,
                        Some(_) => Outcome::Updated,
                    };
                    if !upsert.is_deletion() {
                        expected.insert(upsert.key.to_string(), text);
                    }
                    assert_eq!(outcome, wanted, "{}", upsert.key);
                }
            }
            assert_eq!(all(&store, &of).await, expected);
            for (key, text) in &expected {
                let one = store.record(&of, key).await.unwrap().unwrap();
                assert_eq!(one.data.get(), text);
            }
        });
    }
}

#[tokio::test]
async fn a_batch_that_is_done_again_counts_as_it_did_the_first_time() {
    let store = store().await;
    let of = collection(DataType::Products);
    let (earlier, run) = (RunId::generate(), RunId::generate());
    let known: Vec<_> = (0..50).map(|n| upsert(&format!("k{n:03}"), 1, 100)).collect();
    store.upsert_records(&of, &earlier, 0..50, &known, &Permit::unlimited(), Timestamp::now()).await.unwrap();

    let batch: Vec<_> =
        (25..100).map(|n| upsert(&format!("k{n:03}"), if n < 40 { 1 } else { 2 }, 100)).collect();
    let first = store
        .upsert_records(&of, &run, 300..375, &batch, &Permit::unlimited(), Timestamp::now())
        .await
        .unwrap();
    let again = store
        .upsert_records(&of, &run, 300..375, &batch, &Permit::unlimited(), Timestamp::now())
        .await
        .unwrap();
    assert_eq!(again, first);
    let third = store
        .upsert_records(&of, &run, 300..375, &batch, &Permit::unlimited(), Timestamp::now())
        .await
        .unwrap();
    assert_eq!(third, first);
    let of_outcome = |wanted| first.outcomes.iter().filter(|outcome| **outcome == wanted).count();
    assert_eq!(
        (of_outcome(Outcome::Unchanged), of_outcome(Outcome::Updated), of_outcome(Outcome::Created)),
        (15, 10, 50)
    );
    let next = store
        .upsert_records(&of, &run, 375..450, &batch, &Permit::unlimited(), Timestamp::now())
        .await
        .unwrap();
    assert!(
        next.outcomes.iter().all(|outcome| *outcome == Outcome::Unchanged),
        "a later batch finds them known"
    );
}

#[tokio::test]
async fn a_deletion_that_is_done_again_counts_as_it_did_the_first_time() {
    let store = store().await;
    let of = collection(DataType::Products);
    let (earlier, run) = (RunId::generate(), RunId::generate());
    let known: Vec<_> = (0..4).map(|n| upsert(&format!("k{n}"), 1, 100)).collect();
    let keep = async |run: &RunId, read, batch: &[Upsert]| {
        store.upsert_records(&of, run, read, batch, &Permit::unlimited(), Timestamp::now()).await.unwrap()
    };
    keep(&earlier, 0..4, &known).await;
    // One that is known, one that is not, and one that is made and deleted again.
    let gone = |key: &'static str| Upsert::deletion(key.into());
    let batch = [gone("k1"), gone("zz"), upsert("new", 1, 10), gone("new")];
    let wanted = [Outcome::Deleted, Outcome::Absent, Outcome::Created, Outcome::Deleted];
    for attempt in 0..3 {
        assert_eq!(keep(&run, 4..8, &batch).await.outcomes, wanted, "attempt {attempt}");
    }
    assert_eq!(all(&store, &of).await.into_keys().collect::<Vec<_>>(), ["k0", "k2", "k3"]);
    let later = keep(&run, 8..9, &[gone("k1")]).await;
    assert_eq!((later.outcomes, later.repeated), (vec![Outcome::Absent], vec![0]));
}

#[tokio::test]
async fn a_record_that_comes_again_is_told_in_a_batch_and_in_later_ones() {
    let store = store().await;
    let of = collection(DataType::Products);
    let run = RunId::generate();
    let keep = async |read, keys: &[&'static str]| {
        let upserts: Vec<_> = keys.iter().map(|key| upsert(key, 1, 10)).collect();
        let permit = Permit::unlimited();
        store.upsert_records(&of, &run, read, &upserts, &permit, Timestamp::now()).await.unwrap().repeated
    };
    assert_eq!(keep(0..3, &["a", "b", "a"]).await, [2]);
    assert_eq!(keep(0..3, &["a", "b", "a"]).await, [2], "done again, it is no other");
    assert_eq!(keep(3..5, &["c", "b"]).await, [1]);
}

#[tokio::test]
async fn records_that_were_stored_and_not_counted_count_when_they_come_again_in_a_later_batch() {
    let store = store().await;
    let of = collection(DataType::Products);
    let run = RunId::generate();
    let upserts: Vec<_> = (0..60).map(|n| upsert(&format!("k{n:03}"), 1, 100)).collect();
    let keep = async |read: std::ops::Range<u32>| {
        let part = &upserts[read.start as usize..read.end as usize];
        store.upsert_records(&of, &run, read, part, &Permit::unlimited(), Timestamp::now()).await.unwrap()
    };
    keep(0..60).await; // and its worker dies
    for read in [0..20, 20..40, 40..60] {
        let outcomes = keep(read).await.outcomes;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Created), "{outcomes:?}");
    }
}

#[tokio::test]
async fn records_changed_since_a_moment_are_found_page_by_page() {
    let store = store().await;
    let of = collection(DataType::Orders);
    let start = Timestamp::now();
    let old: Vec<_> = (0..400).map(|n| upsert(&format!("o{n:04}"), 1, 300)).collect();
    store.upsert_records(&of, &RunId::generate(), 0..400, &old, &Permit::unlimited(), start).await.unwrap();
    let later = start + SignedDuration::from_secs(60);
    let changed: Vec<_> = (0..400).step_by(40).map(|n| upsert(&format!("o{n:04}"), 2, 300)).collect();
    store
        .upsert_records(&of, &RunId::generate(), 0..400, &changed, &Permit::unlimited(), later)
        .await
        .unwrap();

    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let since = Some(later);
        let page = store.list_records(&of, since, 3, cursor.as_deref()).await.unwrap();
        seen.extend(page.items.into_iter().map(|record| record.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, changed.into_iter().map(|upsert| upsert.key).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_stock_levels_of_a_sku_are_its_own() {
    let store = store().await;
    let of = collection(DataType::Inventory);
    let upserts: Vec<_> = ["A", "A|MAIN", "A|SHOP 2", "A-1|MAIN", "AB", "B|MAIN"]
        .into_iter()
        .map(|key| upsert(key, 1, 50))
        .collect();
    store
        .upsert_records(&of, &RunId::generate(), 0..400, &upserts, &Permit::unlimited(), Timestamp::now())
        .await
        .unwrap();
    let levels = store.stock_levels(&of, "A").await.unwrap();
    assert_eq!(levels.into_iter().map(|record| record.id).collect::<Vec<_>>(), ["A", "A|MAIN", "A|SHOP 2"]);
    assert!(store.stock_levels(&of, "C").await.unwrap().is_empty());
}

#[tokio::test]
async fn large_records_that_fill_more_than_a_page_of_the_table_are_kept_one_by_one() {
    let store = store().await;
    let of = collection(DataType::Products);
    let keep = async |contents: u64, step: usize| {
        let upserts: Vec<_> =
            (0..600).step_by(step).map(|n| upsert(&format!("k{n:03}"), contents, 70_000)).collect();
        let run = RunId::generate();
        let now = Timestamp::now();
        store.upsert_records(&of, &run, 0..600, &upserts, &Permit::unlimited(), now).await.unwrap()
    };
    assert!(keep(1, 2).await.outcomes.iter().all(|outcome| *outcome == Outcome::Created));
    assert!(keep(2, 2).await.outcomes.iter().all(|outcome| *outcome == Outcome::Updated));
    let all_of_them = keep(2, 1).await;
    assert_eq!(all_of_them.outcomes.iter().filter(|outcome| **outcome == Outcome::Created).count(), 300);
    assert_eq!(all(&store, &of).await.len(), 600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 32)]
async fn two_writers_side_by_side_lose_nothing() {
    for round in 0..3 {
        let store = slow_store().await;
        let of = collection(DataType::Products);
        let write = |from: usize| {
            let (store, of) = (store.clone(), of.clone());
            let upserts: Vec<_> =
                (from..from + 600).map(|n| upsert(&format!("k{n:05}"), 1 + n as u64, 1_500)).collect();
            async move {
                let (run, now) = (RunId::generate(), Timestamp::now());
                store.upsert_records(&of, &run, 0..600, &upserts, &Permit::unlimited(), now).await.unwrap()
            }
        };
        let (one, two) = (tokio::spawn(write(0)), tokio::spawn(write(600)));
        let outcomes = [one.await.unwrap().outcomes, two.await.unwrap().outcomes].concat();
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Created));
        assert_eq!(
            store.list_records(&of, None, 4_000, None).await.unwrap().items.len(),
            1_200,
            "round {round}"
        );
    }
}
