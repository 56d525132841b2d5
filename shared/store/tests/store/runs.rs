use std::time::Instant;

use domain::DataType;
use domain::ids::ConnectionId;
use domain::notation::Notations;
use domain::run::{Counts, FailedRecord, FailureClass, RunStatus};
use domain::sync_config::SyncStatus;
use jiff::{SignedDuration, Timestamp};
use store::{Permit, RunFilter, SlotTaken, Started, StoreError};

use crate::embedded::{closed, config, connection, run, store};

#[tokio::test]
async fn one_run_of_a_connection_and_data_type_is_open_at_a_time() {
    let store = store().await;
    let sap = connection("SAP");
    store.create_connection(&sap).await.unwrap();
    let (first, second) = (run(&sap.id, DataType::Orders, None), run(&sap.id, DataType::Orders, None));
    assert_eq!(store.start_run(&first, None).await.unwrap(), Started::Yes);
    assert_eq!(store.start_run(&second, None).await.unwrap(), Started::AlreadyRunning(first.id.clone()));
    assert_eq!(store.run(&second.id).await.unwrap(), None);
    assert_eq!(store.start_run(&run(&sap.id, DataType::Products, None), None).await.unwrap(), Started::Yes);

    store.close_run(&closed(&first, RunStatus::Success, Counts::default()), None).await.unwrap();
    assert_eq!(store.start_run(&second, None).await.unwrap(), Started::Yes);
    assert_eq!(store.active_runs(10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_run_is_closed_and_counted_once() {
    let store = store().await;
    let sap = connection("SAP");
    store.create_connection(&sap).await.unwrap();
    let products = config(&sap.id, DataType::Products, None);
    store.create_sync_config(&products).await.unwrap();
    let open = run(&sap.id, DataType::Products, Some(&products.id));
    store.start_run(&open, None).await.unwrap();
    assert_eq!(store.sync_config(&products.id).await.unwrap().unwrap().status, SyncStatus::Syncing);

    let done = closed(&open, RunStatus::Success, Counts { read: 10, created: 10, ..Counts::default() });
    store.close_run(&done, None).await.unwrap();
    assert!(matches!(store.close_run(&done, None).await, Err(StoreError::Changed)));

    let statistics = store.statistics(&sap.id).await.unwrap();
    assert_eq!((statistics.total_syncs, statistics.successful_syncs, statistics.failed_syncs), (1, 1, 0));
    assert_eq!((statistics.total_records_processed, statistics.avg_sync_duration), (10, 1.5));
    let config = store.sync_config(&products.id).await.unwrap().unwrap();
    assert_eq!(
        (config.status, config.last_run_id, config.last_sync_at),
        (SyncStatus::Success, Some(open.id), done.completed_at)
    );
    assert_eq!(store.connection(&sap.id).await.unwrap().unwrap().last_sync_at, done.completed_at);
}

#[tokio::test]
async fn a_run_can_be_closed_though_its_connection_and_config_are_gone() {
    let store = store().await;
    let sap = connection("SAP");
    store.create_connection(&sap).await.unwrap();
    let products = config(&sap.id, DataType::Products, None);
    store.create_sync_config(&products).await.unwrap();
    let open = run(&sap.id, DataType::Products, Some(&products.id));
    store.start_run(&open, None).await.unwrap();
    store.delete_connection(&sap.id).await.unwrap();

    store.close_run(&closed(&open, RunStatus::Error, Counts::default()), Some("gone")).await.unwrap();
    assert!(store.active_runs(10).await.unwrap().is_empty());
    assert_eq!(store.connection(&sap.id).await.unwrap(), None);
    assert_eq!(store.sync_config(&products.id).await.unwrap(), None);
}

#[tokio::test]
async fn of_two_schedulers_one_takes_the_slot() {
    let store = store().await;
    let now = Timestamp::now();
    let sap = connection("SAP");
    store.create_connection(&sap).await.unwrap();
    let products = config(&sap.id, DataType::Products, Some(now));
    store.create_sync_config(&products).await.unwrap();
    let slot = SlotTaken { due: now, next: Some(now + SignedDuration::from_hours(24)) };
    let first = run(&sap.id, DataType::Products, Some(&products.id));
    assert_eq!(store.start_run(&first, Some(&slot)).await.unwrap(), Started::Yes);
    store.close_run(&closed(&first, RunStatus::Success, Counts::default()), None).await.unwrap();

    let second = run(&sap.id, DataType::Products, Some(&products.id));
    assert_eq!(store.start_run(&second, Some(&slot)).await.unwrap(), Started::SlotGone);
    assert!(store.active_runs(10).await.unwrap().is_empty());
    assert_eq!(store.sync_config(&products.id).await.unwrap().unwrap().next_sync_at, slot.next);
}

#[tokio::test]
async fn a_checkpoint_of_an_older_version_is_refused() {
    let store = store().await;
    let mut open = run(&ConnectionId::generate(), DataType::Orders, None);
    store.start_run(&open, None).await.unwrap();
    open.version = 2;
    store.checkpoint_run(&open).await.unwrap();
    assert!(matches!(store.checkpoint_run(&open).await, Err(StoreError::Changed)));
    assert_eq!(store.run(&open.id).await.unwrap(), Some(open));
}

#[tokio::test]
async fn runs_are_listed_newest_first_over_all_filters() {
    let store = store().await;
    let (a, b) = (ConnectionId::generate(), ConnectionId::generate());
    let mut runs = Vec::new();
    for (connection, data_type) in [
        (&a, DataType::Orders),
        (&b, DataType::Orders),
        (&a, DataType::Products),
        (&a, DataType::Invoices),
        (&b, DataType::Products),
    ] {
        let one = run(connection, data_type, None);
        store.start_run(&one, None).await.unwrap();
        runs.insert(0, one);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await; // ids sort by the millisecond
    }
    let list = async |filter: RunFilter| {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = store.list_runs(&filter, 2, cursor.as_deref()).await.unwrap();
            seen.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                return seen;
            }
        }
    };
    assert_eq!(list(RunFilter::default()).await, runs);
    let of_a = list(RunFilter { connection: Some(a.clone()), data_type: None }).await;
    assert_eq!(of_a, runs.iter().filter(|r| r.erp_connection_id == a).cloned().collect::<Vec<_>>());
    let orders = list(RunFilter { connection: None, data_type: Some(DataType::Orders) }).await;
    assert_eq!(orders, runs.iter().filter(|r| r.data_type == DataType::Orders).cloned().collect::<Vec<_>>());
    let both = list(RunFilter { connection: Some(b.clone()), data_type: Some(DataType::Orders) }).await;
    assert_eq!(both.len(), 1);
}

#[tokio::test]
async fn failed_records_are_paged_in_order_and_those_of_a_lost_attempt_forgotten() {
    let store = store().await;
    let run = run(&ConnectionId::generate(), DataType::Orders, None);
    let record = |position| FailedRecord {
        position,
        key: None,
        file: None,
        notations: Notations::default(),
        class: FailureClass::Unreadable,
        errors: Vec::new(),
        raw: "{}".to_owned(),
    };
    let all: Vec<_> = (1..=60).map(record).collect();
    store.keep_failed_records(&run, &all, &Permit::unlimited(), Timestamp::now()).await.unwrap();
    store.keep_failed_records(&run, &all[..3], &Permit::unlimited(), Timestamp::now()).await.unwrap();
    let first = store.failed_records(&run.id, 50, None).await.unwrap();
    assert_eq!(first.items, all[..50]);
    let rest = store.failed_records(&run.id, 50, first.next.as_deref()).await.unwrap();
    assert_eq!((rest.items.as_slice(), rest.next), (&all[50..], None));

    store.forget_failed_records_after(&run.id, 40).await.unwrap();
    assert_eq!(store.failed_records(&run.id, 50, None).await.unwrap().items, all[..40]);

    let ended = Permit::until(Instant::now());
    let late = store.keep_failed_records(&run, &all, &ended, Timestamp::now()).await;
    assert!(matches!(late, Err(StoreError::Changed)), "{late:?}");
    assert_eq!(store.failed_records(&run.id, 50, None).await.unwrap().items, all[..40]);
}
