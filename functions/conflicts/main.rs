//! Serves what both sides changed, for a person to decide.

use std::process::ExitCode;

use api::conflicts;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), conflicts::routes())
}
