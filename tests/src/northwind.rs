//! A real catalogue, from a real SFTP server and from an HTTP API.

use serde_json::{Value, json};
use sshd::Sshd;

use crate::harness::{Causeway, Erp, northwind};

/// Makes a sync config for each data type of Northwind.
async fn configure(causeway: &Causeway, connection: &str) {
    for (data_type, mapping, _) in northwind::syncs() {
        let config = json!({"erpConnectionId": connection, "dataType": data_type, "fieldMapping": mapping});
        causeway.client().post("/erp/sync-configs", config).await.expect(201);
    }
}

/// Syncs each data type and checks its counts: all `created`, or all `unchanged`.
async fn sync_all(causeway: &Causeway, connection: &str, outcome: &str) {
    for (data_type, _, records) in northwind::syncs() {
        let run = causeway.sync(connection, data_type).await;
        assert_eq!(run["status"], "success", "{run}");
        assert_eq!(
            (&run["counts"]["read"], &run["counts"][outcome]),
            (&json!(records), &json!(records)),
            "{run}"
        );
        assert_eq!((&run["recordsSuccess"], &run["recordsFailed"]), (&json!(records), &json!(0)));
    }
}

async fn record(causeway: &Causeway, connection: &str, data_type: &str, id: &str) -> Value {
    let path = format!("/erp/records/{data_type}/{id}?erpConnectionId={connection}");
    causeway.client().get(&path).await.expect(200)["data"].clone()
}

/// Looks at some records whose quirks are known.
async fn check_records(causeway: &Causeway, connection: &str) {
    for (data_type, _, records) in northwind::syncs() {
        let all =
            causeway.list(&format!("/erp/records/{data_type}?erpConnectionId={connection}&limit=100")).await;
        assert_eq!(all.len() as u64, records, "{data_type}");
    }
    let chai = record(causeway, connection, "products", "1").await;
    assert_eq!(
        (&chai["name"], &chai["price"], &chai["discontinued"]),
        (&json!("Chai"), &json!("18.00"), &json!(false))
    );

    let order = record(causeway, connection, "orders", "10250").await;
    assert_eq!(
        order["shippingAddress"]["street"], "Rua do Paço, 67",
        "a comma that nothing quotes is mended"
    );
    assert_eq!(order["shippingAddress"]["country"], "Brazil");
    assert_eq!(order["orderedAt"], "1996-07-08T00:00:00Z");
    assert_eq!((&order["shippingCost"], &order["extra"]["ship_via"]), (&json!("65.83"), &json!("2")));
    let unshipped = record(causeway, connection, "orders", "11059").await;
    assert_eq!(unshipped["shippedAt"], Value::Null, "NULL is no time");

    let nancy = record(causeway, connection, "employees", "1").await;
    assert_eq!((&nancy["lastName"], &nancy["hiredOn"]), (&json!("Davolio"), &json!("1992-05-01")));
    let stock =
        causeway.client().get(&format!("/erp/inventory/3?erpConnectionId={connection}")).await.expect(200);
    assert_eq!(stock["quantity"].to_string(), "13", "{stock}");
}

#[tokio::test]
async fn northwind_comes_over_http_and_a_second_run_changes_nothing() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    for (data_type, file) in [
        ("products", "products.csv"),
        ("inventory", "products.csv"),
        ("orders", "orders.csv"),
        ("employees", "employees.csv"),
    ] {
        erp.set(data_type, northwind::rows(file));
    }
    let connection = causeway.connect_http(erp.url()).await;
    causeway
        .client()
        .patch(&format!("/erp/connections/{connection}"), json!({"settings": {"batchSize": 40}}))
        .await
        .expect(200);
    configure(&causeway, &connection).await;
    sync_all(&causeway, &connection, "created").await;
    check_records(&causeway, &connection).await;
    sync_all(&causeway, &connection, "unchanged").await;

    let statistics =
        causeway.client().get(&format!("/erp/connections/{connection}/statistics")).await.expect(200);
    assert_eq!(statistics["totalSyncs"], 8);
    assert_eq!(statistics["totalRecordsProcessed"], 2 * (77 + 77 + 830 + 9));
}

/// Lays the files where an ERP exports them to.
fn export(server: &Sshd) {
    let out = server.home().join("out");
    std::fs::create_dir_all(&out).unwrap();
    for (name, file) in [
        ("products.csv", "products.csv"),
        ("inventory_20261120.csv", "products.csv"),
        ("ORDERS.csv", "orders.csv"),
        ("employees.csv", "employees.csv"),
    ] {
        std::fs::copy(northwind::file(file), out.join(name)).unwrap();
    }
}

