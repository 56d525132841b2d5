//! Requests to HTTP servers we do not control: guarded, bounded in time and size, and tried again when that may help.

mod answer;
mod auth;
mod calls;
mod failure;
mod oauth1;
mod redirect;
mod request;
mod retry;
mod sent;
#[cfg(test)]
mod tests;

pub use answer::HttpAnswer;
pub use auth::Auth;
pub use oauth1::OAuth1;
pub use request::{FreshBody, HttpRequest, Passing, Words, place};
pub use retry::{RetryPolicy, is_turned_away};
pub use sent::Unanswered;

use std::sync::Arc;
use std::time::Duration;

use domain::connection::Provider;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use telemetry::trace;
use url::{Host, Url};

use crate::{Egress, ErpError};
use sent::Departure;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const USER_AGENT: &str = concat!("Causeway/", env!("CARGO_PKG_VERSION"));

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 5;

/// Whether the server may have done what one of the tries asked for.
struct MayBeTaken(bool);

/// Sends requests through the egress guard. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HttpClient {
    client: reqwest::Client,
    egress: Egress,
    /// Whom the calls are counted for.
    provider: &'static str,
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
        Ok(Self { client, egress, provider: "unknown" })
    }

    /// The same, for calls that are counted as such to this kind of ERP.
    pub(crate) fn calling(&self, provider: Option<Provider>) -> Self {
        Self { provider: provider.map_or("unknown", Provider::as_str), ..self.clone() }
    }

    /// Sends a request, again if that may help, and returns the final answer whatever its status.
    ///
    /// # Errors
    /// When no answer came, it is too large, or it leads to another host.
    pub async fn exchange(&self, request: &HttpRequest) -> Result<HttpAnswer, ErpError> {
        Ok(self.attempt(request).await.0?)
    }

    /// As [`Self::exchange`], for requests that change something: where no answer came it is told whether the server
    /// may have acted all the same. What cannot be repeated is sent again only if the server surely did nothing.
    ///
    /// # Errors
    /// When no answer came, it is too large, or it leads to another host. `Unknown` also when the last try was turned
    /// away and an earlier one may not have been.
    pub async fn deliver(&self, request: &HttpRequest) -> Result<HttpAnswer, Unanswered> {
        match self.attempt(request).await {
            (Ok(answer), MayBeTaken(true)) if is_turned_away(answer.status) => {
                Err(Unanswered::Unknown(answer.failure(request)))
            }
            (Err(Unanswered::NotSent(error)), MayBeTaken(true)) => Err(Unanswered::Unknown(error)),
            (outcome, _) => outcome,
        }
    }

    /// Tries as often as `request` allows; says what the last try came to.
    async fn attempt(&self, request: &HttpRequest) -> (Result<HttpAnswer, Unanswered>, MayBeTaken) {
        let (mut retries, mut may_be_taken) = (0, false);
        loop {
            let outcome = calls::observe(self.provider, request, retries, self.follow(request)).await;
            may_be_taken |= retry::may_be_taken(&outcome);
            let repeats = retries < request.retry.attempts && (!may_be_taken || request.can_be_repeated());
            let asked = match retry::worth_another_try(&outcome, request.passing) {
                Some(asked) if repeats => asked,
                _ => return (outcome, MayBeTaken(may_be_taken)),
            };
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

    async fn follow(&self, request: &HttpRequest) -> Result<HttpAnswer, Unanswered> {
        let mut url = request.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let response = self.call(request, &url).await?;
            let target = redirect::target(&request.method, &url, response.status(), response.headers());
            match target.map_err(|error| redirect::unanswered(response.status(), error))? {
                None => return answer::read(response, url, request).await.map_err(Unanswered::Unknown),
                Some(next) => url = next,
            }
        }
        Err(Unanswered::Unknown(ErpError::Rejected(format!(
            "{} redirected more than {MAX_REDIRECTS} times in a row: check the address",
            place(&request.url)
        ))))
    }

    async fn call(&self, request: &HttpRequest, url: &Url) -> Result<reqwest::Response, Unanswered> {
        // Names are judged by the resolver; addresses never reach it.
        match url.host() {
            Some(Host::Ipv4(address)) => self.egress.check(address.into()),
            Some(Host::Ipv6(address)) => self.egress.check(address.into()),
            _ => Ok(()),
        }
        .map_err(Unanswered::NotSent)?;
        let mut call = self
            .client
            .request(request.method.clone(), url.clone())
            .headers(request.headers.clone())
            .timeout(request.timeout);
        if let Some((name, value)) = request.auth.header(&request.method, url).map_err(Unanswered::NotSent)? {
            call = call.header(name, value);
        }
        if let Some(traceparent) = trace::traceparent().filter(|_| request.tells_trace) {
            call = call.header(trace::TRACEPARENT, traceparent);
        }
        let departure = Departure::default();
        let body = request.next_body().map_err(Unanswered::NotSent)?;
        let has_body = !body.is_empty();
        if has_body {
            call = call.body(departure.watch(body));
        }
        call.send().await.map_err(|error| {
            let stayed_here = has_body && !departure.has_begun();
            let told = failure::unanswered(url, &error, request.timeout);
            if stayed_here || error.is_connect() || error.is_builder() {
                Unanswered::NotSent(told)
            } else {
                Unanswered::Unknown(told)
            }
        })
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
