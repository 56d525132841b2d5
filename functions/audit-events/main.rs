//! Serves who did what.

use std::process::ExitCode;

use api::audit_events;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), audit_events::routes())
}
