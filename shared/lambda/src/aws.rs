//! How a function reaches AWS: all that it needs is in the environment that Lambda makes for it.
//!
//! `aws-config` would also look into profiles, containers, machines' metadata and STS, at each start and in each zip. None
//! of it is there in a Lambda.

use std::env;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// Region, credentials and, where the environment names some, other endpoints than AWS's own.
///
/// # Errors
/// With the variable that is not set.
pub(crate) fn config() -> Result<SdkConfig, String> {
    let needed = |name| set(name).ok_or_else(|| format!("{name} is not set"));
    let (id, key) = (needed("AWS_ACCESS_KEY_ID")?, needed("AWS_SECRET_ACCESS_KEY")?);
    let mut credentials =
        Credentials::builder().access_key_id(id).secret_access_key(key).provider_name("environment");
    credentials.set_session_token(set("AWS_SESSION_TOKEN"));
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(needed("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials.build()))
        .service_config(Endpoints);
    Ok(config.build())
}

/// What is set for one service, such as `AWS_ENDPOINT_URL_DYNAMODB`, before what is set for all
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
#[derive(Debug)]
struct Endpoints;

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().replace([' ', '-'], "_").to_uppercase();
        set(&format!("{}_{service}", key.env())).or_else(|| set(key.env()))
    }
}

fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
