//! The egress guard: which addresses Causeway may connect to.
//!
//! Users name the servers we connect to, so without a guard they could make us ask the cloud's metadata service or a
//! neighbour in the private network. A name is resolved once, and exactly the addresses that were judged are
//! connected to: a second answer of the DNS cannot change them in between.

mod names;
mod ranges;
#[cfg(test)]
pub(crate) mod tests;

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use thiserror::Error;

use crate::ErpError;
use names::Names;

/// How long the DNS may take to answer.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Which addresses may be connected to: all public ones, and those inside the ranges an admin allowed. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Egress {
    allowed: Arc<[IpNet]>,
    names: Names,
}

/// A range of addresses that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "\"{0}\" is not a range of addresses: write it like 10.0.0.0/8 or fd00::/8, several separated by commas"
)]
pub struct InvalidCidr(String);

impl FromStr for Egress {
    type Err = InvalidCidr;

    /// Reads ranges separated by commas, such as `127.0.0.0/8,::1/128`. A single address is a range of one. The empty
    /// text allows nothing but public addresses.
    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        let ranges = text.split(',').map(str::trim).filter(|range| !range.is_empty());
        let parse = |range: &str| {
            let parsed = range.parse().or_else(|_| range.parse::<IpAddr>().map(IpNet::from));
            parsed.map_err(|_| InvalidCidr(range.to_owned()))
        };
        Ok(Self::allowing(ranges.map(parse).collect::<Result<Vec<_>, _>>()?))
    }
}

impl Egress {
    /// Allows these ranges besides all public addresses.
    pub fn allowing(ranges: impl IntoIterator<Item = IpNet>) -> Self {
        Self { allowed: ranges.into_iter().collect(), names: Names::default() }
    }

    /// Resolves `host` (a name or an address, IPv6 with or without brackets) and returns those of its addresses that
    /// may be connected to. Connect to these and resolve nothing again.
    ///
    /// # Errors
    /// `Unavailable` when the name leads nowhere, `Forbidden` when it leads only where we may not go.
    pub async fn connect_addrs(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ErpError> {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let lookup = tokio::time::timeout(RESOLVE_TIMEOUT, self.names.look_up(bare, port));
        let found = match lookup.await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return Err(unknown_host(host, &error.to_string())),
            Err(_) => return Err(unknown_host(host, "the DNS did not answer in time")),
        };
        let (permitted, refused): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|address| self.refusal(address.ip()).is_none());
        match (permitted.is_empty(), refused.first()) {
            (false, _) => Ok(permitted),
            (true, Some(address)) => Err(self.forbidden(host, address.ip())),
            (true, None) => Err(unknown_host(host, "it has no address")),
        }
    }

    /// Judges an address that needs no resolving.
    ///
    /// # Errors
    /// `Forbidden` when we may not go there.
    pub fn check(&self, address: IpAddr) -> Result<(), ErpError> {
        match self.refusal(address) {
            None => Ok(()),
            Some(_) => Err(self.forbidden(&address.to_string(), address)),
        }
    }

    /// Why an address is refused, if it is.
    fn refusal(&self, address: IpAddr) -> Option<&'static str> {
        let judged = ranges::meant_address(address);
        let kind = ranges::special_use(judged)?;
        (!self.allowed.iter().any(|range| range.contains(&judged))).then_some(kind)
    }

    fn forbidden(&self, host: &str, address: IpAddr) -> ErpError {
        let kind = self.refusal(address).unwrap_or("refused");
        let leads = if host == address.to_string() {
            format!("{address} is a {kind} address")
        } else {
            format!("{host} leads to {address}, a {kind} address")
        };
        ErpError::Forbidden(format!(
            "{leads}, and Causeway connects only to public ones: if this server is yours, allow its range in \
             CAUSEWAY_EGRESS_ALLOW"
        ))
    }
}

fn unknown_host(host: &str, reason: &str) -> ErpError {
    ErpError::Unavailable(format!(
        "the name {host} cannot be resolved ({reason}): check its spelling and the DNS"
    ))
}
