//! Health, contacts, letters and set-aside records in the table.

use std::collections::BTreeSet;

use domain::DataType;
use domain::health::{Circuit, Contact, ContactKind, Health};
use domain::ids::{ConnectionId, ContactId};
use domain::notation::Notations;
use domain::run::{FailedRecord, FailureClass};
use domain::set_aside::SetAsideStatus;
use jiff::{SignedDuration, Timestamp};
use store::{Collection, Permit, SetAsideFilter, StoreError};

use crate::embedded::{connection, run, store};

fn failure(at: Timestamp) -> Contact {
    let (id, error) = (ContactId::generate(), Some("gone".to_owned()));
    Contact { id, kind: ContactKind::Run, ok: false, at, duration_ms: 5, error, run_id: None, outcome: None }
}

#[tokio::test]
async fn a_health_that_somebody_else_wrote_is_not_overwritten_and_a_probe_is_found_when_due() {
    let (store, sap, at) = (store().await, connection("SAP"), Timestamp::UNIX_EPOCH);
    store.create_connection(&sap).await.unwrap();
    let mut health = store.health(&sap.id).await.unwrap();
    assert_eq!(health, Health::unknown(sap.id.clone()));
    for _ in 0..3 {
        let contact = failure(at);
        health = health.after(&contact, false);
        store.keep_contact(&health, &contact).await.unwrap();
        assert!(matches!(store.keep_contact(&health, &failure(at)).await, Err(StoreError::Changed)));
    }
    assert_eq!(store.health(&sap.id).await.unwrap(), health);
    assert_eq!(
        (health.circuit(), store.contacts(&sap.id, 10, None).await.unwrap().items.len()),
        (Circuit::Open, 3)
    );

    let due = health.next_probe_at.unwrap();
    assert!(store.due_probes(due - SignedDuration::from_secs(1), 10).await.unwrap().is_empty());
    assert_eq!(store.due_probes(due, 10).await.unwrap(), [health]);
}

#[tokio::test]
async fn a_connection_that_is_gone_leaves_no_health() {
    let (store, sap) = (store().await, connection("SAP"));
    store.create_connection(&sap).await.unwrap();
    let contact = failure(Timestamp::UNIX_EPOCH);
    let health = Health::unknown(sap.id.clone()).after(&contact, false);
    store.keep_contact(&health, &contact).await.unwrap();
    store.delete_connection(&sap.id).await.unwrap();
    assert_eq!(store.health(&sap.id).await.unwrap().version, 0);
    assert!(store.contacts(&sap.id, 10, None).await.unwrap().items.is_empty());
    assert!(matches!(store.keep_contact(&health, &contact).await, Err(StoreError::Changed)));
}

#[tokio::test]
async fn records_set_aside_by_earlier_runs_are_closed_by_their_keys_whatever_is_in_them() {
    let (store, sap, at) = (store().await, ConnectionId::generate(), Timestamp::UNIX_EPOCH);
    let keys = ["A", "a:b:c", "Größe 42|M"];
    let record = |position: u64, key: Option<&str>| FailedRecord {
        position,
        key: key.map(str::to_owned),
        file: None,
        notations: Notations::default(),
        class: FailureClass::Mapping,
        errors: Vec::new(),
        raw: "{}".to_owned(),
    };
    let (first, second) = (run(&sap, DataType::Products, None), run(&sap, DataType::Products, None));
    let (first, second) = if first.id < second.id { (first, second) } else { (second, first) };
    let mut failed: Vec<_> = (1..).zip(keys).map(|(position, key)| record(position, Some(key))).collect();
    failed.push(record(4, None));
    let of = Collection::plain(sap.clone(), DataType::Products);
    store.keep_failed_records(&first, &failed, &Permit::unlimited(), at).await.unwrap();
    store.keep_failed_records(&second, &failed[..1], &Permit::unlimited(), at).await.unwrap();
    assert_eq!(store.open_set_aside_keys(&of).await.unwrap(), keys.map(str::to_owned).into());
    let berlin = Collection { scope: Some("site:berlin".parse().unwrap()), ..of.clone() };
    for other in [Collection::plain(sap.clone(), DataType::Orders), berlin] {
        assert!(store.open_set_aside_keys(&other).await.unwrap().is_empty());
        assert_eq!(store.close_set_aside(&other, None, Some(&second.id), at).await.unwrap(), 0);
    }

    let brought: BTreeSet<String> = keys[..2].iter().map(|key| (*key).to_owned()).collect();
    assert_eq!(store.close_set_aside(&of, Some(&brought), Some(&second.id), at).await.unwrap(), 2);
    assert_eq!(store.close_set_aside(&of, Some(&brought), Some(&second.id), at).await.unwrap(), 0);
    let list = async |status| {
        let filter = SetAsideFilter { connection: sap.clone(), data_type: None, status };
        store.list_set_aside(&filter, 10, None).await.unwrap().items
    };
    let closed = list(SetAsideStatus::Closed).await;
    assert!(closed.iter().all(|record| record.closed_by.as_ref() == Some(&second.id)), "{closed:?}");
    assert_eq!((closed.len(), list(SetAsideStatus::Open).await.len()), (2, 3));
    assert_eq!(
        store.close_set_aside(&of, None, Some(&second.id), at).await.unwrap(),
        2,
        "its own stays open"
    );
    assert_eq!(list(SetAsideStatus::Open).await.len(), 1);
}
