//! The wire to AWS: calls that fail before they took effect, after it, slowly, or with the process that makes them.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::dice::Dice;

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It never arrives.
    LostOnTheWay,
    /// It is done, and the answer never arrives.
    AnswerLost,
    /// The service asks to slow down.
    Throttled,
    /// The service fails.
    ServerError,
    /// It is done, and the service says it failed.
    ServerErrorAfter,
    /// The service does as much of it as it likes: fewer records of a query, none of a batch. A transaction meets
    /// another.
    Partial,
    /// It takes long.
    Slow,
    /// The process dies before it is sent, or after it was done.
    KilledBefore,
    KilledAfter,
}

const FAULTS: [Fault; 10] = [
    Fault::LostOnTheWay,
    Fault::AnswerLost,
    Fault::AnswerLost,
    Fault::Throttled,
    Fault::ServerError,
    Fault::ServerErrorAfter,
    Fault::Partial,
    Fault::Slow,
    Fault::KilledBefore,
    Fault::KilledAfter,
];

/// The wire of one process.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    /// What it leads to.
    pub(crate) inner: SharedHttpClient,
    pub(crate) dice: Dice,
    pub(crate) per_mille: u32,
    /// How long a slow call takes.
    pub(crate) slow: Duration,
    /// Ends the process.
    pub(crate) kill: CancellationToken,
}

/// The wire, laid.
#[derive(Debug, Clone)]
struct Laid {
    wire: Wire,
    inner: SharedHttpConnector,
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Laid { wire: self.clone(), inner })
    }
}

impl HttpConnector for Laid {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let fault = self.wire.dice.fault(self.wire.per_mille, &FAULTS);
        let laid = self.clone();
        HttpConnectorFuture::new(async move {
            match fault {
                None => laid.inner.call(request).await,
                Some(fault) => laid.fail(fault, request).await,
            }
        })
    }
}

impl Laid {
    async fn fail(&self, fault: Fault, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        match fault {
            Fault::LostOnTheWay => Err(broken()),
            Fault::AnswerLost => self.inner.call(request).await.and_then(|_| Err(broken())),
            Fault::Throttled => Ok(refusal(400, throttling(&request))),
            Fault::ServerError => Ok(refusal(500, "InternalServerError")),
            Fault::ServerErrorAfter => {
                self.inner.call(request).await.map(|_| refusal(500, "InternalServerError"))
            }
            Fault::Partial => self.partly(request).await,
            Fault::Slow => {
                tokio::time::sleep(self.wire.slow).await;
                self.inner.call(request).await
            }
            Fault::KilledBefore => self.die().await,
            Fault::KilledAfter => match self.inner.call(request).await {
                Ok(_) => self.die().await,
                Err(error) => Err(error),
            },
        }
    }

    async fn die<T>(&self) -> T {
        self.wire.kill.cancel();
        std::future::pending().await
    }

    async fn partly(&self, mut request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let asked: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap();
        match operation(&request) {
            "BatchWriteItem" => Ok(answer(200, &json!({"UnprocessedItems": asked["RequestItems"]}))),
            "BatchGetItem" => {
                Ok(answer(200, &json!({"Responses": {}, "UnprocessedKeys": asked["RequestItems"]})))
            }
            "TransactWriteItems" => {
                let mut reasons =
                    vec![json!({"Code": "None"}); asked["TransactItems"].as_array().unwrap().len()];
                reasons[0] =
                    json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
                Ok(answer(
                    400,
                    &json!({
                        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
                        "CancellationReasons": reasons,
                    }),
                ))
            }
            "PutItem" | "UpdateItem" | "DeleteItem" => Ok(refusal(400, "TransactionConflictException")),
            // As if the page had reached its megabyte.
            "Query" if asked["Limit"].as_u64().is_none_or(|limit| limit > 1) => {
                let limit = asked["Limit"].as_u64().map_or(1, |limit| limit / 2);
                let mut shorter = asked;
                shorter["Limit"] = limit.into();
                let body = shorter.to_string();
                request.headers_mut().insert("content-length", body.len().to_string());
                *request.body_mut() = SdkBody::from(body);
                self.inner.call(request).await
            }
            _ => self.inner.call(request).await,
        }
    }
}

/// The last word of `DynamoDB_20120810.PutItem`.
fn operation(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

fn throttling(request: &HttpRequest) -> &'static str {
    if operation(request) == "Query" {
        "ProvisionedThroughputExceededException"
    } else {
        "ThrottlingException"
    }
}

fn broken() -> ConnectorError {
    ConnectorError::io("the wire is cut".into())
}

fn refusal(status: u16, code: &str) -> HttpResponse {
    let code = format!("com.amazonaws.dynamodb.v20120810#{code}");
    answer(status, &json!({"__type": code, "message": "injected"}))
}

pub(crate) fn answer(status: u16, body: &Value) -> HttpResponse {
    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.to_string()));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}
