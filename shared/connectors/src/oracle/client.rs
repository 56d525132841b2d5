//! The calls: addresses of resources, the connection test, and the way to pulls and pushes.

use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use domain::connection::{ConnectionSettings, Credentials, OracleSettings, PushSettings};
use domain::json::Json;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use serde_json::json;
use transport::http::{HttpRequest, place};
use transport::session::{AccessTokens, Session};
use transport::{ErpError, Transport};
use url::Url;

use super::config::{self, SignIn, misconfigured};
use super::mapping::{OFFERS, Resource, resource, words};
use super::orders;
use super::pull::List;
use crate::rest::{self, Client, Walk};
use crate::{Connector, Found, Lookup, Pages, Pull, Push, PushError, Pushed, TestReport, offers_changes};

const FRAMEWORK_VERSION: HeaderName = HeaderName::from_static("rest-framework-version");

/// Without the second, refusals come as plain text.
const ACCEPTED: HeaderValue =
    HeaderValue::from_static("application/json, application/vnd.oracle.adf.error+json");

/// What is sent is one item of a resource.
const ITEM: HeaderValue = HeaderValue::from_static("application/vnd.oracle.adf.resourceitem+json");

/// Speaks to one Fusion environment. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Oracle {
    client: Client,
    settings: OracleSettings,
    push_settings: Option<PushSettings>,
    /// What the connection is said to be for.
    enabled: Vec<DataType>,
}

impl Oracle {
    /// Makes the connector of one connection.
    ///
    /// # Errors
    /// `Misconfigured`, naming the field that does not fit.
    pub(crate) fn new(
        settings: &ConnectionSettings,
        credentials: Credentials,
        transport: &Transport,
        tokens: Arc<dyn AccessTokens>,
    ) -> Result<Self, ErpError> {
        let (http, base) = (transport.http()?, config::base(&credentials)?);
        let session = match config::sign_in(settings, credentials)? {
            SignIn::Domain(grant) => Session::with_token(http, Arc::new(*grant), tokens),
            SignIn::Signed(grant) => Session::with_token(http, Arc::new(*grant), tokens),
            SignIn::Fixed(auth) => Session::new(http, auth),
        };
        let version = HeaderValue::from(u16::from(settings.oracle.framework_version));
        let client = Client::new(session, base, settings, Some(words))
            .with_header(ACCEPT, ACCEPTED)
            .with_header(FRAMEWORK_VERSION, version);
        Ok(Self {
            client,
            settings: settings.oracle.clone(),
            push_settings: settings.api.push.get(&DataType::Orders).cloned(),
            enabled: settings.enabled_data_types.clone().unwrap_or_default(),
        })
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    pub(super) const fn settings(&self) -> &OracleSettings {
        &self.settings
    }

    /// What the connection says of how orders are sent.
    pub(super) const fn push_settings(&self) -> Option<&PushSettings> {
        self.push_settings.as_ref()
    }

    /// The address of a resource's list.
    pub(super) fn url(&self, resource: &Resource, query: &[(&str, &str)]) -> Url {
        let path = format!("{}/resources/{}/{}", resource.api, self.settings.resource_version, resource.name);
        self.client.url(&path, query)
    }

    /// A request that writes an item.
    pub(super) fn write(&self, method: Method, url: Url, json: String) -> HttpRequest {
        let mut request = self.client.write(method, url, json);
        if !request.body.is_empty() {
            request.headers.insert(CONTENT_TYPE, ITEM);
        }
        request
    }

    /// Asks which versions there are, which needs no privilege but to sign in.
    async fn sign_in(&self, client: &Client) -> Result<Url, ErpError> {
        let request = client.get(client.url("fscmRestApi/resources", &[]));
        let answer = client.send(&request).await?;
        let json = rest::read(&answer, &request)?;
        let versions = json.and_then(|json| json.at("items")).map(Json::items).unwrap_or_default();
        let ours = versions.into_iter().find(|version| {
            version.get("version").and_then(Json::as_string).as_deref()
                == Some(&self.settings.resource_version)
        });
        let allowed = ours.and_then(|ours| ours.at("adf:extension.allowedFrameworkVersions"));
        let allowed: Vec<_> = allowed.map(Json::items).unwrap_or_default();
        let allowed: Vec<_> = allowed.into_iter().filter_map(Json::as_string).collect();
        let version = self.settings.framework_version.to_string();
        if allowed.is_empty() || allowed.iter().any(|one| *one == version) {
            return Ok(answer.url.clone());
        }
        Err(misconfigured(&format!(
            "settings.oracle.frameworkVersion {version} is none of those that Fusion takes: {}",
            allowed.join(", ")
        )))
    }
}

#[async_trait]
impl Connector for Oracle {
    async fn test(&self) -> Result<TestReport, ErpError> {
        let client = self.client.clone().impatient();
        let url = self.sign_in(&client).await?;
        // Which lists a user may read depends on roles and data security: each is tried.
        for data_type in &self.enabled {
            let resource = resource(*data_type);
            let fields = resource.order.join(",");
            let query = [("onlyData", "true"), ("fields", fields.as_str()), ("limit", "1")];
            client.send(&client.get(self.url(resource, &query))).await?;
        }
        let names: Vec<_> = self.enabled.iter().map(|data_type| resource(*data_type).name).collect();
        let lists = if names.is_empty() { String::new() } else { format!(" and to {}", names.join(", ")) };
        Ok(TestReport {
            message: format!("Oracle Fusion let us in{lists}"),
            details: json!({"url": place(&url), "resources": names}),
        })
    }

    async fn pull(&self, pull: Pull) -> Result<Box<dyn Pages>, ErpError> {
        Ok(Box::new(Walk::new(List::new(self, &pull)?, &pull)?))
    }

    fn pulls_changes(&self, data_type: DataType) -> bool {
        offers_changes(OFFERS, data_type)
    }

    async fn push(&self, push: &Push<'_>) -> Result<Pushed, PushError> {
        orders::push(self, push).await
    }

    async fn find(&self, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
        orders::find(self, lookup).await
    }

    fn can_find(&self, data_type: DataType) -> bool {
        data_type == DataType::Orders
    }
}
