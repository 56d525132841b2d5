//! What each function is asked: something that it can answer from the table alone, and that changes nothing.

use serde_json::{Value, json};

use super::stage::Stage;

/// Each function that answers a `GET`, and the route it is asked by. `{id}` is the connection.
const GETS: [(&str, &str); 19] = [
    ("connections", "/erp/connections/{id}"),
    ("connection-health", "/erp/connections/{id}/health"),
    ("statistics", "/erp/connections/{id}/statistics"),
    ("sync-configs", "/erp/connections/{id}/sync-configs"),
    ("sync-logs", "/erp/sync-logs"),
    ("dead-letters", "/erp/dead-letters"),
    ("set-aside", "/erp/set-aside"),
    ("mapping-templates", "/erp/mapping-templates"),
    ("conflicts", "/erp/conflicts"),
    ("client-assignments", "/clients/acme/erp-assignments"),
    ("site-assignments", "/sites/berlin/erp-assignments"),
    ("effective-erp", "/sites/berlin/effective-erp?clientId=acme"),
    ("records", "/erp/records/products?erpConnectionId={id}"),
    ("inventory", "/erp/inventory?erpConnectionId={id}"),
    ("record-changes", "/erp/changes?erpConnectionId={id}"),
    ("auth", "/api/v1/auth/profile"),
    ("audit-events", "/api/v1/audit-events"),
    ("health", "/health"),
    ("docs", "/openapi.json"),
];

/// The event for the function `name`; `None` if every one it takes would change something or reach out.
pub(crate) fn of(name: &str, stage: &Stage) -> Option<Value> {
    match name {
        "sync-worker" | "dead-letter-worker" => Some(message(r#"{"runId":"run_none"}"#)),
        "scheduler" => Some(json!({})),
        _ => {
            let (_, path) = GETS.iter().find(|(function, _)| *function == name)?;
            Some(get(&path.replace("{id}", &stage.connection), stage))
        }
    }
}

/// What the peers are asked, and `connections` too.
pub(crate) fn get_connection(stage: &Stage) -> Value {
    get(&format!("/erp/connections/{}", stage.connection), stage)
}

/// A request as API Gateway hands it over, payload format 2.0.
fn get(path: &str, stage: &Stage) -> Value {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": {"authorization": format!("Bearer {}", stage.token), "accept": "application/json"},
        "requestContext": {
            "accountId": "000000000000", "apiId": "bench", "domainName": "bench.example.com",
            "domainPrefix": "bench", "requestId": "bench", "routeKey": "$default", "stage": "$default",
            "time": "21/Nov/2026:09:00:00 +0000", "timeEpoch": 1_795_251_600_000_u64,
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench"},
        },
        "pathParameters": {"id": stage.connection}, "isBase64Encoded": false,
    })
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
