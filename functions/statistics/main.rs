//! Serves what the syncs of a connection add up to.

use std::process::ExitCode;

use api::statistics;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), statistics::routes())
}
