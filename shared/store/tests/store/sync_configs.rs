use domain::DataType;
use domain::ids::ConnectionId;
use domain::mapping::{Operation, Transformation};
use jiff::{SignedDuration, Timestamp};
use store::StoreError;

use crate::embedded::{config, store};

#[tokio::test]
async fn a_config_comes_back_as_it_was_written_and_changed() {
    let store = store().await;
    let mut products = config(&ConnectionId::generate(), DataType::Products, Some(Timestamp::now()));
    store.create_sync_config(&products).await.unwrap();
    products.version = 2;
    products.schedule = None;
    products.next_sync_at = None;
    products.field_mapping.clear();
    products.transformations = vec![Transformation {
        field: "price".to_owned(),
        operation: Operation::Multiply,
        value: Some("1.19".into()),
    }];
    products.filters.insert("price".to_owned(), serde_json::json!({"gt": 0.5, "in": [1, "2", true]}));
    store.replace_sync_config(&products, true).await.unwrap();
    assert_eq!(store.sync_config(&products.id).await.unwrap().as_ref(), Some(&products));
    assert!(store.due_sync_configs(Timestamp::now(), 10).await.unwrap().is_empty());
    assert!(matches!(store.replace_sync_config(&products, true).await, Err(StoreError::Changed)));
}

#[tokio::test]
async fn only_what_is_due_is_due_and_the_longest_first() {
    let store = store().await;
    let now = Timestamp::now();
    let connection = ConnectionId::generate();
    let mut configs = Vec::new();
    for (data_type, seconds) in [(DataType::Orders, -5), (DataType::Products, 60), (DataType::Invoices, -60)]
    {
        let one = config(&connection, data_type, Some(now + SignedDuration::from_secs(seconds)));
        store.create_sync_config(&one).await.unwrap();
        configs.push(one);
    }
    let due: Vec<_> =
        store.due_sync_configs(now, 10).await.unwrap().into_iter().map(|c| c.data_type).collect();
    assert_eq!(due, [DataType::Invoices, DataType::Orders]);

    store.skip_slot(&configs[0], Some(now + SignedDuration::from_secs(600))).await.unwrap();
    assert!(matches!(store.skip_slot(&configs[0], None).await, Err(StoreError::Changed)));
    assert_eq!(store.due_sync_configs(now, 10).await.unwrap().len(), 1);
}
