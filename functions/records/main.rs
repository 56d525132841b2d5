//! Serves the synced records, to read.

use std::process::ExitCode;

use api::records;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), records::routes())
}
