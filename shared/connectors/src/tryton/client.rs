//! The connector: the connection test, and the way to pulls and pushes.

use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use domain::connection::providers::tryton::TrytonSettings;
use domain::connection::{ConnectionSettings, Credentials, PushSettings};
use serde_json::json;
use transport::http::RetryPolicy;
use transport::session::AccessTokens;
use transport::{ErpError, Transport};

use super::config;
use super::mapping::OFFERS;
use super::orders;
use super::pull::List;
use super::rpc::Rpc;
use crate::rest::Walk;
use crate::{Connector, Found, Lookup, Pages, Pull, Push, PushError, Pushed, TestReport, offers_changes};

/// Speaks to one company in Tryton.
#[derive(Debug)]
pub(crate) struct Tryton {
    pub(super) rpc: Arc<Rpc>,
    /// The same, asking once: whoever tests a connection waits for the answer.
    impatient: Rpc,
    pub(super) settings: TrytonSettings,
    pub(super) push_settings: PushSettings,
}

impl Tryton {
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
        let http = transport.http()?;
        let patient = config::login(settings, &credentials)?;
        let mut once = config::login(settings, &credentials)?;
        once.pattern.retry = RetryPolicy::NONE;
        let company = credentials.company;
        Ok(Self {
            rpc: Arc::new(Rpc::new(http.clone(), patient, Arc::clone(&tokens), company.clone())),
            impatient: Rpc::new(http, once, tokens, company),
            settings: settings.tryton.clone(),
            push_settings: settings.api.push.get(&DataType::Orders).cloned().unwrap_or_default(),
        })
    }
}

#[async_trait]
impl Connector for Tryton {
    async fn test(&self) -> Result<TestReport, ErpError> {
        let version = &self.impatient.series().await?.version;
        let company = self.impatient.company().await?;
        Ok(TestReport {
            message: format!("Tryton {version} let us in: company {}", company.name),
            details: json!({"version": version, "company": company.name, "currency": company.currency}),
        })
    }

    async fn pull(&self, pull: Pull) -> Result<Box<dyn Pages>, ErpError> {
        Ok(Box::new(Walk::new(List::new(self, &pull).await?, &pull)?))
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
