//! Serves which connections a client uses.

use std::process::ExitCode;

use api::client_assignments;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), client_assignments::routes())
}
