//! Serves the start of a sync.

use std::process::ExitCode;

use api::sync_trigger;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), sync_trigger::routes())
}
