//! The two protocols: a call becomes a request, and an answer what came of the call.

use std::sync::Arc;

use domain::change::Operation;
use domain::connection::ConnectionSettings;
use domain::json::{Json, Kind};
use http::{HeaderName, HeaderValue, Method};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;
use transport::http::{HttpAnswer, HttpRequest, place};
use transport::session::Session;
use transport::{ErpError, Transport};
use url::Url;

use super::call::Call;
use super::config::{KEY_FIELDS, SignIn, USER_FIELDS, User, misconfigured};
use super::refusal;
use crate::PushError;
use crate::rest::{self, Client, fate};

const DATABASE: HeaderName = HeaderName::from_static("x-odoo-database");

/// Makes calls. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Protocol {
    client: Client,
    dialect: Dialect,
}

#[derive(Debug, Clone)]
enum Dialect {
    Json2,
    JsonRpc {
        user: User,
        /// The user's number, once it was asked for.
        uid: Arc<OnceCell<i64>>,
    },
}

impl Protocol {
    /// # Errors
    /// `Misconfigured`, naming the field that does not fit.
    pub(super) fn new(
        settings: &ConnectionSettings,
        sign_in: SignIn,
        base: Url,
        transport: &Transport,
    ) -> Result<Self, ErpError> {
        let session = Session::new(transport.http()?, sign_in.auth());
        let client = Client::new(session, base, settings, Some(refusal::words));
        Ok(match sign_in {
            SignIn::Key { database: Some(database), .. } => {
                let name = HeaderValue::from_str(&database).map_err(|_| {
                    misconfigured("database cannot be sent: it holds more than plain characters")
                })?;
                Self { client: client.with_header(DATABASE, name), dialect: Dialect::Json2 }
            }
            SignIn::Key { database: None, .. } => Self { client, dialect: Dialect::Json2 },
            SignIn::User(user) => Self { client, dialect: Dialect::JsonRpc { user, uid: Arc::default() } },
        })
    }

    /// The same, asking once.
    pub(super) fn impatient(&self) -> Self {
        Self { client: self.client.clone().impatient(), ..self.clone() }
    }

    /// Where Odoo is, as it may be shown.
    pub(super) fn place(&self) -> String {
        place(&self.client.url("", &[])).trim_end_matches('/').to_owned()
    }

    /// Makes a call that changes nothing.
    ///
    /// # Errors
    /// With what they said, or why they could not be asked.
    pub(super) async fn ask(&self, call: &Call<'_>, common: &Map<String, Value>) -> Result<String, ErpError> {
        let request = HttpRequest { repeatable: true, ..self.request(call, common).await? };
        let answer = self.client.deliver(&request).await?;
        match self.refusal(&answer, &request) {
            Some(refusal) => Err(refusal),
            None if !answer.status.is_success() => Err(self.failure(&answer, &request)),
            None => self.result(&answer, &request, call),
        }
    }

    /// Makes a call that changes something.
    ///
    /// # Errors
    /// With what is known of its fate.
    pub(super) async fn deliver(
        &self,
        call: &Call<'_>,
        common: &Map<String, Value>,
        operation: Operation,
    ) -> Result<String, PushError> {
        let request = self.request(call, common).await.map_err(PushError::NotSent)?;
        let answer = self.client.deliver(&request).await?;
        if let Some(refusal) = self.refusal(&answer, &request) {
            return Err(refusal::of_push(refusal));
        }
        fate(&answer, &request, operation, false)?;
        // It is done, whatever the answer holds.
        self.result(&answer, &request, call).map_err(PushError::Unknown)
    }

    fn refusal(&self, answer: &HttpAnswer, request: &HttpRequest) -> Option<ErpError> {
        match self.dialect {
            Dialect::Json2 => refusal::of(answer, request, false, KEY_FIELDS),
            Dialect::JsonRpc { .. } => refusal::of(answer, request, true, USER_FIELDS),
        }
    }

