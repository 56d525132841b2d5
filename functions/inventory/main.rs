//! Serves stock levels.

use std::process::ExitCode;

use api::inventory;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), inventory::routes())
}
