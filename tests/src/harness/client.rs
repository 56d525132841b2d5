//! A client of the API, as a front end would have one.

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// Sends requests to one Causeway.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    address: String,
    token: Option<String>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The request, for the message of a failing test.
    asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body as JSON; a text if it is none; null if it is empty.
    pub(crate) body: Value,
}

impl Client {
    /// Talks to the server at `address`, without a token.
    #[expect(
        clippy::disallowed_methods,
        reason = "a client from outside; the egress guard is not meant for it"
    )]
    pub(crate) fn new(address: &str) -> Self {
        Self { http: reqwest::Client::new(), address: address.to_owned(), token: None }
    }

    /// Where the server is.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The same client with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Signs in; from then on each request carries the token.
    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) {
        let answer = self.post("/api/v1/auth/login", json!({"email": email, "password": password})).await;
        self.token = Some(answer.expect(200)["data"]["access_token"].as_str().unwrap().to_owned());
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send_json(self.request(Method::POST, path), &body).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send_json(self.request(Method::PUT, path), &body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send_json(self.request(Method::PATCH, path), &body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A request to be given headers or a body of its own, then to be sent by [`Client::send`].
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.address));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn send_json(&self, request: RequestBuilder, body: &Value) -> Answer {
        self.send(request.header(CONTENT_TYPE, "application/json").body(body.to_string())).await
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let asked = format!("{} {}", request.method(), request.url());
        let response = self.http.execute(request).await.unwrap_or_else(|error| panic!("{asked}: {error}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap_or_else(|error| panic!("{asked}: {error}"));
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap_or_else(|_| text())
        };
        Answer { asked, status, headers, body }
    }
}

impl Answer {
    /// The body, if the status is the expected one; else the test fails and shows both.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{} answered {}", self.asked, self.body);
        self.body
    }

    /// The names in an error's `details`: the fields or parameters at fault, or what is in the way.
    pub(crate) fn fields(&self) -> Vec<&str> {
        let error = if self.body["details"].is_array() { &self.body } else { &self.body["error"] };
        let details = error["details"].as_array().map_or(&[][..], Vec::as_slice);
        details.iter().filter_map(|detail| detail["field"].as_str()).collect()
    }

    /// A header's value; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The path and query of the next page, if there is one.
    pub(crate) fn next(&self) -> Option<String> {
        let link = self.header("link").split(',').find(|link| link.contains(r#"rel="next""#))?;
        let target = link.split('<').nth(1)?.split('>').next()?;
        Some(target.to_owned())
    }
}
