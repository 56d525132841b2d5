//! Serves the test of a connection: opens its credentials and calls the ERP.

use std::process::ExitCode;

use api::connection_test;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), connection_test::routes())
}