async fn connect(causeway: &Causeway, server: &Sshd) -> String {
    let made = causeway.connect(json!({
        "name": "Nightly files", "provider": "SAP", "connectionMethod": "sftp",
        "credentials": {
            "sftpHost": "127.0.0.1", "sftpPort": server.port(), "sftpPath": "out",
            "sftpUsername": sshd::USER, "sftpPassword": sshd::PASSWORD,
        },
    }));
    made.await["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn northwind_comes_as_files_and_a_second_run_changes_nothing() {
    let (causeway, server) = (Causeway::start().await, Sshd::start().unwrap());
    export(&server);
    let connection = connect(&causeway, &server).await;
    configure(&causeway, &connection).await;
    sync_all(&causeway, &connection, "created").await;
    check_records(&causeway, &connection).await;

    let left: Vec<_> =
        std::fs::read_dir(server.home().join("out")).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(left, ["archive"], "what was read is archived");
    export(&server);
    sync_all(&causeway, &connection, "unchanged").await;

    let shown = causeway.client().get(&format!("/erp/connections/{connection}")).await.expect(200);
    assert_eq!(
        shown["credentials"]["sftpHostKey"],
        server.host_key().unwrap(),
        "the first contact pins the host key"
    );
}

#[tokio::test]
async fn mended_lines_are_told_and_a_broken_line_fails_alone() {
    let (causeway, server) = (Causeway::start().await, Sshd::start().unwrap());
    export(&server);
    let orders = server.home().join("out/ORDERS.csv");
    let text = std::fs::read_to_string(&orders).unwrap();
    let (head, tail) = text.split_at(text.find("\n10300,").unwrap());
    std::fs::write(
        &orders,
        format!("{head}\n99999,too,few\n99998,VINET,5,not a date,NULL,NULL,3,1.00,a,b,c,d,e,f{tail}"),
    )
    .unwrap();

    let connection = connect(&causeway, &server).await;
    configure(&causeway, &connection).await;
    let run = causeway.sync(&connection, "orders").await;
    assert_eq!((&run["status"], &run["counts"]["read"]), (&json!("success"), &json!(832)), "{run}");
    assert_eq!((&run["counts"]["created"], &run["counts"]["failed"]), (&json!(831), &json!(1)));
    assert_eq!(run["outcome"], json!("partial"));
    let warnings = run["warnings"].to_string();
    assert!(warnings.contains("176") && warnings.contains("orderedAt of 99998: must be a time"), "{run}");
    assert_eq!(run["files"][0]["name"], json!("ORDERS.csv"), "{run}");
    assert_eq!((&run["files"][0]["read"], &run["files"][0]["failed"]), (&json!(832), &json!(1)));

    let errors =
        causeway.list(&format!("/erp/sync-logs/{}/errors?limit=1", run["id"].as_str().unwrap())).await;
    assert_eq!(errors.len(), 1);
    assert!(errors[0]["raw"].as_str().unwrap().contains("99999,too,few"), "{errors:?}");
    assert_eq!(errors[0]["file"], json!("ORDERS.csv"), "{errors:?}");
}

#[tokio::test]
async fn a_changed_host_key_is_an_error_and_nothing_is_read() {
    let (causeway, server) = (Causeway::start().await, Sshd::start().unwrap());
    export(&server);
    let connection = connect(&causeway, &server).await;
    let test = causeway
        .client()
        .post(&format!("/erp/connections/{connection}/test-enhanced"), json!({}))
        .await
        .expect(200);
    assert_eq!(test["success"], true, "{test}");
    assert!(test.to_string().contains(&server.host_key().unwrap()));

    let impostor = Sshd::start().unwrap();
    export(&impostor);
    let moved = json!({"credentials": {"sftpPort": impostor.port()}});
    causeway.client().patch(&format!("/erp/connections/{connection}"), moved).await.expect(200);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["status"], "error");
    assert!(run["error"].as_str().unwrap().contains("host key"), "{run}");
    let shown = causeway.client().get(&format!("/erp/connections/{connection}")).await.expect(200);
    assert_eq!(shown["status"], "error");
    assert!(impostor.home().join("out/products.csv").exists(), "its files are untouched");
}
