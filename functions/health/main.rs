//! Serves whether Causeway answers.

use std::process::ExitCode;

use api::health;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(health::public_routes(), OpenApiRouter::new())
}
