//! Where a server takes calls, and the login there. A session is kept and used by all workers until the server ends it;
//! then the next call is answered with 401 and one of them logs in again.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::json::{Json, Kind};
use http::StatusCode;
use http::header::AUTHORIZATION;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use transport::ErpError;
use transport::http::{Auth, HttpAnswer, HttpClient, HttpRequest, place};
use transport::session::{AccessToken, Grant};
use url::Url;

use super::config::{FIELDS, Login};
use crate::rest;

/// How long a session is used. A server ends one after 30 days unless its `[session] max_age` says otherwise; one that
/// was ended earlier is replaced when it is refused.
const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// One database of a server.
#[derive(Debug)]
pub(super) struct Server {
    http: HttpClient,
    login: Login,
    series: OnceCell<Series>,
}

/// What a server says it is.
#[derive(Debug)]
pub(super) struct Series {
    /// `8.2` or `6.0.76`.
    pub(super) version: String,
    /// What stands behind the name of the database: `rpc/` since 8.0.
    path: &'static str,
}

impl Server {
    pub(super) fn new(http: HttpClient, login: Login) -> Self {
        Self { http, login, series: OnceCell::new() }
    }

    /// The series, found out by asking at the one address and at the other.
    pub(super) async fn series(&self) -> Result<&Series, ErpError> {
        self.series.get_or_try_init(|| self.ask_series()).await
    }

    async fn ask_series(&self) -> Result<Series, ErpError> {
        let request = |path| self.request(&[path], "common.server.version", &json!([]));
        for path in ["rpc/", ""] {
            let asked = request(path);
            let answer = self.http.exchange(&asked).await?;
            // Before 8.0 `rpc` is taken for the name of a database.
            let elsewhere = matches!(answer.status.as_u16(), 400..=499) && answer.status.as_u16() != 429;
            if path == "rpc/" && elsewhere {
                continue;
            }
            if !answer.status.is_success() {
                return Err(answer.failure(&asked));
            }
            let version = rest::read(&answer, &asked)?.and_then(|json| json.at("result"));
            let Some(version) = version.and_then(Json::as_string) else {
                return Err(ErpError::Malformed(format!(
                    "{} does not say which Tryton it is: check the connection's apiUrl, which is the address of the \
                     server without the database",
                    place(&answer.url)
                )));
            };
            return Ok(Series { version: version.into_owned(), path });
        }
        Err(ErpError::Malformed("the server takes calls nowhere".to_owned()))
    }

    /// A call to the database.
    pub(super) async fn call(&self, method: &str, params: &Value) -> Result<HttpRequest, ErpError> {
        let path = self.series().await?.path;
        Ok(self.request(&[&self.login.database, path], method, params))
    }

    /// What Tryton takes for JSON-RPC has exactly these three members; with others it answers in another form.
    fn request(&self, path: &[&str], method: &str, params: &Value) -> HttpRequest {
        let base = self.login.pattern.url.path().trim_end_matches('/');
        let path: Vec<&str> =
            path.iter().map(|part| part.trim_end_matches('/')).filter(|part| !part.is_empty()).collect();
        let mut url: Url = self.login.pattern.url.clone();
        let end = if path.is_empty() { "" } else { "/" };
        url.set_path(&format!("{base}/{}{end}", path.join("/")));
        let body = json!({"id": 0, "method": method, "params": params}).to_string();
        HttpRequest { url, body: body.into(), repeatable: true, ..self.login.pattern.clone() }
    }

    fn refused(&self, answer: &HttpAnswer, request: &HttpRequest) -> ErpError {
        match answer.status {
            StatusCode::NOT_FOUND => ErpError::Misconfigured(format!(
                "{} has no database {}: check the connection's database",
                self.login.pattern.url.origin().ascii_serialization(),
                self.login.database
            )),
            _ => answer.failure(request),
        }
    }
}

/// The way to a session.
#[derive(Debug)]
pub(super) struct SignIn(pub(super) std::sync::Arc<Server>);

#[async_trait]
impl Grant for SignIn {
    fn name(&self) -> &'static str {
        "session"
    }

    async fn fetch(&self, http: &HttpClient) -> Result<AccessToken, ErpError> {
        let login = &self.0.login;
        let params = json!([login.username, {"password": login.password.expose_secret()}, "en"]);
        let request = HttpRequest {
            auth: Auth::in_body(vec![login.password.clone()], FIELDS),
            ..self.0.call("common.db.login", &params).await?
        };
        let asked_at = Timestamp::now();
        let answer = http.exchange(&request).await?;
        if !answer.status.is_success() {
            return Err(self.0.refused(&answer, &request));
        }
        let json = rest::read(&answer, &request)?;
        let given =
            json.as_ref().and_then(|json| json.at("result")).filter(|result| result.kind() == Kind::Array);
        let (user, token) = match given.map(Json::items).as_deref() {
            Some([user, token, ..]) => (user.text(), token.as_string()),
            _ => ("", None),
        };
        let Some(token) = token.filter(|_| !user.is_empty()) else {
            return Err(unfinished(&answer, &request));
        };
        let session = BASE64.encode(format!("{}:{user}:{token}", login.username));
        Ok(AccessToken::given(session.into(), asked_at, LIFE))
    }

    fn auth(&self, token: &AccessToken) -> Auth {
        let value = format!("Session {}", token.secret.expose_secret());
        Auth::in_header(AUTHORIZATION, value.into(), FIELDS)
    }
}

/// The server asks for more than a password, or says nothing of use.
fn unfinished(answer: &HttpAnswer, request: &HttpRequest) -> ErpError {
    let said = answer.excerpt(request);
    ErpError::Unauthorized(format!(
        "{} gave no session for a user and a password: {said} — check the connection's {FIELDS}; a user that signs in \
         with a second factor cannot be used",
        place(&answer.url)
    ))
}
