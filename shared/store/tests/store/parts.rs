use domain::DataType;
use domain::census::{Census, Tally};
use domain::ids::ConnectionId;
use domain::run::{Counts, Parts, Run, RunStatus};
use futures::future::join_all;
use store::{Started, Store, StoreError};

use crate::embedded::{closed, run, store};

const PARTS: u32 = 6;

/// A run that is split.
async fn split() -> (Store, Run, Vec<Run>) {
    let store = store().await;
    let mut whole = run(&ConnectionId::generate(), DataType::Products, None);
    assert_eq!(store.start_run(&whole, None).await.unwrap(), Started::Yes);
    whole.census = Some(Census::default());
    let parts: Vec<Run> = (1..=PARTS).map(|number| whole.part(number, format!("page {number}"))).collect();
    let ids = parts.iter().map(|part| part.id.clone()).collect();
    whole.parts = Some(Parts { ids, open: PARTS, complete: true, error: None });
    whole.version += 1;
    store.split_run(&whole, &parts).await.unwrap();
    (store, whole, parts)
}

fn done(part: &Run) -> Run {
    let mut tally = Tally::default();
    tally.add(u64::from(part.part.as_ref().unwrap().number));
    let counts = Counts { read: 10, created: 7, unchanged: 3, ..Counts::default() };
    let census = Some(Census { seen: tally, live: tally, ..Census::default() });
    Run { census, complete: true, ..closed(part, RunStatus::Success, counts) }
}

#[tokio::test]
async fn parts_that_close_at_once_are_all_added_and_the_last_is_known() {
    let (store, whole, parts) = split().await;
    let ended: Vec<Run> = parts.iter().map(done).collect();
    let closings = join_all(ended.iter().map(|part| store.close_run(part, None))).await;
    closings.into_iter().for_each(|closing| closing.unwrap());
    let whole = store.run(&whole.id).await.unwrap().unwrap();
    assert_eq!(
        (whole.open_parts(), whole.is_open(), whole.parts.as_ref().unwrap().complete),
        (0, true, true)
    );
    assert_eq!((whole.counts.read, whole.counts.created), (60, 42));
    assert_eq!(whole.census.unwrap().seen, Tally { count: 6, sum: 21 });

    let again = store.close_run(&ended[0], None).await;
    assert!(matches!(again, Err(StoreError::Changed)), "a part closes once: {again:?}");
    assert_eq!(store.run(&whole.id).await.unwrap().unwrap(), whole);
}

#[tokio::test]
async fn a_part_that_fails_is_told_and_parts_are_in_no_list() {
    let (store, whole, parts) = split().await;
    let failed = Run {
        error: Some("page 3 is broken".to_owned()),
        ..closed(&parts[2], RunStatus::Error, Counts::default())
    };
    store.close_run(&failed, None).await.unwrap();
    store.close_run(&done(&parts[0]), None).await.unwrap();
    let told = store.run(&whole.id).await.unwrap().unwrap().parts.unwrap();
    assert_eq!((told.open, told.complete, told.error.as_deref()), (4, false, Some("page 3 is broken")));
    let listed = store.list_runs(&store::RunFilter::default(), 10, None).await.unwrap();
    assert_eq!(listed.items.iter().map(|run| &run.id).collect::<Vec<_>>(), [&whole.id]);
    let shown = store.run_so_far(&whole.id).await.unwrap().unwrap();
    assert_eq!(shown.counts.read, 10);
}
