//! The calls: the connection test, and the way to pulls and pushes.

use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use domain::connection::providers::sap::{ODataVersion, SapService, SapSettings, SapSystem};
use domain::connection::{ConnectionSettings, Credentials, NumberForm, PushSettings};
use http::{HeaderName, HeaderValue};
use serde_json::json;
use transport::http::{HttpAnswer, HttpRequest, place};
use transport::session::{AccessTokens, Session};
use transport::{ErpError, Transport};
use url::Url;

use super::config::{self, SignIn, misconfigured};
use super::csrf::Csrf;
use super::lists::List;
use super::mapping::{OFFERS, words};
use super::orders;
use super::pull::{ListPages, plainly};
use crate::rest::{self, Client, Walk};
use crate::{Connector, Found, Lookup, Pages, Pull, Push, PushError, Pushed, TestReport, offers_changes};

/// Speaks to one SAP system.
#[derive(Debug)]
pub(crate) struct Sap {
    client: Client,
    settings: SapSettings,
    push_settings: PushSettings,
    /// What the connection test asks for.
    tested: DataType,
    csrf: Csrf,
}

impl Sap {
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
        let session = match config::sign_in(settings, credentials, &base)? {
            SignIn::Fixed(auth) => Session::new(http, auth),
            SignIn::Token(grant) => Session::with_token(http, grant, tokens),
        };
        let sap = settings.sap.clone();
        let mut client = Client::new(session, base, settings, Some(words))
            .with_header(HeaderName::from_static("sap-language"), header(&sap.language, "language")?);
        if let Some(number) = &sap.client {
            client = client.with_header(HeaderName::from_static("sap-client"), header(number, "client")?);
        }
        let mut push_settings = settings.api.push.get(&DataType::Orders).cloned().unwrap_or_default();
        if sap.version(SapService::Orders) == ODataVersion::V2 {
            // V2 has decimals as texts, and nothing else.
            push_settings.numbers = NumberForm::Text;
        }
        let tested = match (sap.system, &settings.enabled_data_types) {
            (SapSystem::SuccessFactors, _) => DataType::Employees,
            (SapSystem::S4hana, Some(enabled)) => enabled.first().copied().unwrap_or(DataType::Orders),
            (SapSystem::S4hana, None) => DataType::Orders,
        };
        Ok(Self { client, settings: sap, push_settings, tested, csrf: Csrf::default() })
    }

    pub(super) const fn settings(&self) -> &SapSettings {
        &self.settings
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// What the connection says of how orders are sent.
    pub(super) const fn push_settings(&self) -> &PushSettings {
        &self.push_settings
    }

    /// An address within a service.
    pub(super) fn url(&self, service: SapService, path: &str, query: &[(&str, &str)]) -> Url {
        plainly(self.client.url(&format!("{}/{path}", config::path(&self.settings, service)), query))
    }

    /// Sends a request that changes something among the orders.
    ///
    /// # Errors
    /// See [`Csrf::deliver`].
    pub(super) async fn deliver(&self, request: &HttpRequest) -> Result<HttpAnswer, PushError> {
        let service = self.url(SapService::Orders, "", &[]);
        self.csrf.deliver(&self.client, &service, request).await
    }

    /// The lists of a data type.
    ///
    /// # Errors
    /// `Rejected` where the system has none.
    pub(super) fn list(&self, data_type: DataType) -> Result<List, ErpError> {
        List::of(&self.settings, data_type).ok_or_else(|| {
            ErpError::Rejected(format!(
                "SuccessFactors has employees only: sync {data_type} over a connection whose settings.sap.system is \
                 s4hana"
            ))
        })
    }
}

fn header(value: &str, name: &str) -> Result<HeaderValue, ErpError> {
    HeaderValue::from_str(value)
        .map_err(|_| misconfigured(&format!("settings.sap.{name} cannot be sent as a header")))
}

#[async_trait]
impl Connector for Sap {
    async fn test(&self) -> Result<TestReport, ErpError> {
        let client = self.client.clone().impatient();
        let list = self.list(self.tested)?;
        let request = client.get(self.url(list.service, list.set, &[("$top", "1"), ("$select", list.key)]));
        let answer = client.send(&request).await?;
        rest::read(&answer, &request)?;
        let system = match self.settings.system {
            SapSystem::S4hana => "S/4HANA",
            SapSystem::SuccessFactors => "SuccessFactors",
        };
        Ok(TestReport {
            message: format!("{system} let us in, and we may read its {}", self.tested),
            details: json!({"url": place(&answer.url), "status": answer.status.as_u16(), "list": list.set}),
        })
    }

    async fn pull(&self, pull: Pull) -> Result<Box<dyn Pages>, ErpError> {
        Ok(Box::new(Walk::new(ListPages::new(self, &pull)?, &pull)?))
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
