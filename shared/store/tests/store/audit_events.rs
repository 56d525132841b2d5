use domain::audit::{AuditAction, AuditEvent};
use domain::ids::AuditEventId;
use jiff::Timestamp;
use store::{AuditFilter, StoreError};

use crate::embedded::store;

fn event(action: AuditAction, actor: &str, target: &str) -> AuditEvent {
    AuditEvent {
        id: AuditEventId::generate(),
        at: Timestamp::now(),
        action,
        actor: actor.to_owned(),
        target: target.to_owned(),
        ip_address: "127.0.0.1".to_owned(),
        user_agent: "test".to_owned(),
        request_id: "r".to_owned(),
        details: serde_json::json!({"fields": ["name"]}),
    }
}

#[tokio::test]
async fn events_come_newest_first_and_by_what_is_asked() {
    let store = store().await;
    let mut written = Vec::new();
    for n in 0..6 {
        let action = if n % 2 == 0 { AuditAction::SignedIn } else { AuditAction::ErpConnectionUpdated };
        let one = event(action, if n < 3 { "usr_1" } else { "usr_2" }, "erp_1");
        store.write_audit_event(&one).await.unwrap();
        written.push(one);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await; // ids sort by the millisecond
    }
    written.reverse();
    let all = store.list_audit_events(&AuditFilter::default(), 10, None).await.unwrap();
    assert_eq!(all.items, written);

    let filter = AuditFilter {
        actor: Some("usr_1".to_owned()),
        target: Some("erp_1".to_owned()),
        ..Default::default()
    };
    let first = store.list_audit_events(&filter, 2, None).await.unwrap();
    assert_eq!(first.items, written[3..5]);
    let rest = store.list_audit_events(&filter, 2, first.next.as_deref()).await.unwrap();
    assert_eq!((rest.items.as_slice(), rest.next), (&written[5..], None));

    let since =
        AuditFilter { since: Some(written[1].at), action: Some(AuditAction::SignedIn), ..Default::default() };
    assert_eq!(store.list_audit_events(&since, 10, None).await.unwrap().items, written[1..2]);
}

#[tokio::test]
async fn an_event_cannot_be_written_over() {
    let store = store().await;
    let one = event(AuditAction::SignedIn, "usr_1", "usr_1");
    store.write_audit_event(&one).await.unwrap();
    assert!(matches!(store.write_audit_event(&one).await, Err(StoreError::Exists)));
}
