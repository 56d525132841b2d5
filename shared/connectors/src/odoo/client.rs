//! One database of Odoo: what every call is made in, what fields its models have, and the reading of records.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use domain::change::Operation;
use domain::connection::providers::odoo::OdooSettings;
use domain::connection::{ConnectionSettings, Credentials, PushSettings};
use domain::json::Json;
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, OnceCell};
use transport::{ErpError, Transport};

use super::call::Call;
use super::config::{self, SignIn, misconfigured};
use super::mapping::OFFERS;
use super::orders;
use super::protocol::Protocol;
use super::pull::List;
use super::row::{Fields, Row, Rows, fields};
use crate::rest::Walk;
use crate::{Connector, Found, Lookup, Pages, Pull, Push, PushError, Pushed, TestReport, offers_changes};

/// Speaks to one database of Odoo. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Odoo(Arc<Database>);

#[derive(Debug)]
struct Database {
    protocol: Protocol,
    settings: OdooSettings,
    push_settings: Option<PushSettings>,
    /// The company's name or number, as the connection has it.
    company: Option<String>,
    /// What every call is made in, once the company's number was asked for.
    context: OnceCell<Map<String, Value>>,
    /// The fields of the models that were asked for.
    fields: Mutex<HashMap<String, Arc<Fields>>>,
}

impl Odoo {
    /// Makes the connector of one connection.
    ///
    /// # Errors
    /// `Misconfigured`, naming the field that does not fit.
    pub(crate) fn new(
        settings: &ConnectionSettings,
        credentials: Credentials,
        transport: &Transport,
    ) -> Result<Self, ErpError> {
        let sign_in = SignIn::of(&settings.odoo, &credentials)?;
        let protocol = Protocol::new(settings, sign_in, config::base(&credentials)?, transport)?;
        Ok(Self(Arc::new(Database {
            protocol,
            settings: settings.odoo.clone(),
            push_settings: settings.api.push.get(&DataType::Orders).cloned(),
            company: credentials.company,
            context: OnceCell::new(),
            fields: Mutex::default(),
        })))
    }

    pub(super) fn settings(&self) -> &OdooSettings {
        &self.0.settings
    }

    /// What the connection says of how orders are sent.
    pub(super) fn push_settings(&self) -> Option<&PushSettings> {
        self.0.push_settings.as_ref()
    }

    /// Makes a call that changes nothing.
    ///
    /// # Errors
    /// With what they said, or why they could not be asked.
    pub(super) async fn ask(&self, call: &Call<'_>) -> Result<String, ErpError> {
        self.0.protocol.ask(call, self.context().await?).await
    }

    /// Makes a call that changes something.
    ///
    /// # Errors
    /// With what is known of its fate.
    pub(super) async fn deliver(&self, call: &Call<'_>, operation: Operation) -> Result<String, PushError> {
        let context = self.context().await.map_err(PushError::NotSent)?;
        self.0.protocol.deliver(call, context, operation).await
    }

    /// The fields of a model; which there are depends on version, modules and the user's rights.
    ///
    /// # Errors
    /// With what they said, or why they could not be asked.
    pub(super) async fn fields(&self, model: &str) -> Result<Arc<Fields>, ErpError> {
        let mut known = self.0.fields.lock().await;
        if let Some(fields) = known.get(model) {
            return Ok(Arc::clone(fields));
        }
        let answer = self.ask(&Call::fields_of(model)).await?;
        let fields = Arc::new(fields(parsed(&answer)?));
        known.insert(model.to_owned(), Arc::clone(&fields));
        Ok(fields)
    }

    /// The records that a search for `wanted` finds; of its fields those that there are.
    ///
    /// # Errors
    /// With what they said, or why they could not be asked.
    pub(super) async fn search(&self, wanted: &Search<'_>) -> Result<Vec<Row>, ErpError> {
        let fields = self.fields(wanted.model).await?;
        let there: Vec<&str> =
            wanted.fields.iter().copied().filter(|name| fields.contains_key(*name)).collect();
        let mut call = Call::search(wanted.model, &wanted.domain, &there, wanted.limit);
        call.context = wanted.context.clone();
        let answer = self.ask(&call).await?;
        Ok(parsed(&answer)?.items().into_iter().map(|record| Row::read(record, &fields)).collect())
    }

