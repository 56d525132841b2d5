//! Files that come twice, over a real SFTP server: read again, or skipped where that is wanted.

use std::fs;

use serde_json::{Value, json};
use sshd::Sshd;

use crate::harness::Causeway;

async fn connect(causeway: &Causeway, server: &Sshd, files: Value) -> String {
    fs::create_dir_all(server.home().join("out")).unwrap();
    let made = causeway.connect(json!({
        "name": "Nightly files", "provider": "custom", "connectionMethod": "sftp",
        "credentials": {
            "sftpHost": "127.0.0.1", "sftpPort": server.port(), "sftpPath": "out",
            "sftpUsername": sshd::USER, "sftpPassword": sshd::PASSWORD,
        },
        "settings": {"enabledDataTypes": ["products"], "files": files},
    }));
    made.await["id"].as_str().unwrap().to_owned()
}

/// Lays files there and syncs products; returns the run.
async fn sync(causeway: &Causeway, connection: &str, server: &Sshd, files: &[(&str, &str)]) -> Value {
    for (name, text) in files {
        fs::write(server.home().join("out").join(name), text).unwrap();
    }
    let run = causeway.sync(connection, "products").await;
    assert_eq!(run["status"], "success", "{run}");
    run
}

fn archived(server: &Sshd) -> usize {
    let mut directory = server.home().join("out/archive");
    for _ in ["year", "month"] {
        directory = fs::read_dir(directory).unwrap().next().unwrap().unwrap().path();
    }
    fs::read_dir(directory).unwrap().count()
}

#[tokio::test]
async fn a_skipped_file_is_archived_with_a_warning_and_deletes_nothing() {
    let (causeway, server) = (Causeway::start().await, Sshd::start().unwrap());
    let files = json!({"content": "snapshot", "duplicates": "skip"});
    let connection = connect(&causeway, &server, files).await;
    let config = json!({
        "erpConnectionId": connection, "dataType": "products", "settings": {"maxDeletePercent": 100},
    });
    causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let (tea, coffee) = ("sku,name\nP1,Tea\nP2,Mint tea\n", "sku,name\nP3,Coffee\n");
    let run = sync(&causeway, &connection, &server, &[("products_1.csv", tea)]).await;
    assert_eq!((&run["counts"]["created"], &run["warnings"]), (&json!(2), &json!([])), "{run}");

    // Both are read in one pull, which therefore does not know everything there is.
    let both = [("products_2.csv", tea), ("products_3.csv", coffee)];
    let run = sync(&causeway, &connection, &server, &both).await;
    let counts = &run["counts"];
    assert_eq!((&counts["read"], &counts["created"], &counts["deleted"]), (&json!(1), &json!(1), &json!(0)));
    let warning = run["warnings"][0].as_str().unwrap();
    assert!(
        warning.starts_with("products_2.csv has the same content as products_1.csv, which was stored at 20")
            && warning.ends_with(": it is archived unread"),
        "{run}"
    );
    let all = causeway.list(&format!("/erp/records/products?erpConnectionId={connection}")).await;
    assert!(all.len() == 3 && all.iter().all(|record| record["deleted"] == false), "{all:?}");
    assert_eq!(archived(&server), 3);
    assert_eq!(fs::read_dir(server.home().join("out")).unwrap().count(), 1, "nothing is left to be read");

    // With a pull that is read to its end, what is gone is noticed.
    let run = sync(&causeway, &connection, &server, &[("products_4.csv", "sku,name\nP3,Espresso\n")]).await;
    assert_eq!((&run["counts"]["updated"], &run["counts"]["deleted"]), (&json!(1), &json!(2)), "{run}");
}

#[tokio::test]
async fn a_state_that_returns_is_read_again_with_a_warning() {
    let (causeway, server) = (Causeway::start().await, Sshd::start().unwrap());
    let connection = connect(&causeway, &server, json!({})).await;
    for (price, warnings) in [("5.00", 0), ("4.00", 0), ("5.00", 1)] {
        let text = format!("sku,name,price\nP1,Tea,{price}\n");
        let run = sync(&causeway, &connection, &server, &[("products.csv", &text)]).await;
        assert_eq!(run["warnings"].as_array().unwrap().len(), warnings, "{run}");
        let path = format!("/erp/records/products/P1?erpConnectionId={connection}");
        assert_eq!(causeway.client().get(&path).await.expect(200)["data"]["price"], price);
    }
}
