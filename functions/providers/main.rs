//! Serves what each provider wants to know and what it can sync.

use std::process::ExitCode;

use api::providers;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), providers::routes())
}
