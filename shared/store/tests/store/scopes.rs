use domain::DataType;
use domain::assignment::{AssignmentSettings, Scope, SiteAssignment};
use domain::ids::{AssignmentId, ConnectionId, RunId, SiteId};
use domain::mapping::RulesOverride;
use jiff::Timestamp;
use store::{Collection, Permit, Store, Upsert};

use crate::embedded::{connection, run, store};

fn site(name: &str) -> Scope {
    Scope::Site(name.parse().unwrap())
}

/// An assignment of a site that replaces its client's and overrides the rules of `data_types`.
async fn assign(
    store: &Store,
    site: &str,
    connection: &ConnectionId,
    data_types: &[DataType],
) -> AssignmentId {
    let rules = |data_type: &DataType| RulesOverride {
        data_type: *data_type,
        field_mapping: [("name".to_owned(), None)].into(),
        transformations: None,
        filters: None,
    };
    let assignment = SiteAssignment {
        id: AssignmentId::generate(),
        site_id: site.parse().unwrap(),
        client_id: "acme".parse().unwrap(),
        erp_connection_id: connection.clone(),
        catalog_id: None,
        overrides_client: true,
        settings: AssignmentSettings::default(),
        overrides: data_types.iter().map(rules).collect(),
        created_at: Timestamp::now(),
        updated_at: Timestamp::now(),
    };
    store.create_site_assignment(&assignment).await.unwrap();
    assignment.id
}

fn own(connection: &ConnectionId, scope: &Scope) -> Collection {
    let scope = Some(scope.clone());
    Collection { scope, ..Collection::plain(connection.clone(), DataType::Products) }
}

async fn keep(store: &Store, of: &Collection) {
    let upsert = Upsert { key: "a".into(), data: "{}".into() };
    let (run, permit) = (RunId::generate(), Permit::unlimited());
    store.upsert_records(of, &run, 0..1, &[upsert], &permit, Timestamp::now()).await.unwrap();
}

async fn has(store: &Store, of: &Collection) -> bool {
    store.record(of, "a").await.unwrap().is_some()
}

#[tokio::test]
async fn everyone_with_rules_of_its_own_is_named_once_however_many_there_are() {
    let (store, sap) = (store().await, ConnectionId::generate());
    assert!(store.scopes_of(&sap, DataType::Products).await.unwrap().is_empty());
    let mut expected = Vec::new();
    for n in 0..120 {
        assign(&store, &format!("site-{n:03}"), &sap, &[DataType::Products]).await;
        expected.push(site(&format!("site-{n:03}")));
    }
    assign(&store, "site-000", &sap, &[DataType::Products]).await;
    assign(&store, "orders-only", &sap, &[DataType::Orders]).await;
    assign(&store, "elsewhere", &ConnectionId::generate(), &[DataType::Products]).await;
    // Its newest assignment counts, and that overrides nothing.
    assign(&store, "site-119", &sap, &[]).await;
    expected.pop();
    assert_eq!(store.scopes_of(&sap, DataType::Products).await.unwrap(), expected);
    assert_eq!(store.scopes_of(&sap, DataType::Orders).await.unwrap(), [site("orders-only")]);
}

#[tokio::test]
async fn what_a_site_had_of_its_own_goes_once_nothing_is_overridden_for_it() {
    let (store, sap, berlin) = (store().await, ConnectionId::generate(), site("berlin"));
    let (plain, of_berlin, of_paris) =
        (Collection::plain(sap.clone(), DataType::Products), own(&sap, &berlin), own(&sap, &site("paris")));
    let id = assign(&store, "berlin", &sap, &[DataType::Products]).await;
    for of in [&plain, &of_berlin, &of_paris] {
        keep(&store, of).await;
    }
    store.forget_disowned(&berlin, &sap, Timestamp::now()).await.unwrap();
    assert!(has(&store, &of_berlin).await, "it still overrides");

    let name: SiteId = "berlin".parse().unwrap();
    assert!(store.delete_site_assignment(&name, &id).await.unwrap());
    store.forget_disowned(&berlin, &sap, Timestamp::now()).await.unwrap();
    assert!(!has(&store, &of_berlin).await);
    assert!(has(&store, &plain).await && has(&store, &of_paris).await, "the others stay");
}

#[tokio::test]
async fn a_connection_takes_everyones_own_records_with_it() {
    let (store, sap) = (store().await, connection("sap"));
    store.create_connection(&sap).await.unwrap();
    let berlin = own(&sap.id, &site("berlin"));
    assign(&store, "berlin", &sap.id, &[DataType::Products]).await;
    keep(&store, &berlin).await;
    store.delete_connection(&sap.id).await.unwrap();
    assert!(!has(&store, &berlin).await);
    assert!(store.scopes_of(&sap.id, DataType::Products).await.unwrap().is_empty());
}

#[tokio::test]
async fn each_collection_has_a_lock_of_its_own() {
    let (store, sap) = (store().await, ConnectionId::generate());
    let plain = run(&sap, DataType::Products, None);
    let of = |name: &str| domain::run::Run { scope: Some(site(name)), ..run(&sap, DataType::Products, None) };
    let (berlin, again, paris) = (of("berlin"), of("berlin"), of("paris"));
    for one in [&plain, &berlin, &paris] {
        assert_eq!(store.start_run(one, None).await.unwrap(), store::Started::Yes);
    }
    let refused = store::Started::AlreadyRunning(berlin.id.clone());
    assert_eq!(store.start_run(&again, None).await.unwrap(), refused);
    assert_eq!(store.active_runs(10).await.unwrap().len(), 3);
}
