//! Allowances in the table.

use jiff::Timestamp;

use crate::embedded::store;

#[tokio::test]
async fn no_more_is_given_than_there_is_however_many_ask_at_once() {
    let (store, end) = (store().await, Timestamp::UNIX_EPOCH);
    let takers = (0..20).map(|_| store.take_allowance("user:a", end, 10, 100));
    let given = futures::future::join_all(takers).await;
    let given = given.into_iter().filter_map(Result::unwrap).count();
    assert_eq!(given, 10);
    assert_eq!(store.take_allowance("user:a", end, 1, 100).await.unwrap(), None);
    assert_eq!(store.take_allowance("user:a", end, 1, 101).await.unwrap(), Some(101));
    assert_eq!(store.take_allowance("user:b", end, 100, 100).await.unwrap(), Some(100), "another caller");
    let next = end + jiff::SignedDuration::from_mins(1);
    assert_eq!(store.take_allowance("user:a", next, 10, 100).await.unwrap(), Some(10), "the next window");
}
