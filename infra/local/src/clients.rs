//! The AWS clients of the process: as in the cloud, but for where they call and how they sign in.

use std::net::SocketAddr;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::{TimeoutConfig, TimeoutConfigBuilder};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedInterceptor, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::Builder;

/// The region in the names of the embedded services.
pub(crate) const REGION: &str = "local";

/// Longer than the longest long poll, 20 seconds.
const LONG_POLL_TIMEOUT: Duration = Duration::from_secs(30);

/// Reaches the embedded DynamoDB at `address`; `watcher` sees each request.
pub(crate) fn dynamodb(address: SocketAddr, watcher: Option<SharedInterceptor>) -> aws_sdk_dynamodb::Client {
    let mut config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static(REGION))
        .credentials_provider(credentials())
        .endpoint_url(format!("http://{address}"))
        .http_client(plain_http())
        .timeout_config(timeouts().operation_timeout(store::CALL_TIMEOUT).build())
        .retry_config(RetryConfig::standard())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.set_interceptors(watcher);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// Reaches the embedded SQS at `address`; `watcher` sees each request.
pub(crate) fn sqs(address: SocketAddr, watcher: Option<SharedInterceptor>) -> aws_sdk_sqs::Client {
    let mut config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static(REGION))
        .credentials_provider(credentials())
        .endpoint_url(format!("http://{address}"))
        .http_client(plain_http())
        .timeout_config(timeouts().operation_attempt_timeout(LONG_POLL_TIMEOUT).build())
        .retry_config(RetryConfig::standard())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.set_interceptors(watcher);
    aws_sdk_sqs::Client::from_conf(config.build())
}

/// The embedded services ask for a signature and do not check it.
fn credentials() -> Credentials {
    Credentials::new("local", "local", None, None, "causeway")
}

/// The default client would read the machine's certificates (and give up where there are none) and obey its proxy
/// settings; neither is wanted between two ends of one process.
fn plain_http() -> aws_sdk_dynamodb::config::SharedHttpClient {
    Builder::new().pool_max_idle_per_host(64).build_http()
}

fn timeouts() -> TimeoutConfigBuilder {
    TimeoutConfig::builder().connect_timeout(Duration::from_secs(2))
}
