//! Serves our own changes: orders placed, records edited, and what waits for the ERP.

use std::process::ExitCode;

use api::{pending_changes, record_changes};
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), record_changes::routes().merge(pending_changes::routes()))
}
