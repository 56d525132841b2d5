//! Requests to HTTP servers we do not control: guarded, bounded in time and size, and tried again when that may help.

mod answer;
mod auth;
mod failure;
mod redirect;
mod request;
mod retry;
#[cfg(test)]
mod tests;

pub use answer::HttpAnswer;
pub use auth::Auth;
pub use request::{HttpRequest, place};
pub use retry::RetryPolicy;

use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::{Egress, ErpError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("Causeway/", env!("CARGO_PKG_VERSION"));

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 5;

/// Sends requests through the egress guard. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    egress: Egress,
}

impl HttpClient {
    pub(crate) fn new(egress: Egress) -> Result<Self, ErpError> {
        #[expect(clippy::disallowed_methods, reason = "the one place that builds it, behind the guard")]
        let builder = reqwest::Client::builder();
        let client = builder
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(GuardedResolver(egress.clone())))
            .build()
            .map_err(|error| {
                ErpError::Misconfigured(format!("TLS cannot be set up: {}", failure::cause(&error)))
            })?;
        Ok(Self { client, egress })
    }

    /// Sends a request, again if that may help, and returns the final answer whatever its status.
    ///
    /// # Errors
    /// When no answer came, it is too large, or it leads to another host.
    pub async fn exchange(&self, request: &HttpRequest) -> Result<HttpAnswer, ErpError> {
        let mut retries = 0;
        loop {
            let outcome = self.follow(request).await;
            let Some(asked) = retry::worth_another_try(&outcome) else { return outcome };
            if retries >= request.retry.attempts || !request.method.is_idempotent() {
                return outcome;
            }
            let pause = request.retry.pause(retries, asked);
            retries += 1;
            tracing::debug!(url = place(&request.url), retries, ?pause, "the ERP failed; trying again");
            tokio::time::sleep(pause).await;
        }
    }

    /// As [`Self::exchange`], but only a success is an answer.
    ///
    /// # Errors
    /// Also when the server answered with anything but 2xx.
    pub async fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, ErpError> {
        let answer = self.exchange(request).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(answer.failure(request)) }
    }

    async fn follow(&self, request: &HttpRequest) -> Result<HttpAnswer, ErpError> {
        let mut url = request.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.call(request, &url).await?;
            match redirect::target(&request.method, &url, response.status(), response.headers())? {
                None => return answer::read(response, url, request).await,
                Some(next) => url = next,
            }
        }
        Err(ErpError::Rejected(format!(
            "{} redirected more than {MAX_REDIRECTS} times in a row: check the address",
            place(&request.url)
        )))
    }

    async fn call(&self, request: &HttpRequest, url: &Url) -> Result<reqwest::Response, ErpError> {
        // Names are judged by the resolver; addresses never reach it.
        match url.host() {
            Some(Host::Ipv4(address)) => self.egress.check(address.into())?,
            Some(Host::Ipv6(address)) => self.egress.check(address.into())?,
            _ => {}
        }
        let mut call = self
            .client
            .request(request.method.clone(), url.clone())
            .headers(request.headers.clone())
            .timeout(request.timeout);
        if let Some((name, value)) = request.auth.header()? {
            call = call.header(name, value);
        }
        call.send().await.map_err(|error| failure::unanswered(url, &error, request.timeout))
    }
}

/// Gives reqwest only the addresses the guard permits; it connects to exactly these.
struct GuardedResolver(Egress);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = self.0.clone();
        Box::pin(async move {
            // Port 0 leaves the port to the address that is asked for.
            let addresses = egress.connect_addrs(name.as_str(), 0).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
