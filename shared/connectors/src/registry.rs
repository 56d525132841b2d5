//! Which connector speaks for a connection: one exhaustive match.

use std::sync::Arc;

use domain::connection::{Connection, ConnectionMethod, Credentials, Provider};
use transport::session::AccessTokens;
use transport::{ErpError, Transport};

use crate::Connector;
use crate::business_central::BusinessCentral;
use crate::doi::DoiConnector;
use crate::erpnext::ErpNext;
use crate::files::FileConnector;
use crate::http::HttpConnector;
use crate::inbox::Inbox;
use crate::ledger::Ledger;
use crate::netsuite::NetSuite;
use crate::odoo::Odoo;
use crate::oracle::Oracle;
use crate::sap::Sap;
use crate::soap::Soap;
use crate::tryton::Tryton;

/// Makes the connector of a connection, with its credentials opened; `tokens` keeps the access tokens it signs in for,
/// `inbox` the documents that came over it, `ledger` what is known of its files.
///
/// # Errors
/// `Misconfigured`, naming the field of the connection that does not fit.
pub fn connector_for(
    connection: &Connection,
    credentials: Credentials,
    transport: &Transport,
    tokens: Arc<dyn AccessTokens>,
    inbox: Arc<dyn Inbox>,
    ledger: Arc<dyn Ledger>,
) -> Result<Box<dyn Connector>, ErpError> {
    let transport = &transport.calling(connection.provider);
    let settings = &connection.settings;
    Ok(match (connection.connection_method, connection.provider) {
        (ConnectionMethod::Doi, _) => Box::new(DoiConnector::new(settings, credentials, transport, inbox)?),
        (ConnectionMethod::Sftp, _) => {
            Box::new(FileConnector::new(settings.clone(), credentials, transport.egress().clone(), ledger))
        }
        (ConnectionMethod::Api, Provider::Sap) => {
            Box::new(Sap::new(settings, credentials, transport, tokens)?)
        }
        (ConnectionMethod::Api, Provider::Oracle) => {
            Box::new(Oracle::new(settings, credentials, transport, tokens)?)
        }
        (ConnectionMethod::Api, Provider::NetSuite) => {
            Box::new(NetSuite::new(settings, credentials, transport, tokens)?)
        }
        (ConnectionMethod::Api, Provider::BusinessCentral) => {
            Box::new(BusinessCentral::new(settings, credentials, transport, tokens)?)
        }
        (ConnectionMethod::Api, Provider::Odoo) => Box::new(Odoo::new(settings, credentials, transport)?),
        (ConnectionMethod::Api, Provider::ErpNext) => {
            Box::new(ErpNext::new(settings, credentials, transport)?)
        }
        (ConnectionMethod::Api, Provider::Tryton) => {
            Box::new(Tryton::new(settings, credentials, transport, tokens)?)
        }
        (ConnectionMethod::Api, Provider::Soap) => Box::new(Soap::new(settings, &credentials, transport)?),
        (ConnectionMethod::Api, Provider::Custom) => {
            Box::new(HttpConnector::new(settings, credentials, transport, tokens)?)
        }
    })
}
