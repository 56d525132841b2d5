//! The calls: which company is meant, the connection test, and the way to pulls and pushes.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use domain::connection::{ConnectionSettings, Credentials, PushSettings};
use domain::json::{Json, Kind};
use http::header::ACCEPT_LANGUAGE;
use http::{HeaderName, HeaderValue};
use serde_json::json;
use tokio::sync::OnceCell;
use transport::http::place;
use transport::session::{AccessTokens, Session};
use transport::{ErpError, Transport};
use url::Url;

use super::config::{self, SignIn, misconfigured};
use super::mapping::{OFFERS, quoted, words};
use super::orders;
use super::pull::List;
use crate::rest::{self, Client, Walk};
use crate::{Connector, Found, Lookup, Pages, Pull, Push, PushError, Pushed, TestReport, offers_changes};

/// Speaks to one company in Business Central.
#[derive(Debug)]
pub(crate) struct BusinessCentral {
    client: Client,
    /// The company's name or id, as the connection has it.
    company: Option<String>,
    /// Its id, once it was asked for.
    company_id: OnceCell<String>,
    push_settings: Option<PushSettings>,
}

impl BusinessCentral {
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
        let push_settings = settings.api.push.get(&DataType::Orders).cloned();
        let (http, company) = (transport.http()?, credentials.company.clone());
        let base = config::base(settings, &credentials)?;
        let session = match config::sign_in(settings, credentials)? {
            SignIn::Entra(grant) => Session::with_token(http, Arc::new(*grant), tokens),
            SignIn::Fixed(auth) => Session::new(http, auth),
        };
        // Without it numbers and dates in their sentences follow the language of the user.
        let client = Client::new(session, base, settings, Some(words))
            .with_header(ACCEPT_LANGUAGE, HeaderValue::from_static("en-US"));
        Ok(Self { client, company, company_id: OnceCell::new(), push_settings })
    }

    /// An address within the company.
    pub(super) async fn url(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, ErpError> {
        let id = self.company_id.get_or_try_init(|| self.find_company()).await?;
        Ok(self.client.url(&format!("companies({id})/{path}"), query))
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// What the connection says of how orders are sent.
    pub(super) fn push_settings(&self) -> Option<&PushSettings> {
        self.push_settings.as_ref()
    }

    /// The client for reads that a replica may answer.
    pub(super) fn reader(&self) -> Client {
        let name = HeaderName::from_static("data-access-intent");
        self.client.clone().with_header(name, HeaderValue::from_static("ReadOnly"))
    }

    /// The company's id: what the connection names, else the only one there is.
    async fn find_company(&self) -> Result<String, ErpError> {
        if let Some(id) = self.company.as_deref().filter(|company| is_guid(company)) {
            return Ok(id.to_owned());
        }
        let request = self.client.get(self.client.url("companies", &[]));
        let answer = self.client.send(&request).await?;
        let companies = rest::read(&answer, &request)?.and_then(|json| json.at("value")).map(Json::items);
        let Some(companies) = companies else {
            return Err(ErpError::Malformed(format!("{} answered without companies", place(&answer.url))));
        };
        let is_meant = |company: &&Json<'_>| match self.company.as_deref() {
            Some(name) => text(company, "name") == name || text(company, "displayName") == name,
            None => true,
        };
        let meant: Vec<_> = companies.iter().filter(is_meant).map(|company| text(company, "id")).collect();
        match (&meant[..], self.company.as_deref()) {
            ([id], _) => Ok(id.clone().into_owned()),
            (_, named) => {
                let names: Vec<_> = companies.iter().map(|company| text(company, "name")).take(20).collect();
                let names = names.join(", ");
                Err(misconfigured(&match named {
                    Some(name) => format!("company {name} is not one of those that there are: {names}"),
                    None => format!("company is needed, for there are several, or none: {names}"),
                }))
            }
        }
    }

    /// The sales order with this number: its id and its version there.
    pub(super) async fn order(&self, number: &str, expand: &str) -> Result<Option<OrderThere>, ErpError> {
        let condition = format!("number eq {}", quoted(number));
        let mut query = vec![("$filter", condition.as_str())];
        if !expand.is_empty() {
            query.push(("$expand", expand));
        }
        // Not from a replica: what was written a moment ago must be seen.
        let request = self.client.get(self.url("salesOrders", &query).await?);
        let answer = self.client.send(&request).await?;
        let Some(json) = rest::read(&answer, &request)? else { return Ok(None) };
        let Some(order) = json.at("value.0") else { return Ok(None) };
        let text = |name| order.get(name).and_then(Json::as_string).map(Cow::into_owned);
        match (text("id"), text("@odata.etag")) {
            (Some(id), Some(etag)) => Ok(Some(OrderThere { id, etag, text: order.text().to_owned() })),
            _ => Err(ErpError::Malformed(format!(
                "{} answered with an order without id or @odata.etag",
                place(&answer.url)
            ))),
        }
    }
}

/// A sales order as it is there.
pub(super) struct OrderThere {
    pub(super) id: String,
    pub(super) etag: String,
    /// Its JSON.
    pub(super) text: String,
}

/// A text of a company; empty if it has none.
fn text<'a>(company: &Json<'a>, name: &str) -> Cow<'a, str> {
    company.get(name).and_then(Json::as_string).unwrap_or_default()
}

fn is_guid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[async_trait]
impl Connector for BusinessCentral {
    async fn test(&self) -> Result<TestReport, ErpError> {
        let client = self.client.clone().impatient();
        let request = client.get(self.url("companyInformation", &[]).await?);
        let answer = client.send(&request).await?;
        let json = rest::read(&answer, &request)?;
        let name =
            json.and_then(|json| json.at("value.0.displayName")).filter(|name| name.kind() == Kind::String);
        let name = name.and_then(Json::as_string).unwrap_or_default().into_owned();
        Ok(TestReport {
            message: format!("Business Central let us in: company {name}"),
            details: json!({"url": place(&answer.url), "status": answer.status.as_u16(), "company": name}),
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
