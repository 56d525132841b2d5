//! The calls: the connection test, and the way to pulls and pushes.

use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use domain::connection::providers::netsuite::NetSuiteSettings;
use domain::connection::{ConnectionSettings, Credentials, PushSettings};
use serde_json::json;
use transport::session::{AccessTokens, Session};
use transport::{ErpError, Transport};

use super::config::{self, SignIn};
use super::mapping::{OFFERS, words};
use super::orders;
use super::pull::List;
use super::suiteql::SuiteQl;
use crate::rest::{Client, Walk};
use crate::{Connector, Found, Lookup, Pages, Pull, Push, PushError, Pushed, TestReport, offers_changes};

/// Speaks to one account of NetSuite.
#[derive(Debug)]
pub(crate) struct NetSuite {
    client: Client,
    suiteql: SuiteQl,
    account: String,
    settings: NetSuiteSettings,
    push_settings: Option<PushSettings>,
}

impl NetSuite {
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
        let account = config::account(&credentials)?;
        let base = config::base(&account, &credentials)?;
        let session = match config::sign_in(settings, credentials, &account, &base)? {
            SignIn::Certificate(grant) => Session::with_token(http, Arc::new(*grant), tokens),
            SignIn::Fixed(auth) => Session::new(http, auth),
        };
        let client = Client::new(session, base, settings, Some(words));
        Ok(Self {
            suiteql: SuiteQl::new(client.clone()),
            client,
            account,
            settings: settings.net_suite.clone(),
            push_settings: settings.api.push.get(&DataType::Orders).cloned(),
        })
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    pub(super) const fn suiteql(&self) -> &SuiteQl {
        &self.suiteql
    }

    pub(super) const fn settings(&self) -> &NetSuiteSettings {
        &self.settings
    }

    /// What the connection says of how orders are sent.
    pub(super) fn push_settings(&self) -> Option<&PushSettings> {
        self.push_settings.as_ref()
    }
}

#[async_trait]
impl Connector for NetSuite {
    async fn test(&self) -> Result<TestReport, ErpError> {
        let suiteql = SuiteQl::new(self.client.clone().impatient());
        suiteql.page("SELECT 1 AS one FROM dual", 1, 0).await?.read()?;
        Ok(TestReport {
            message: format!("NetSuite let us in: account {}", self.account),
            details: json!({"account": self.account}),
        })
    }

    async fn pull(&self, pull: Pull) -> Result<Box<dyn Pages>, ErpError> {
        Ok(Box::new(Walk::new(List::new(self, &pull), &pull)?))
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

    fn repeats_safely(&self, data_type: DataType) -> bool {
        data_type == DataType::Orders
    }
}
