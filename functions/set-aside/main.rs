//! Serves the records that were set aside, and their mending.

use std::process::ExitCode;

use api::set_aside;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), set_aside::routes())
}
