//! Who calls, and from where: the guard before every route that is not public, and what the audit trail needs to know.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::audit::{AuditAction, AuditEvent};
use domain::ids::{AuditEventId, UserId};
use domain::user::Role;
use http::header::{AUTHORIZATION, USER_AGENT};
use http::request::Parts;
use http::{Extensions, HeaderMap};

use crate::rate_limit::{Spent, Subject};
use crate::request_id::RequestId;
use crate::{ApiError, ApiState};
use sync::now;

/// Longest user agent kept, in characters.
const MAX_USER_AGENT: usize = 256;

/// Who somebody is: the audit trail, idempotency keys and rate limits go by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    /// A user of ours.
    User(UserId),
    /// Somebody whom a trusted outside issuer knows.
    Outsider {
        /// The issuer's address.
        issuer: String,
        /// What the issuer calls them.
        subject: String,
    },
}

impl fmt::Display for Identity {
    /// No id of ours holds a space, so no outsider can pass for a user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Outsider { issuer, subject } => write!(f, "{subject} at {issuer}"),
        }
    }
}

/// An admin who showed a good token. Only the guard lets one in.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    /// Who it is.
    pub(crate) id: Identity,
}

impl Admin {
    /// Whoever has this role. There is no other role yet; one that may do less must not become an admin here.
    pub(crate) fn new(id: Identity, role: Role) -> Self {
        match role {
            Role::Admin => Self { id },
        }
    }
}

/// Layer: lets admins in, and nobody else, each as often as their allowance permits. Who shows no good token spends the
/// allowance of their address.
///
/// # Errors
/// 401 without a good token, 429 when the allowance is used up.
pub(crate) async fn require_admin(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let now = now();
    let admin = match bearer_token(request.headers()) {
        Some(token) => state.tokens.check(token, now).await,
        None => Err(ApiError::unauthorized(
            "Sign in first: send Authorization: Bearer with the token from /api/v1/auth/login.",
        )),
    };
    let spent = match (&admin, client_ip(request.extensions(), request.headers(), &state)) {
        (Ok(admin), _) => state.allowances.spend(&Subject::User(&admin.id), now).await,
        (Err(_), Some(ip)) => state.allowances.spend(&Subject::Address(ip), now).await,
        (Err(_), None) => None,
    };
    let answer = match spent.map_or(Ok(()), |spent| spent.check()).and(admin) {
        Ok(admin) => {
            request.extensions_mut().insert(admin);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    Ok(told(answer, spent))
}

/// What costs nothing to answer, and may be asked at any time: that we are alive, and what we can do.
const FREE: [&str; 3] = ["/health", "/openapi.json", "/docs"];

/// Layer around what everybody may call: each address as often as its allowance permits.
///
/// # Errors
/// 429 when the allowance is used up.
pub(crate) async fn slow_down_strangers(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Response {
    let ip = client_ip(request.extensions(), request.headers(), &state);
    let is_free = FREE.iter().any(|path| request.uri().path().starts_with(path));
    let spent = match ip.filter(|_| !is_free) {
        Some(ip) => state.allowances.spend(&Subject::Address(ip), now()).await,
        None => None,
    };
    let answer = match spent.map_or(Ok(()), |spent| spent.check()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    told(answer, spent)
}

fn told(mut answer: Response, spent: Option<Spent>) -> Response {
    if let Some(spent) = spent {
        spent.tell(&mut answer);
    }
    answer
}

fn client_ip(extensions: &Extensions, headers: &HeaderMap, state: &ApiState) -> Option<IpAddr> {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    address(peer, headers, state.config.trust_forwarded_for)
}

fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

impl<S: Send + Sync> FromRequestParts<S> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let admin = parts.extensions.get().cloned();
        admin.ok_or_else(|| ApiError::internal("a route that needs an admin was served without its guard"))
    }
}

/// Where a request came from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// The client's address; `unknown` if the server cannot tell.
    pub(crate) ip_address: String,
    user_agent: String,
    request_id: String,
}

impl FromRequestParts<ApiState> for Origin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let ip_address = client_ip(&parts.extensions, &parts.headers, state);
        let agent = parts.headers.get(USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()));
        Ok(Self {
            ip_address: ip_address.map_or_else(|| "unknown".to_owned(), |ip| ip.to_string()),
            user_agent: agent.unwrap_or_default().chars().take(MAX_USER_AGENT).collect(),
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default(),
        })
    }
}

/// The peer, or what the proxy in front of us says: the last entry is its own, those before it anyone can write.
fn address(peer: Option<IpAddr>, headers: &HeaderMap, trust_forwarded_for: bool) -> Option<IpAddr> {
    let forwarded =
        headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    let last = forwarded.and_then(|list| list.rsplit(',').next()).and_then(|ip| ip.trim().parse().ok());
    last.filter(|_| trust_forwarded_for).or(peer).map(|ip: IpAddr| ip.to_canonical())
}

impl Origin {
    /// Writes down that `actor` did `action` to `target`.
    ///
    /// # Errors
    /// When the table cannot be reached.
    pub(crate) async fn note(
        &self,
        state: &ApiState,
        actor: &str,
        action: AuditAction,
        target: &str,
        details: serde_json::Value,
    ) -> Result<(), ApiError> {
        let event = AuditEvent {
            id: AuditEventId::generate(),
            at: now(),
            action,
            actor: actor.to_owned(),
            target: target.to_owned(),
            ip_address: self.ip_address.clone(),
            user_agent: self.user_agent.clone(),
            request_id: self.request_id.clone(),
            details,
        };
        Ok(state.store().write_audit_event(&event).await?)
    }
}

/// An admin, and where the request came from: what a handler needs to change something and have it audited.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The admin.
    pub(crate) admin: Admin,
    origin: Origin,
}

impl FromRequestParts<ApiState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, ApiError> {
        let admin = Admin::from_request_parts(parts, state).await?;
        let origin = Origin::from_request_parts(parts, state).await?;
        Ok(Self { admin, origin })
    }
}

impl Caller {
    /// Writes down what the admin did. `details` names fields, never secrets.
    ///
    /// # Errors
    /// When the table cannot be reached.
    pub(crate) async fn note(
        &self,
        state: &ApiState,
        action: AuditAction,
        target: &str,
        details: serde_json::Value,
    ) -> Result<(), ApiError> {
        self.origin.note(state, &self.admin.id.to_string(), action, target, details).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_address_counts_only_where_the_proxy_is_trusted() {
        let peer: Option<IpAddr> = Some("10.0.0.1".parse().unwrap());
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-forwarded-for"),
            http::HeaderValue::from_static("6.6.6.6, 203.0.113.7"),
        )]);
        let seen = |trust| address(peer, &headers, trust).unwrap().to_string();
        assert_eq!(seen(false), "10.0.0.1");
        assert_eq!(seen(true), "203.0.113.7", "what the client wrote before it does not count");
        assert_eq!(address(peer, &HeaderMap::new(), true), peer);
        assert_eq!(address(None, &HeaderMap::new(), true), None);
    }

    #[test]
    fn a_token_is_read_from_a_bearer_header_alone() {
        let headers = |value: &'static str| {
            HeaderMap::from_iter([(AUTHORIZATION, http::HeaderValue::from_static(value))])
        };
        assert_eq!(bearer_token(&headers("bearer abc")), Some("abc"));
        assert_eq!(bearer_token(&headers("Basic abc")), None);
        assert_eq!(bearer_token(&headers("abc")), None);
    }
}
