//! Keys that sign tokens in the table.

use domain::signing_key::SigningKey;
use jiff::Timestamp;
use store::StoreError;

use crate::embedded::store;

#[tokio::test]
async fn two_who_make_the_next_key_at_once_make_one() {
    let (store, now) = (store().await, Timestamp::UNIX_EPOCH);
    let first = SigningKey::following(None, "a".to_owned(), now);
    store.add_signing_key(&first, "sealed a".to_owned(), None).await.unwrap();
    assert!(matches!(
        store.add_signing_key(&first, "sealed b".to_owned(), None).await,
        Err(StoreError::Changed)
    ));
    let (next, other) = (
        SigningKey::following(Some(&first), "b".to_owned(), now),
        SigningKey::following(Some(&first), "c".to_owned(), now),
    );
    let retired = first.retired(now);
    store.add_signing_key(&next, "sealed b".to_owned(), Some(&retired)).await.unwrap();
    let late = store.add_signing_key(&other, "sealed c".to_owned(), Some(&retired)).await;
    assert!(matches!(late, Err(StoreError::Changed)), "{late:?}");
    assert_eq!(store.signing_keys().await.unwrap(), [next.clone(), retired]);
    assert_eq!(store.private_signing_key(&first).await.unwrap().as_deref(), Some("sealed a"));
    assert_eq!(store.private_signing_key(&next).await.unwrap().as_deref(), Some("sealed b"));
}

#[tokio::test]
async fn a_key_that_is_deleted_leaves_nothing_behind_and_gets_no_successor() {
    let (store, now) = (store().await, Timestamp::UNIX_EPOCH);
    let first = SigningKey::following(None, "a".to_owned(), now);
    store.add_signing_key(&first, "sealed a".to_owned(), None).await.unwrap();
    store.delete_signing_key(&first).await.unwrap();
    assert!(store.signing_keys().await.unwrap().is_empty());
    assert_eq!(store.private_signing_key(&first).await.unwrap(), None);
    let next = SigningKey::following(Some(&first), "b".to_owned(), now);
    let late = store.add_signing_key(&next, "sealed b".to_owned(), Some(&first.retired(now))).await;
    assert!(matches!(late, Err(StoreError::Changed)), "who made it did not know: {late:?}");
    assert!(store.signing_keys().await.unwrap().is_empty());
}
