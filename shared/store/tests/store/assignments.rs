use domain::DataType;
use domain::assignment::{AssignmentSettings, ClientAssignment, SiteAssignment};
use domain::ids::{AssignmentId, ClientId, ConnectionId, SiteId};
use domain::mapping::RulesOverride;
use jiff::Timestamp;
use store::AssignmentRef;

use crate::embedded::store;

fn client_assignment(client: &ClientId, connection: &ConnectionId, is_default: bool) -> ClientAssignment {
    let now = Timestamp::now();
    ClientAssignment {
        id: AssignmentId::generate(),
        client_id: client.clone(),
        erp_connection_id: connection.clone(),
        catalog_id: Some("cat_1".to_owned()),
        is_default,
        settings: AssignmentSettings::default(),
        overrides: vec![overrides()],
        created_at: now,
        updated_at: now,
    }
}

fn overrides() -> RulesOverride {
    RulesOverride {
        data_type: DataType::Products,
        field_mapping: [("name".to_owned(), None), ("sku".to_owned(), Some("code".to_owned()))].into(),
        transformations: None,
        filters: Some([("price".to_owned(), serde_json::json!({"gt": 0.5, "in": [1, "2", true]}))].into()),
    }
}

#[tokio::test]
async fn an_assignment_comes_back_with_its_overrides() {
    let store = store().await;
    let client: ClientId = "acme".parse().unwrap();
    let assignment = client_assignment(&client, &ConnectionId::generate(), false);
    store.create_client_assignment(&assignment).await.unwrap();
    let found = store.client_assignment(&client, &assignment.id).await.unwrap().unwrap();
    assert_eq!(found.overrides, [overrides()]);
}

#[tokio::test]
async fn a_client_has_at_most_one_default() {
    let store = store().await;
    let (client, connection): (ClientId, _) = ("acme".parse().unwrap(), ConnectionId::generate());
    for is_default in [true, false, true, true] {
        store.create_client_assignment(&client_assignment(&client, &connection, is_default)).await.unwrap();
    }
    let all = store.client_assignments(&client, 10, None).await.unwrap().items;
    assert_eq!(all.len(), 4);
    assert_eq!(all.iter().filter(|a| a.is_default).count(), 1);
    let newest = all.iter().max_by_key(|a| a.created_at).unwrap();
    assert!(newest.is_default);
}

#[tokio::test]
async fn the_assignments_of_a_connection_are_named() {
    let store = store().await;
    let (client, site): (ClientId, SiteId) = ("acme".parse().unwrap(), "acme-uk".parse().unwrap());
    let connection = ConnectionId::generate();
    let of_client = client_assignment(&client, &connection, true);
    store.create_client_assignment(&of_client).await.unwrap();
    let now = Timestamp::now();
    let of_site = SiteAssignment {
        id: AssignmentId::generate(),
        site_id: site.clone(),
        client_id: client.clone(),
        erp_connection_id: connection.clone(),
        catalog_id: None,
        overrides_client: true,
        settings: AssignmentSettings::default(),
        overrides: Vec::new(),
        created_at: now,
        updated_at: now,
    };
    store.create_site_assignment(&of_site).await.unwrap();
    assert_eq!(
        store.assignments_of_connection(&connection).await.unwrap(),
        [
            AssignmentRef::Client { client_id: client, id: of_client.id },
            AssignmentRef::Site { site_id: site.clone(), id: of_site.id.clone() },
        ]
    );
    assert!(store.delete_site_assignment(&site, &of_site.id).await.unwrap());
    assert!(!store.delete_site_assignment(&site, &of_site.id).await.unwrap());
}
