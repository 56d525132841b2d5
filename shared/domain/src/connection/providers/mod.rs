//! What each provider wants to know before it can be reached: the ways to sign in there. One file for each ERP that is
//! spoken to natively, with the settings of its own; any other is reached as `generic` says. The same lists check a
//! connection when it is saved and describe it to whoever draws a form.

pub mod business_central;
pub mod erpnext;
mod generic;
pub mod netsuite;
pub mod odoo;
pub mod oracle;
pub mod sap;
pub mod soap;
pub mod tryton;

use super::{ConnectionMethod, CredentialsOf, Provider};
use crate::validation::Checks;

/// A way to sign in: which of the credentials it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignIn {
    /// What people call it, to be read after "to sign in with".
    pub title: &'static str,
    /// The fields that must be set, by their names in JSON.
    pub needs: &'static [&'static str],
    /// Those that may be.
    pub takes: &'static [&'static str],
}

impl SignIn {
    /// All fields it takes, those it needs first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.needs.iter().chain(self.takes).copied()
    }
}

impl Provider {
    /// The members of a connection's settings that count for some connections only.
    pub const PARTICULAR_SETTINGS: &'static [&'static str] = &[
        "api",
        "files",
        "doi",
        "sap",
        "oracle",
        "netSuite",
        "businessCentral",
        "odoo",
        "erpNext",
        "tryton",
        "soap",
    ];

    /// Those of [`Self::PARTICULAR_SETTINGS`] that count here.
    #[must_use]
    pub const fn own_settings(self, method: ConnectionMethod) -> &'static [&'static str] {
        match (method, self) {
            (ConnectionMethod::Doi, _) => &["doi"],
            (ConnectionMethod::Sftp, _) => &["files"],
            (ConnectionMethod::Api, Self::Sap) => &["sap", "api"],
            (ConnectionMethod::Api, Self::Oracle) => &["oracle", "api"],
            (ConnectionMethod::Api, Self::NetSuite) => &["netSuite", "api"],
            (ConnectionMethod::Api, Self::BusinessCentral) => &["businessCentral", "api"],
            (ConnectionMethod::Api, Self::Odoo) => &["odoo", "api"],
            (ConnectionMethod::Api, Self::ErpNext) => &["erpNext", "api"],
            (ConnectionMethod::Api, Self::Tryton) => &["tryton", "api"],
            (ConnectionMethod::Api, Self::Soap) => &["soap"],
            (ConnectionMethod::Api, Self::Custom) => &["api"],
        }
    }

    /// Whether the ERP is spoken to natively over a method; else the method's generic connector speaks to it.
    #[must_use]
    pub const fn is_native(self, method: ConnectionMethod) -> bool {
        matches!(method, ConnectionMethod::Api) && !matches!(self, Self::Custom)
    }

    /// The ways to sign in, the recommended one first. One of them must be whole.
    #[must_use]
    pub const fn sign_ins(self, method: ConnectionMethod) -> &'static [SignIn] {
        match (method, self) {
            (ConnectionMethod::Doi, _) => generic::DOI,
            (ConnectionMethod::Sftp, _) => generic::SFTP,
            (ConnectionMethod::Api, Self::Sap) => sap::SIGN_INS,
            (ConnectionMethod::Api, Self::Oracle) => oracle::SIGN_INS,
            (ConnectionMethod::Api, Self::NetSuite) => netsuite::SIGN_INS,
            (ConnectionMethod::Api, Self::BusinessCentral) => business_central::SIGN_INS,
            (ConnectionMethod::Api, Self::Odoo) => odoo::SIGN_INS,
            (ConnectionMethod::Api, Self::ErpNext) => erpnext::SIGN_INS,
            (ConnectionMethod::Api, Self::Tryton) => tryton::SIGN_INS,
            (ConnectionMethod::Api, Self::Soap) => soap::SIGN_INS,
            (ConnectionMethod::Api, Self::Custom) => generic::API,
        }
    }
}

/// Checks that one way to sign in is whole. If none is, the one that lacks least is taken for the one that is meant.
pub(super) fn check_sign_in<S>(
    provider: Provider,
    method: ConnectionMethod,
    credentials: &CredentialsOf<S>,
    checks: &mut Checks,
) {
    let lacks = |way: &SignIn| way.needs.iter().filter(|name| !credentials.is_set(name)).count();
    let begun = |way: &SignIn| way.needs.iter().filter(|name| credentials.is_set(name)).count();
    let ways = provider.sign_ins(method);
    // The first of those that lack least, and of those the one that was begun.
    let Some(meant) = ways.iter().min_by_key(|way| (lacks(way), usize::MAX - begun(way))) else { return };
    for name in meant.needs.iter().filter(|name| !credentials.is_set(name)) {
        let always = ways.iter().all(|way| way.needs.contains(name));
        let why = if always { String::new() } else { format!(" to sign in with {}", meant.title) };
        checks.fail(format!("credentials.{name}"), format!("is needed{why}"));
    }
}
