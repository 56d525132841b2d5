//! Calls to the models of one database, made in the name of one company.

use std::sync::Arc;

use domain::change::Operation;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;
use transport::ErpError;
use transport::http::HttpClient;
use transport::session::{AccessTokens, Session};

use super::config::{Login, misconfigured};
use super::refusal::result;
use super::session::{Series, Server, SignIn};
use crate::PushError;
use crate::rest::fate;

/// Calls the models of a database.
#[derive(Debug)]
pub(super) struct Rpc {
    server: Arc<Server>,
    session: Session,
    /// The company's name or id, as the connection has it.
    wanted: Option<String>,
    company: OnceCell<Company>,
}

/// The company whose records are meant.
#[derive(Debug)]
pub(super) struct Company {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) currency: Option<String>,
    /// What every call ends with. Without a company, what depends on it is null, such as prices.
    context: Map<String, Value>,
}

impl Rpc {
    pub(super) fn new(
        http: HttpClient,
        login: Login,
        tokens: Arc<dyn AccessTokens>,
        company: Option<String>,
    ) -> Self {
        let server = Arc::new(Server::new(http.clone(), login));
        let session = Session::with_token(http, Arc::new(SignIn(Arc::clone(&server))), tokens);
        Self { server, session, wanted: company, company: OnceCell::new() }
    }

    /// What the server says it is.
    pub(super) async fn series(&self) -> Result<&Series, ErpError> {
        self.server.series().await
    }

    /// Calls a method that changes nothing; `context` is added to what the company wants.
    ///
    /// # Errors
    /// With what they said, or why they could not be asked.
    pub(super) async fn ask_within(
        &self,
        method: &str,
        arguments: Vec<Value>,
        context: &Map<String, Value>,
    ) -> Result<String, ErpError> {
        let mut all = self.company().await?.context.clone();
        all.extend(context.clone());
        self.call(method, with_context(arguments, all)).await
    }

    /// The records of a model that meet a condition, with these fields.
    ///
    /// # Errors
    /// As [`Self::ask_within`]; `Malformed` if no records come.
    pub(super) async fn find(
        &self,
        model: &str,
        condition: Value,
        fields: &[&str],
    ) -> Result<Vec<Map<String, Value>>, ErpError> {
        let context = Map::new();
        let text = self.ask_within(&search_read(model), found(condition, fields), &context).await?;
        records(model, &text)
    }

    /// Calls a method that changes something, and says what is known of its fate if that went wrong.
    ///
    /// # Errors
    /// With what became of it.
    pub(super) async fn tell(&self, method: &str, arguments: Vec<Value>) -> Result<String, PushError> {
        let context = self.company().await.map_err(PushError::NotSent)?.context.clone();
        let params = with_context(arguments, context);
        let mut request =
            self.server.call(&format!("model.{method}"), &params).await.map_err(PushError::NotSent)?;
        request.repeatable = false;
        let answer = self.session.deliver(&request).await?;
        fate(&answer, &request, Operation::Update, false)?;
        // It may be done, whatever the answer holds.
        let done = result(&answer, &request).map_err(PushError::Unknown)?;
        done.map_err(|refusal| refusal.to_push_error())
    }

    /// The company: what the connection names, else the user's own, else the only one.
    pub(super) async fn company(&self) -> Result<&Company, ErpError> {
        self.company.get_or_try_init(|| self.find_company()).await
    }

    async fn find_company(&self) -> Result<Company, ErpError> {
        let own = self.call("res.user.get_preferences", json!([true, {}])).await?;
        let own: Map<String, Value> = serde_json::from_str(&own)
            .map_err(|_| ErpError::Malformed("the user has no preferences that can be read".to_owned()))?;
        let mut asked = found(json!([]), &["party.name", "currency.code"]);
        asked.push(json!({}));
        let all = self.call(&search_read("company.company"), Value::Array(asked)).await?;
        let all = records("company.company", &all)?;
        let name = |company: &Map<String, Value>| text(company, "party.name");
        let id = |company: &Map<String, Value>| company.get("id").and_then(Value::as_i64);
        let is_meant = |company: &&Map<String, Value>| match self.wanted.as_deref() {
            Some(wanted) => name(company) == wanted || id(company).is_some_and(|id| id.to_string() == wanted),
            None => all.len() == 1 || id(company) == own.get("company").and_then(Value::as_i64),
        };
        let meant: Vec<_> = all.iter().filter(is_meant).collect();
        let &[company] = &meant[..] else {
            let names: Vec<_> = all.iter().map(name).take(20).collect();
            let names = names.join(", ");
            return Err(misconfigured(&match &self.wanted {
                Some(wanted) => format!("company {wanted} is not one of those that the user sees: {names}"),
                None => format!("company is needed, for the user has none of its own; there are: {names}"),
            }));
        };
        let id = id(company).unwrap_or_default();
        let language = own.get("language").filter(|language| language.is_string());
        let context =
            json!({"company": id, "companies": [id], "language": language.cloned().unwrap_or("en".into())});
        Ok(Company {
            id,
            name: name(company),
            currency: Some(text(company, "currency.code")).filter(|code| !code.is_empty()),
            context: context.as_object().cloned().unwrap_or_default(),
        })
    }

    /// A call of a model's method with all its parameters.
    async fn call(&self, method: &str, params: Value) -> Result<String, ErpError> {
        let request = self.server.call(&format!("model.{method}"), &params).await?;
        let answer = self.session.send(&request).await?;
        result(&answer, &request)?.map_err(|refusal| refusal.to_error())
    }
}

/// The last parameter of every call is the context.
fn with_context(mut arguments: Vec<Value>, context: Map<String, Value>) -> Value {
    arguments.push(Value::Object(context));
    Value::Array(arguments)
}

pub(super) fn search_read(model: &str) -> String {
    format!("{model}.search_read")
}

/// All that meet a condition.
fn found(condition: Value, fields: &[&str]) -> Vec<Value> {
    vec![condition, json!(0), Value::Null, json!([["id", "ASC"]]), json!(fields)]
}

fn records(model: &str, text: &str) -> Result<Vec<Map<String, Value>>, ErpError> {
    serde_json::from_str(text).map_err(|_| {
        ErpError::Malformed(format!("Tryton answered without a list of {model}: check the modules"))
    })
}

/// A text of a record; empty if it has none.
pub(super) fn text(record: &Map<String, Value>, field: &str) -> String {
    record.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}
