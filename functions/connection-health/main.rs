//! Serves how a connection is and has been.

use std::process::ExitCode;

use api::connection_health;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), connection_health::routes())
}
