//! What each function is asked: something that it can answer from the table alone, and that changes nothing.

use serde_json::{Value, json};

use super::stage::Stage;

/// Each function behind the API, what it is asked, and the status that it answers with. `{id}` is the connection. Those
/// that start something or call an ERP are asked to for something that is not there: all but the deed is measured.
const REQUESTS: [(&str, &str, &str, u16); 25] = [
    ("connections", "GET", "/erp/connections/{id}", 200),
    ("connection-health", "GET", "/erp/connections/{id}/health", 200),
    ("connection-test", "POST", "/erp/connections/none/test", 404),
    ("statistics", "GET", "/erp/connections/{id}/statistics", 200),
    ("sync-configs", "GET", "/erp/connections/{id}/sync-configs", 200),
    ("sync-trigger", "POST", "/erp/connections/none/sync", 404),
    ("sync-control", "POST", "/erp/sync-logs/none/cancel", 404),
    ("sync-logs", "GET", "/erp/sync-logs", 200),
    ("dead-letters", "GET", "/erp/dead-letters", 200),
    ("set-aside", "GET", "/erp/set-aside?erpConnectionId={id}", 200),
    ("mapping-templates", "GET", "/erp/mapping-templates", 200),
    ("conflicts", "GET", "/erp/conflicts", 200),
    ("client-assignments", "GET", "/clients/acme/erp-assignments", 200),
    ("site-assignments", "GET", "/sites/berlin/erp-assignments", 200),
    ("effective-erp", "GET", "/sites/berlin/effective-erp?clientId=acme", 200),
    ("preview", "GET", "/erp/connections/none/fields?dataType=products", 404),
    ("providers", "GET", "/erp/providers", 200),
    ("records", "GET", "/erp/records/products?erpConnectionId={id}", 200),
    ("inventory", "GET", "/erp/inventory/none?erpConnectionId={id}", 404),
    ("record-changes", "GET", "/erp/changes?erpConnectionId={id}", 200),
    ("doi", "POST", "/doi/none", 401),
    ("auth", "GET", "/api/v1/auth/profile", 200),
    ("audit-events", "GET", "/api/v1/audit-events", 200),
    ("health", "GET", "/health", 200),
    ("docs", "GET", "/openapi.json", 200),
];

/// An event, and what tells a good answer to it.
pub(crate) struct Asked {
    /// As Lambda hands it over.
    pub(crate) event: Value,
    /// The status of the answer, where the event is a request.
    pub(crate) status: Option<u16>,
}

/// What the function `name` is asked; `None` if nobody has said.
pub(crate) fn of(name: &str, stage: &Stage) -> Option<Asked> {
    let event = match name {
        "sync-worker" | "dead-letter-worker" => message(r#"{"runId":"run_none"}"#),
        "scheduler" => json!({}),
        _ => {
            let found = REQUESTS.iter().find(|(function, ..)| *function == name);
            return found.map(|(_, method, route, status)| request(method, route, *status, stage));
        }
    };
    Some(Asked { event, status: None })
}

/// What the peers are asked, and `connections` too.
pub(crate) fn get_connection(stage: &Stage) -> Asked {
    request("GET", "/erp/connections/{id}", 200, stage)
}

/// A request as API Gateway hands it over, payload format 2.0.
fn request(method: &str, route: &str, status: u16, stage: &Stage) -> Asked {
    let target = route.replace("{id}", &stage.connection);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": {"authorization": format!("Bearer {}", stage.token), "accept": "application/json",
            "content-type": "application/json"},
        "requestContext": {
            "accountId": "000000000000", "apiId": "bench", "domainName": "bench.example.com",
            "domainPrefix": "bench", "requestId": "bench", "routeKey": "$default", "stage": "$default",
            "time": "21/Nov/2026:09:00:00 +0000", "timeEpoch": 1_795_251_600_000_u64,
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench"},
        },
        "pathParameters": {"id": stage.connection}, "isBase64Encoded": false,
        "body": (method == "POST").then_some(r#"{"dataType":"products"}"#),
    });
    Asked { event, status: Some(status) }
}

/// A message as SQS hands it over.
fn message(body: &str) -> Value {
    json!({"Records": [{
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "receiptHandle": "handle", "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795251600000", "SenderId": "bench",
            "ApproximateFirstReceiveTimestamp": "1795251600000"},
        "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:local:000000000000:causeway-runs", "awsRegion": "local",
    }]})
}
