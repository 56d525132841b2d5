use domain::DataType;
use domain::json::Json;
use domain::mapping::drift::{Profile, Shape, Watch};
use domain::mapping::{Occurrence, Presence};
use domain::run::{Counts, Parts, Run, RunStatus};
use jiff::Timestamp;
use store::{Collection, Started, Store, StoreError};

use crate::embedded::{closed, connection, run, store};

fn profile(record: &str) -> Profile {
    let mut watch = Watch::new(&Shape::default());
    watch.look(&Json::parse(record.as_bytes()).unwrap().members());
    let mut presence = Presence::default();
    presence.add("sku".to_owned(), Occurrence { first: 0, times: 1, always: true, held: false });
    Profile { shape: watch.seen(), presence, ..Profile::default() }
}

async fn started() -> (Store, Run) {
    let store = store().await;
    let sap = connection("SAP");
    store.create_connection(&sap).await.unwrap();
    let run = run(&sap.id, DataType::Products, None);
    assert_eq!(store.start_run(&run, None).await.unwrap(), Started::Yes);
    (store, run)
}

#[tokio::test]
async fn what_a_run_and_its_parts_saw_comes_back_and_not_from_a_worker_that_lost_it() {
    let (store, mut whole) = started().await;
    let part = whole.part(1, "page 2".to_owned());
    whole.parts = Some(Parts { ids: vec![part.id.clone()], open: 1, complete: true, error: None });
    whole.version += 1;
    store.split_run(&whole, std::slice::from_ref(&part)).await.unwrap();
    assert!(store.profiles_seen(&whole).await.unwrap().is_empty());

    let (first, more) = (profile(r#"{"sku": "A"}"#), profile(r#"{"sku": "A", "size": {"width": 1.5}}"#));
    let step = |run: &Run| Run { version: run.version + 1, ..run.clone() };
    store.checkpoint_run_with_profile(&step(&whole), &first, Timestamp::now()).await.unwrap();
    store.checkpoint_run_with_profile(&step(&part), &more, Timestamp::now()).await.unwrap();
    let late = store.checkpoint_run_with_profile(&step(&whole), &more, Timestamp::now()).await;
    assert!(matches!(late, Err(StoreError::Changed)), "{late:?}");
    assert_eq!(store.profiles_seen(&whole).await.unwrap(), [first, more]);
}

#[tokio::test]
async fn a_profile_is_remembered_by_the_run_that_closes_and_goes_with_its_connection() {
    let (store, run) = started().await;
    let seen = profile(r#"{"sku": "A", "price": null}"#);
    let of = Collection::of(&run);
    assert!(store.profile(&of).await.unwrap().shape.is_empty());
    let done = closed(&run, RunStatus::Success, Counts::default());
    store.complete_run(&done, Some(&seen)).await.unwrap();
    assert!(matches!(store.complete_run(&done, Some(&Profile::default())).await, Err(StoreError::Changed)));
    assert_eq!(store.profile(&of).await.unwrap(), seen);
    assert!(
        store
            .profile(&Collection { data_type: DataType::Orders, ..of.clone() })
            .await
            .unwrap()
            .shape
            .is_empty()
    );

    let mut dry = crate::embedded::run(&of.connection, DataType::Products, None);
    dry.dry_run = true;
    store.start_run(&dry, None).await.unwrap();
    let done = closed(&dry, RunStatus::Success, Counts::default());
    store.complete_run(&done, Some(&Profile::default())).await.unwrap();
    assert_eq!(store.profile(&of).await.unwrap(), seen, "a dry run leaves it as it is");

    store.delete_connection(&of.connection).await.unwrap();
    assert!(store.profile(&of).await.unwrap().shape.is_empty());
}
