//! Which connector speaks for a connection: one exhaustive match.

use domain::connection::{Connection, ConnectionMethod, Credentials, Provider};
use transport::{ErpError, Transport};

use crate::Connector;