    async fn request(&self, call: &Call<'_>, common: &Map<String, Value>) -> Result<HttpRequest, ErpError> {
        match &self.dialect {
            Dialect::Json2 => {
                let url = self.client.url(&format!("json/2/{}/{}", call.model, call.method), &[]);
                let body = call.arguments(call.first.as_ref(), common);
                Ok(self.client.write(Method::POST, url, body))
            }
            Dialect::JsonRpc { user, uid } => {
                let uid = uid.get_or_try_init(|| self.sign_in(user)).await?;
                let who = json!([user.database, uid, user.secret.expose_secret(), call.model, call.method]);
                let who = who.to_string();
                let first = call.first.as_ref().map(|(_, json)| json.as_str()).unwrap_or_default();
                let (who, named) = (who.trim_end_matches(']'), call.arguments(None, common));
                Ok(self.envelope("object", "execute_kw", &format!("{who},[{first}],{named}]")))
            }
        }
    }

    /// A request of JSON-RPC 2.0.
    fn envelope(&self, service: &str, method: &str, arguments: &str) -> HttpRequest {
        let body = format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"call\",\"id\":1,\"params\":\
             {{\"service\":\"{service}\",\"method\":\"{method}\",\"args\":{arguments}}}}}"
        );
        self.client.write(Method::POST, self.client.url("jsonrpc", &[]), body)
    }

    /// The number of the user; they answer `false` where name or password is wrong.
    async fn sign_in(&self, user: &User) -> Result<i64, ErpError> {
        let arguments = json!([user.database, user.name, user.secret.expose_secret(), {}]).to_string();
        let envelope = self.envelope("common", "authenticate", &arguments);
        let request = HttpRequest { repeatable: true, ..envelope };
        let answer = self.client.deliver(&request).await?;
        if !answer.status.is_success() {
            return Err(self.failure(&answer, &request));
        }
        let uid = Json::parse(&answer.body).ok().and_then(|json| json.get("result")?.text().parse().ok());
        uid.ok_or_else(|| {
            let said =
                if is_false(&answer) { String::new() } else { format!(": {}", answer.excerpt(&request)) };
            ErpError::Unauthorized(format!(
                "{} did not let us in{said} — check the connection's {USER_FIELDS}",
                place(&answer.url)
            ))
        })
    }

    /// What an answer means that is no refusal of Odoo itself.
    fn failure(&self, answer: &HttpAnswer, request: &HttpRequest) -> ErpError {
        let other = match self.dialect {
            Dialect::Json2 => {
                "Odoo before 19 has no JSON-2 (set settings.odoo.protocol to jsonrpc), and one with several \
                 databases wants database"
            }
            Dialect::JsonRpc { .. } => {
                "an Odoo that has JSON-RPC no more wants settings.odoo.protocol: json2"
            }
        };
        match answer.failure(request) {
            ErpError::Rejected(sentence) if answer.status == http::StatusCode::NOT_FOUND => {
                ErpError::Rejected(format!("{sentence}; {other}"))
            }
            failure => failure,
        }
    }

    /// What came of a call, as JSON. A method that returns nothing leaves `result` out in JSON-RPC.
    fn result(
        &self,
        answer: &HttpAnswer,
        request: &HttpRequest,
        call: &Call<'_>,
    ) -> Result<String, ErpError> {
        let json = rest::read(answer, request)?;
        let result = match self.dialect {
            Dialect::Json2 => json.map(|json| json.0.json),
            Dialect::JsonRpc { .. } => json.and_then(|json| json.at("result")),
        };
        let kind = result.map_or(Kind::Null, Json::kind);
        match call.expects.filter(|expected| *expected != kind) {
            None => Ok(result.map_or_else(|| "null".to_owned(), |result| result.text().to_owned())),
            Some(expected) => Err(ErpError::Malformed(format!(
                "{} answered {} {} without {expected}. It said: {}",
                place(&answer.url),
                call.model,
                call.method,
                answer.excerpt(request)
            ))),
        }
    }
}

/// Whether they answered no more than that it is not so.
fn is_false(answer: &HttpAnswer) -> bool {
    let result = Json::parse(&answer.body).ok().and_then(|json| json.get("result"));
    result.is_some_and(|result| result.text() == "false")
}
