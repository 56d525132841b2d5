//! The ledger of files in the table.

use domain::DataType;
use domain::ids::ConnectionId;
use domain::stored_file::StoredFile;
use jiff::Timestamp;

use crate::embedded::store;

fn file(name: &str, size: u64, sha256: &str) -> StoredFile {
    let (name, sha256) = (name.to_owned(), sha256.to_owned());
    StoredFile { name, size, modified: 7, sha256, stored_at: Timestamp::UNIX_EPOCH }
}

#[tokio::test]
async fn a_file_is_found_by_its_size_and_its_content_within_connection_and_data_type() {
    let (store, connection) = (store().await, ConnectionId::generate());
    let (first, last) = (file("a.csv", 12, "ab"), file("b.csv", 12, "ab"));
    for file in [&first, &file("c.csv", 12, "cd"), &last] {
        store.remember_file(&connection, DataType::Products, file).await.unwrap();
    }
    let of_size =
        async |size| store.remembers_file_of_size(&connection, DataType::Products, size).await.unwrap();
    assert!(of_size(12).await);
    assert!(!of_size(1).await, "12 begins with 1");
    assert!(!of_size(123).await);
    let found = async |data_type, size| store.stored_file(&connection, data_type, size, "ab").await.unwrap();
    assert_eq!(found(DataType::Products, 12).await, Some(last), "the last of one content");
    assert_eq!(found(DataType::Products, 13).await, None);
    assert_eq!(found(DataType::Inventory, 12).await, None);
    let other = ConnectionId::generate();
    assert!(!store.remembers_file_of_size(&other, DataType::Products, 12).await.unwrap());
}
