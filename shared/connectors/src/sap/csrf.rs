//! The token that every change must carry, against forged requests. It is fetched by a read, belongs to the session that
//! the read's cookies name, and holds for as long as that lasts; then SAP says `403` and `x-csrf-token: Required`.

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::sync::Mutex;
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest};
use url::Url;

use crate::PushError;
use crate::rest::Client;

const TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

/// The token in force, with all cookies it came with: their names may change at any time (SAP note 3048103).
#[derive(Debug, Default)]
pub(super) struct Csrf(Mutex<Option<HeaderMap>>);

impl Csrf {
    /// Sends a request that changes something, with the token; once more, with a new one, where it was refused for that.
    ///
    /// # Errors
    /// As [`Client::deliver`]; without a token nothing was sent.
    pub(super) async fn deliver(
        &self,
        client: &Client,
        service: &Url,
        request: &HttpRequest,
    ) -> Result<HttpAnswer, PushError> {
        let answer = client.deliver(&self.signed(client, service, request, false).await?).await?;
        if !wants_token(&answer) {
            return Ok(answer);
        }
        let answer = client.deliver(&self.signed(client, service, request, true).await?).await?;
        if wants_token(&answer) { Err(PushError::NotSent(answer.failure(request))) } else { Ok(answer) }
    }

    async fn signed(
        &self,
        client: &Client,
        service: &Url,
        request: &HttpRequest,
        anew: bool,
    ) -> Result<HttpRequest, PushError> {
        let mut held = self.0.lock().await;
        let headers = match held.take().filter(|_| !anew) {
            Some(headers) => headers,
            None => fetch(client, service).await.map_err(PushError::NotSent)?,
        };
        let mut signed = request.clone();
        signed.headers.extend(headers.clone());
        *held = Some(headers);
        Ok(signed)
    }
}

/// Asks for a token. An answer that is no success may hold one all the same; a server without the check gives none.
async fn fetch(client: &Client, service: &Url) -> Result<HeaderMap, ErpError> {
    let mut request = client.get(service.clone());
    request.headers.insert(TOKEN, HeaderValue::from_static("Fetch"));
    let answer = client.exchange(&request).await?;
    let mut headers = HeaderMap::new();
    if let Some(token) = answer.headers.get(TOKEN).filter(|_| !wants_token(&answer)) {
        headers.insert(TOKEN, sensitive(token.clone()));
    } else if !answer.status.is_success() {
        return Err(answer.failure(&request));
    }
    let cookies = answer.headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let pairs: Vec<_> = cookies.filter_map(|cookie| cookie.split(';').next()).map(str::trim).collect();
    if !pairs.is_empty() {
        let cookies = HeaderValue::from_str(&pairs.join("; ")).map_err(|_| {
            ErpError::Malformed("SAP gave a cookie with its x-csrf-token that cannot be sent back".to_owned())
        })?;
        headers.insert(COOKIE, sensitive(cookies));
    }
    Ok(headers)
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

fn wants_token(answer: &HttpAnswer) -> bool {
    let says = answer.header(TOKEN.as_str()).unwrap_or_default();
    answer.status == StatusCode::FORBIDDEN && says.eq_ignore_ascii_case("required")
}
