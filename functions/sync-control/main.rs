//! Serves the ways to cancel a sync and to do it again.

use std::process::ExitCode;

use api::sync_control;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), sync_control::routes())
}
