use domain::DataType;
use domain::change::{Change, ChangeState};
use domain::conflict::{Conflict, ConflictStatus, Resolution};
use domain::ids::{ConflictId, ConnectionId};
use domain::records::Record;
use jiff::Timestamp;
use serde_json::value::RawValue;
use store::{
    ChangeFilter, ChangeWrite, Collection, ConflictFilter, Permit, Stepped, Store, StoreError, Upsert,
};

use crate::embedded::{connection, run, store};

fn raw(text: &str) -> Option<Box<RawValue>> {
    Some(RawValue::from_string(text.to_owned()).unwrap())
}

fn change(connection: &ConnectionId, data_type: DataType, key: &str, data: Option<&str>) -> Change {
    // Ids sort by the millisecond.
    std::thread::sleep(std::time::Duration::from_millis(2));
    Change::new(connection.clone(), data_type, key.to_owned(), data.and_then(raw), None, Timestamp::now())
}

async fn keep(store: &Store, connection: &ConnectionId, keys: &[&str]) {
    let collection = Collection::plain(connection.clone(), DataType::Products);
    let open = run(connection, DataType::Products, None);
    let upsert = |key: &&str| Upsert { key: (*key).into(), data: format!(r#"{{"sku":"{key}"}}"#).into() };
    let upserts: Vec<Upsert> = keys.iter().map(upsert).collect();
    store
        .upsert_records(&collection, &open.id, 0..100, &upserts, &Permit::unlimited(), Timestamp::now())
        .await
        .unwrap();
}

async fn pages(store: &Store, connection: &ConnectionId, limit: u32) -> Vec<Record> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let list = store.list_current_records(connection, DataType::Products, None, limit, cursor.as_deref());
        let page = list.await.unwrap();
        assert!(page.items.len() <= limit as usize);
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return all;
        }
    }
}

