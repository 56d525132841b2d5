//! The calls: lists, the site's clock, the connection test, and the way to pulls and pushes.

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use domain::connection::providers::erpnext::ErpNextSettings;
use domain::connection::{ConnectionSettings, Credentials, PushSettings};
use domain::json::{Json, Kind};
use domain::schedule::parse_zone;
use http::Method;
use serde_json::json;
use tokio::sync::OnceCell;
use transport::http::{HttpRequest, place};
use transport::session::Session;
use transport::{ErpError, Transport};
use url::Url;

use super::clock::Clock;
use super::config::{self, misconfigured};
use super::mapping::{OFFERS, SALES_ORDER};
use super::orders;
use super::pull::Documents;
use super::question::Question;
use super::row::Row;
use super::words::words;
use crate::rest::{self, Client, Walk};
use crate::{Connector, Found, Lookup, Pages, Pull, Push, PushError, Pushed, TestReport, offers_changes};

/// The field that holds our reference unless the settings say otherwise.
pub(super) const PO_NO: &str = "po_no";

/// Speaks to one ERPNext.
#[derive(Debug)]
pub(crate) struct ErpNext {
    site: Arc<Site>,
    push_settings: Option<PushSettings>,
}

/// One site, as one of its users reaches it.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) client: Client,
    pub(super) settings: ErpNextSettings,
    /// The company whose documents are meant; all if there is none.
    pub(super) company: Option<String>,
    /// Once it was asked for.
    clock: OnceCell<Clock>,
}

impl ErpNext {
    /// Makes the connector of one connection.
    ///
    /// # Errors
    /// `Misconfigured`, naming the field that does not fit.
    pub(crate) fn new(
        settings: &ConnectionSettings,
        credentials: Credentials,
        transport: &Transport,
    ) -> Result<Self, ErpError> {
        let push_settings = settings.api.push.get(&DataType::Orders).cloned();
        let (base, company) = (config::site(&credentials)?, credentials.company.clone());
        let session = Session::new(transport.http()?, config::sign_in(credentials)?);
        let client = Client::new(session, base, settings, Some(words));
        let settings = settings.erp_next.clone();
        Ok(Self { site: Arc::new(Site { client, settings, company, clock: OnceCell::new() }), push_settings })
    }

    pub(super) fn site(&self) -> &Site {
        &self.site
    }

    /// What the connection says of how orders are sent.
    pub(super) const fn push_settings(&self) -> Option<&PushSettings> {
        self.push_settings.as_ref()
    }
}

impl Site {
    /// The address of a document, or of where new ones are made. Names may hold slashes.
    pub(super) fn document(&self, doctype: &str, name: Option<&str>) -> Url {
        let mut url = self.client.url("api/resource", &[]);
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(doctype).extend(name);
        }
        url
    }

    /// The documents that answer a question.
    ///
    /// # Errors
    /// With what they said.
    pub(super) async fn rows(&self, question: &Question) -> Result<Vec<Row>, ErpError> {
        let body = serde_json::to_string(question)
            .map_err(|error| ErpError::Malformed(format!("a question cannot be written: {error}")))?;
        let url = self.client.url("api/method/frappe.client.get_list", &[]);
        // It only reads; it is posted because many names in an address are more than servers take.
        let request = HttpRequest { repeatable: true, ..self.client.write(Method::POST, url, body) };
        let about = |error| match error {
            ErpError::Unauthorized(why) => ErpError::Unauthorized(format!("{}: {why}", question.doctype)),
            ErpError::Rejected(why) => ErpError::Rejected(format!("{}: {why}", question.doctype)),
            other => other,
        };
        let answer = self.client.send(&request).await.map_err(about)?;
        let list = rest::read(&answer, &request)?.and_then(|json| json.at("message"));
        let list = list.filter(|list| list.kind() == Kind::Array).ok_or_else(|| {
            let (place, said) = (place(&answer.url), answer.excerpt(&request));
            ErpError::Malformed(format!("{place} answered without a list of {}: {said}", question.doctype))
        })?;
        list.items().into_iter().map(Row::read).collect()
    }

    /// The clock by which the site writes times.
    ///
    /// # Errors
    /// `Misconfigured` if the site does not tell its time zone, and the settings do not either.
    pub(super) async fn clock(&self) -> Result<&Clock, ErpError> {
        self.clock.get_or_try_init(|| self.ask_for_clock()).await
    }

    async fn ask_for_clock(&self) -> Result<Clock, ErpError> {
        let needed = |why: String| {
            misconfigured(&format!("settings.erpNext.timeZone is needed, for the site does not tell: {why}"))
        };
        let name = match &self.settings.time_zone {
            Some(name) => name.clone(),
            None => match self.ask("frappe.client.get_time_zone", "message.time_zone").await {
                Err(ErpError::Rejected(why)) => return Err(needed(why)),
                other => other?,
            },
        };
        parse_zone(&name).map(Clock).map_err(needed)
    }

    /// A text that a method of theirs answers; empty if there is none.
    async fn ask(&self, method: &str, path: &str) -> Result<String, ErpError> {
        let request = self.client.get(self.client.url(&format!("api/method/{method}"), &[]));
        let answer = self.client.send(&request).await?;
        let told = rest::read(&answer, &request)?.and_then(|json| json.at(path));
        Ok(told.and_then(Json::as_string).map(Cow::into_owned).unwrap_or_default())
    }

    /// Whether the settings name what there is.
    async fn check_settings(&self) -> Result<(), ErpError> {
        if let Some(company) = &self.company {
            let question = Question::of("Company").with_fields(&["name"]).only("name", "=", company.as_str());
            if self.rows(&question).await?.is_empty() {
                return Err(misconfigured(&format!("company {company} is none that the user may see there")));
            }
        }
        let reference = self.settings.reference_field.as_str();
        if reference != PO_NO {
            let question = Question::of(SALES_ORDER).with_fields(&["name", reference]).at_most(1);
            self.rows(&question).await.map_err(|error| match error {
                ErpError::Rejected(why) => {
                    misconfigured(&format!("settings.erpNext.referenceField names no field there: {why}"))
                }
                other => other,
            })?;
        }
        Ok(())
    }
}

#[async_trait]
impl Connector for ErpNext {
    async fn test(&self) -> Result<TestReport, ErpError> {
        let site = Site { client: self.site.client.clone().impatient(), ..(*self.site).clone() };
        let user = site.ask("frappe.auth.get_logged_user", "message").await?;
        let clock = site.clock().await?;
        let zone = clock.0.iana_name().unwrap_or("UTC");
        site.check_settings().await?;
        Ok(TestReport {
            message: format!("ERPNext let us in as {user}; its times are those of {zone}"),
            details: json!({
                "url": place(&site.client.url("", &[])), "user": user, "timeZone": zone, "company": site.company
            }),
        })
    }

    async fn pull(&self, pull: Pull) -> Result<Box<dyn Pages>, ErpError> {
        Ok(Box::new(Walk::new(Documents::new(Arc::clone(&self.site), &pull), &pull)?))
    }

    fn pulls_changes(&self, data_type: DataType) -> bool {
        offers_changes(OFFERS, data_type)
    }

    async fn push(&self, push: &Push<'_>) -> Result<Pushed, PushError> {
        orders::push(self, push).await
    }

    async fn find(&self, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
        orders::find(self.site(), lookup).await
    }

    fn can_find(&self, data_type: DataType) -> bool {
        data_type == DataType::Orders
    }
}