    /// Records by their numbers, archived ones too; asked for at once.
    ///
    /// # Errors
    /// With what they said, or why they could not be asked.
    pub(super) async fn by_id(&self, model: &str, fields: &[&str], ids: Vec<i64>) -> Result<Rows, ErpError> {
        let mut ids = ids;
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Rows::new());
        }
        let search = Search::of(model, fields, json!([["id", "in", ids]])).with_archived();
        let rows = self.search(&search).await?;
        Ok(rows.into_iter().filter_map(|row| Some((row.id()?, row))).collect())
    }

    async fn context(&self) -> Result<&Map<String, Value>, ErpError> {
        self.0.context.get_or_try_init(|| self.find_context()).await
    }

    /// The language, and the company that is meant.
    async fn find_context(&self) -> Result<Map<String, Value>, ErpError> {
        let mut context = Map::new();
        if let Some(language) = &self.0.settings.language {
            context.insert("lang".to_owned(), json!(language));
        }
        let Some(company) = &self.0.company else { return Ok(context) };
        let id = match company.parse::<i64>() {
            Ok(id) => id,
            Err(_) => self.find_company(company, &context).await?,
        };
        context.insert("allowed_company_ids".to_owned(), json!([id]));
        Ok(context)
    }

    async fn find_company(&self, name: &str, context: &Map<String, Value>) -> Result<i64, ErpError> {
        let call = Call::search("res.company", &json!([]), &["name"], Some(100));
        let answer = self.0.protocol.ask(&call, context).await?;
        let fields = Fields::new();
        let all: Vec<_> =
            parsed(&answer)?.items().into_iter().map(|company| Row::read(company, &fields)).collect();
        let named = |company: &Row| company.text("name").unwrap_or_default();
        let meant = all.iter().find(|company| named(company) == name).and_then(Row::id);
        meant.ok_or_else(|| {
            let names: Vec<_> = all.iter().map(named).take(20).collect();
            misconfigured(&format!(
                "company {name} is not one of those that the user may act for: {}",
                names.join(", ")
            ))
        })
    }
}

/// What is looked for.
#[derive(Debug, Clone)]
pub(super) struct Search<'s> {
    pub(super) model: &'s str,
    pub(super) fields: Vec<&'s str>,
    pub(super) domain: Value,
    pub(super) limit: Option<u32>,
    pub(super) context: Map<String, Value>,
}

impl<'s> Search<'s> {
    pub(super) fn of(model: &'s str, fields: &[&'s str], domain: Value) -> Self {
        Self { model, fields: fields.to_vec(), domain, limit: None, context: Map::new() }
    }

    /// The same, archived records too.
    pub(super) fn with_archived(mut self) -> Self {
        self.context.insert("active_test".to_owned(), json!(false));
        self
    }
}

/// What came of a call. It was JSON when it came.
pub(super) fn parsed(answer: &str) -> Result<Json<'_>, ErpError> {
    Json::parse(answer.as_bytes())
        .map_err(|error| ErpError::Malformed(format!("Odoo answered something that is not JSON: {error}")))
}

#[async_trait]
impl Connector for Odoo {
    async fn test(&self) -> Result<TestReport, ErpError> {
        let protocol = self.0.protocol.impatient();
        let answer = protocol.ask(&Call::who_am_i(), self.context().await?).await?;
        // Not every version tells.
        let user = parsed(&answer)?.get("uid").map(|uid| uid.text().to_owned());
        let as_user = user.as_ref().map(|user| format!(" as user {user}")).unwrap_or_default();
        let place = protocol.place();
        Ok(TestReport {
            message: format!("Odoo at {place} let us in{as_user}"),
            details: json!({"url": place, "protocol": self.settings().protocol, "user": user}),
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