#[tokio::test]
async fn a_record_has_one_change_that_is_written_under_its_version() {
    let store = store().await;
    let id = ConnectionId::generate();
    let first = change(&id, DataType::Products, "A", Some(r#"{"sku":"A","weight":1.50}"#));
    store.create_change(&first).await.unwrap();
    assert!(matches!(store.create_change(&first).await, Err(StoreError::Exists)));
    let read = store.change(&first.id).await.unwrap().unwrap();
    assert_eq!(read.data.unwrap().get(), r#"{"sku":"A","weight":1.50}"#);

    let second = first.edited(None, Timestamp::now()).unwrap();
    store.replace_change(&second).await.unwrap();
    assert!(matches!(store.replace_change(&second).await, Err(StoreError::Changed)));
    assert!(matches!(store.remove_change(&first).await, Err(StoreError::Changed)));
    store.remove_change(&second).await.unwrap();
    assert!(store.change(&first.id).await.unwrap().is_none());
    assert!(store.change_of(&id, DataType::Products, "A").await.unwrap().is_none());
}

#[tokio::test]
async fn changes_are_listed_oldest_first_over_all_filters() {
    let store = store().await;
    let (a, b) = (ConnectionId::generate(), ConnectionId::generate());
    let mut all = Vec::new();
    for (connection, data_type, key) in [
        (&a, DataType::Products, "Z"),
        (&b, DataType::Products, "Y"),
        (&a, DataType::Orders, "X"),
        (&a, DataType::Products, "W"),
        (&b, DataType::Orders, "V"),
    ] {
        let mut one = change(connection, data_type, key, Some("{}"));
        if key == "W" {
            one.state = ChangeState::Rejected;
        }
        store.create_change(&one).await.unwrap();
        all.push(one.id);
    }
    let list = async |filter: ChangeFilter| {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = store.list_changes(&filter, 2, cursor.as_deref()).await.unwrap();
            seen.extend(page.items.into_iter().map(|change| change.id));
            cursor = page.next;
            if cursor.is_none() {
                return seen;
            }
        }
    };
    assert_eq!(list(ChangeFilter::default()).await, all);
    let of_a = ChangeFilter { connection: Some(a.clone()), ..ChangeFilter::default() };
    assert_eq!(list(of_a.clone()).await, [&all[0], &all[2], &all[3]].map(Clone::clone));
    let products = ChangeFilter { data_type: Some(DataType::Products), ..of_a };
    assert_eq!(list(products.clone()).await, [&all[0], &all[3]].map(Clone::clone));
    assert_eq!(list(ChangeFilter { state: Some(ChangeState::Rejected), ..products }).await, [all[3].clone()]);

    let oldest = store.oldest_changes(&a, DataType::Products, Some(&all[0]), 10).await.unwrap();
    assert_eq!(oldest.into_iter().map(|change| change.id).collect::<Vec<_>>(), [all[3].clone()]);
}

#[tokio::test]
async fn changes_are_laid_over_records_page_by_page() {
    let store = store().await;
    let id = ConnectionId::generate();
    keep(&store, &id, &["B", "D", "F", "H"]).await;
    let mut edit = change(&id, DataType::Products, "D", Some(r#"{"sku":"D","name":"new"}"#));
    edit.base = raw(r#"{"sku":"D"}"#);
    let mut delete = change(&id, DataType::Products, "H", None);
    delete.base = raw(r#"{"sku":"H"}"#);
    let made: Vec<Change> = ["A", "C", "E1", "E2", "E3", "I"]
        .into_iter()
        .map(|key| change(&id, DataType::Products, key, Some("{}")))
        .chain([edit.clone(), delete])
        .collect();
    for one in &made {
        store.create_change(one).await.unwrap();
    }
    for limit in [1, 2, 3, 5, 50] {
        let records = pages(&store, &id, limit).await;
        let keys: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
        assert_eq!(keys, ["A", "B", "C", "D", "E1", "E2", "E3", "F", "H", "I"], "limit {limit}");
        let pending: Vec<&str> =
            records.iter().filter(|record| record.pending).map(|record| record.id.as_str()).collect();
        assert_eq!(pending, ["A", "C", "D", "E1", "E2", "E3", "H", "I"]);
        assert!(records[8].deleted && records[8].data.get() == r#"{"sku":"H"}"#);
        assert_eq!(records[3].data.get(), r#"{"sku":"D","name":"new"}"#);
    }
    let since = edit.updated_at + jiff::SignedDuration::from_hours(1);
    let list = store.list_current_records(&id, DataType::Products, Some(since), 50, None).await.unwrap();
    assert!(list.items.is_empty() && list.next.is_none());
}

#[tokio::test]
async fn a_step_of_a_push_is_written_whole_or_not_at_all() {
    let store = store().await;
    let sap = connection("SAP");
    store.create_connection(&sap).await.unwrap();
    let mut open = run(&sap.id, DataType::Products, None);
    store.start_run(&open, None).await.unwrap();
    let sent = change(&sap.id, DataType::Products, "A", Some("{}"));
    store.create_change(&sent).await.unwrap();

    open.version += 1;
    open.pushed.read = 1;
    let steps = [ChangeWrite::Remove(&sent), ChangeWrite::Link(&sent, "4711")];
    let edited = sent.edited(raw(r#"{"sku":"A"}"#), Timestamp::now()).unwrap();
    store.replace_change(&edited).await.unwrap();
    assert_eq!(store.step_push(&open, &steps).await.unwrap(), Stepped::ChangeLost);
    assert_eq!(store.run(&open.id).await.unwrap().unwrap().pushed.read, 0);
    assert_eq!(store.erp_key(&sap.id, DataType::Products, "A").await.unwrap(), None);

    let steps = [ChangeWrite::Remove(&edited), ChangeWrite::Link(&edited, "4711")];
    assert_eq!(store.step_push(&open, &steps).await.unwrap(), Stepped::Yes);
    assert_eq!(store.step_push(&open, &steps).await.unwrap(), Stepped::RunLost);
    assert_eq!(store.run(&open.id).await.unwrap().unwrap().pushed.read, 1);
    assert_eq!(store.erp_key(&sap.id, DataType::Products, "A").await.unwrap().as_deref(), Some("4711"));
    keep(&store, &sap.id, &["4711"]).await;
    let found = store.current_record(&sap.id, DataType::Products, "A").await.unwrap().record.unwrap();
    assert_eq!(
        (found.id.as_str(), found.pending),
        ("4711", false),
        "found under our key and under the ERP's"
    );

    store.delete_connection(&sap.id).await.unwrap();
    assert_eq!(store.erp_key(&sap.id, DataType::Products, "A").await.unwrap(), None);
}

fn conflict(change: &Change) -> Conflict {
    std::thread::sleep(std::time::Duration::from_millis(2));
    Conflict {
        id: ConflictId::generate(),
        erp_connection_id: change.erp_connection_id.clone(),
        data_type: change.data_type,
        record_id: change.record_id.clone(),
        change_id: change.id.clone(),
        status: ConflictStatus::Open,
        fields: vec!["name".to_owned()],
        base: None,
        erp: raw("{}"),
        system: change.data.clone(),
        resolution: None,
        resolved_by: None,
        created_at: Timestamp::now(),
        resolved_at: None,
    }
}

#[tokio::test]
async fn a_conflict_is_resolved_once_together_with_its_change() {
    let store = store().await;
    let sap = connection("SAP");
    store.create_connection(&sap).await.unwrap();
    let mut open = run(&sap.id, DataType::Products, None);
    store.start_run(&open, None).await.unwrap();
    let mut conflicts = Vec::new();
    for key in ["A", "B", "C"] {
        let ours = change(&sap.id, DataType::Products, key, Some("{}"));
        store.create_change(&ours).await.unwrap();
        let found = conflict(&ours);
        open.version += 1;
        let stepped = store.step_push(&open, &[ChangeWrite::Open(&found)]).await.unwrap();
        assert_eq!(stepped, Stepped::Yes);
        conflicts.push((found, ours));
    }
    let (first, ours) = &conflicts[0];
    let resolved =
        Conflict { status: ConflictStatus::Resolved, resolution: Some(Resolution::Erp), ..first.clone() };
    store.resolve_conflict(&resolved, ChangeWrite::Remove(ours)).await.unwrap();
    let again = store.resolve_conflict(&resolved, ChangeWrite::Remove(&conflicts[1].1)).await;
    assert!(matches!(again, Err(StoreError::Changed)));
    assert!(store.change(&ours.id).await.unwrap().is_none());
    assert!(store.change(&conflicts[1].1.id).await.unwrap().is_some());

    let list = async |filter: ConflictFilter| {
        let page = store.list_conflicts(&filter, 50, None).await.unwrap();
        page.items.into_iter().map(|conflict| conflict.record_id).collect::<Vec<_>>()
    };
    let status = |status| ConflictFilter { status: Some(status), ..ConflictFilter::default() };
    assert_eq!(list(status(ConflictStatus::Open)).await, ["C", "B"]);
    assert_eq!(list(status(ConflictStatus::Resolved)).await, ["A"]);
    assert_eq!(list(ConflictFilter::default()).await, ["C", "B", "A"]);
    let of_connection = ConflictFilter { connection: Some(sap.id.clone()), ..status(ConflictStatus::Open) };
    assert_eq!(list(of_connection).await, ["C", "B"]);
    let page = store.list_conflicts(&ConflictFilter::default(), 2, None).await.unwrap();
    let rest = store.list_conflicts(&ConflictFilter::default(), 2, page.next.as_deref()).await.unwrap();
    assert_eq!((page.items.len(), rest.items[0].record_id.as_str(), rest.next), (2, "A", None));

    store.delete_connection(&sap.id).await.unwrap();
    assert!(list(ConflictFilter::default()).await.is_empty());
    assert!(store.list_changes(&ChangeFilter::default(), 50, None).await.unwrap().items.is_empty());
}
