use domain::DataType;
use domain::connection::ConnectionStatus;
use jiff::Timestamp;
use store::{AssignmentRef, Collection, Permit, StoreError, Upsert};

use crate::embedded::{config, connection, run, store};

#[tokio::test]
async fn a_connection_comes_back_as_it_was_written() {
    let store = store().await;
    let sap = connection("SAP ü");
    store.create_connection(&sap).await.unwrap();
    assert_eq!(store.connection(&sap.id).await.unwrap(), Some(sap.clone()));
    assert!(matches!(store.create_connection(&sap).await, Err(StoreError::Exists)));
}

#[tokio::test]
async fn of_two_changes_to_the_same_version_one_is_refused() {
    let store = store().await;
    let mut sap = connection("SAP");
    store.create_connection(&sap).await.unwrap();
    sap.version = 2;
    store.replace_connection(&sap).await.unwrap();
    assert!(matches!(store.replace_connection(&sap).await, Err(StoreError::Changed)));
}

#[tokio::test]
async fn a_change_does_not_undo_what_a_test_noted() {
    let store = store().await;
    let mut sap = connection("SAP");
    store.create_connection(&sap).await.unwrap();
    let at = Timestamp::now();
    let noted = store.note_test(&sap.id, ConnectionStatus::Error, at, Some("refused"), None).await.unwrap();
    assert_eq!((noted.status, noted.last_error.as_deref()), (ConnectionStatus::Error, Some("refused")));
    sap.version = 2;
    store.replace_connection(&sap).await.unwrap();
    let after = store.connection(&sap.id).await.unwrap().unwrap();
    assert_eq!(after.last_tested_at, Some(at));
}

#[tokio::test]
async fn the_first_host_key_stays_pinned() {
    let store = store().await;
    let sftp = connection("files");
    store.create_connection(&sftp).await.unwrap();
    let pin = |key: &'static str| {
        store.note_test(&sftp.id, ConnectionStatus::Active, Timestamp::now(), None, Some(key))
    };
    assert_eq!(pin("SHA256:one").await.unwrap().credentials.sftp_host_key.as_deref(), Some("SHA256:one"));
    assert_eq!(pin("SHA256:two").await.unwrap().credentials.sftp_host_key.as_deref(), Some("SHA256:one"));
    assert!(matches!(store.pin_host_key(&sftp.id, "SHA256:three").await, Err(StoreError::Changed)));
}

#[tokio::test]
async fn a_test_of_a_deleted_connection_does_not_bring_it_back() {
    let store = store().await;
    let gone = connection("gone");
    let noted = store.note_test(&gone.id, ConnectionStatus::Active, Timestamp::now(), None, None).await;
    assert!(matches!(noted, Err(StoreError::Changed)));
    assert_eq!(store.connection(&gone.id).await.unwrap(), None);
}

#[tokio::test]
async fn lists_are_paged_in_order_to_their_end() {
    let store = store().await;
    let mut names = Vec::new();
    for n in 0..7 {
        let one = connection(&format!("c{n}"));
        store.create_connection(&one).await.unwrap();
        names.push(one.name);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await; // ids sort by the millisecond
    }
    let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = store.list_connections(3, cursor.as_deref()).await.unwrap();
        seen.extend(page.items.into_iter().map(|c| c.name));
        pages += 1;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((seen, pages), (names, 3));
    assert!(matches!(store.list_connections(3, Some("tampered")).await, Err(StoreError::InvalidCursor)));
}

#[tokio::test]
async fn deleting_a_connection_takes_all_that_belongs_to_it() {
    let store = store().await;
    let (gone, stays) = (connection("gone"), connection("stays"));
    for one in [&gone, &stays] {
        store.create_connection(one).await.unwrap();
        store.create_sync_config(&config(&one.id, DataType::Products, Some(Timestamp::now()))).await.unwrap();
        let collection = Collection::plain(one.id.clone(), DataType::Products);
        let upsert = Upsert { key: "a".into(), data: "{}".into() };
        let run = run(&one.id, DataType::Products, None);
        store
            .upsert_records(&collection, &run.id, 0..1, &[upsert], &Permit::unlimited(), Timestamp::now())
            .await
            .unwrap();
    }
    store.delete_connection(&gone.id).await.unwrap();
    assert_eq!(store.connection(&gone.id).await.unwrap(), None);
    assert!(store.sync_configs_of(&gone.id, 10, None).await.unwrap().items.is_empty());
    assert!(
        store.record(&Collection::plain(gone.id.clone(), DataType::Products), "a").await.unwrap().is_none()
    );
    assert_eq!(store.assignments_of_connection(&gone.id).await.unwrap(), Vec::<AssignmentRef>::new());
    assert!(
        store.record(&Collection::plain(stays.id.clone(), DataType::Products), "a").await.unwrap().is_some()
    );
    assert_eq!(store.due_sync_configs(Timestamp::now(), 10).await.unwrap().len(), 1);
}
