//! Which connector speaks for a connection: one exhaustive match.

use std::sync::Arc;

use domain::connection::{Connection, ConnectionMethod, Credentials, Provider};
use transport::session::AccessTokens;
use transport::{ErpError, Transport};

use crate::Connector;
use crate::business_central::BusinessCentral;
use crate::doi::DoiConnector;
use crate::files::FileConnector;
use crate::http::HttpConnector;
use crate::inbox::Inbox;

/// Makes the connector of a connection, with its credentials opened; `tokens` keeps the access tokens it signs in for,
/// `inbox` the documents that came over it.
///
/// # Errors
/// `Misconfigured`, naming the field of the connection that does not fit.
pub fn connector_for(
    connection: &Connection,
    credentials: Credentials,
    transport: &Transport,
    tokens: Arc<dyn AccessTokens>,
    inbox: Arc<dyn Inbox>,
) -> Result<Box<dyn Connector>, ErpError> {
    let transport = &transport.calling(connection.provider);
    let settings = &connection.settings;
    match (connection.provider, connection.connection_method) {
        (Provider::BusinessCentral, ConnectionMethod::Api) => {
            Ok(Box::new(BusinessCentral::new(settings, credentials, transport, tokens)?))
        }
        (
            Provider::Sap
            | Provider::Oracle
            | Provider::NetSuite
            | Provider::BusinessCentral
            | Provider::Odoo
            | Provider::ErpNext
            | Provider::Tryton
            | Provider::Custom,
            ConnectionMethod::Api | ConnectionMethod::Doi | ConnectionMethod::Sftp,
        ) => generic(connection, credentials, transport, tokens, inbox),
    }
}

/// The connectors that know no ERP in particular: one for each method.
fn generic(
    connection: &Connection,
    credentials: Credentials,
    transport: &Transport,
    tokens: Arc<dyn AccessTokens>,
    inbox: Arc<dyn Inbox>,
) -> Result<Box<dyn Connector>, ErpError> {
    let settings = &connection.settings;
    Ok(match connection.connection_method {
        ConnectionMethod::Api => Box::new(HttpConnector::new(settings, credentials, transport, tokens)?),
        ConnectionMethod::Doi => Box::new(DoiConnector::new(settings, credentials, transport, inbox)?),
        ConnectionMethod::Sftp => {
            Box::new(FileConnector::new(settings.clone(), credentials, transport.egress().clone()))
        }
    })
}
