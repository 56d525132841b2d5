//! Which connector speaks for a connection: one exhaustive match.

use domain::connection::{Connection, ConnectionMethod, Credentials, Provider};
use transport::{ErpError, Transport};

use crate::Connector;
use crate::doi::DoiConnector;
use crate::files::FileConnector;
use crate::http::HttpConnector;

/// Makes the connector of a connection, with its credentials opened.
///
/// # Errors
/// `Misconfigured`, naming the field of the connection that does not fit.
pub fn connector_for(
    connection: &Connection,
    credentials: Credentials,
    transport: &Transport,
) -> Result<Box<dyn Connector>, ErpError> {
    let transport = &transport.calling(connection.provider);
    match connection.provider {
        Provider::Sap
        | Provider::Oracle
        | Provider::NetSuite
        | Provider::BusinessCentral
        | Provider::Odoo
        | Provider::ErpNext
        | Provider::Tryton
        | Provider::Custom => generic(connection, credentials, transport),
    }
}

/// The connectors that know no ERP in particular: one for each method.
fn generic(
    connection: &Connection,
    credentials: Credentials,
    transport: &Transport,
) -> Result<Box<dyn Connector>, ErpError> {
    let settings = &connection.settings;
    Ok(match connection.connection_method {
        ConnectionMethod::Api => Box::new(HttpConnector::new(settings, credentials, transport)?),
        ConnectionMethod::Doi => Box::new(DoiConnector::new(settings, credentials, transport)?),
        ConnectionMethod::Sftp => {
            Box::new(FileConnector::new(settings.clone(), credentials, transport.egress().clone()))
        }
    })
}
