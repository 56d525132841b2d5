//! Serves the messages that workers gave up.

use std::process::ExitCode;

use api::dead_letters;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), dead_letters::routes())
}
