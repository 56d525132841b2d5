//! Serves which connections a site uses.

use std::process::ExitCode;

use api::site_assignments;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), site_assignments::routes())
}
