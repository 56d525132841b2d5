//! Serves what syncs did and do.

use std::process::ExitCode;

use api::{sync_events, sync_logs};
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), sync_logs::routes().merge(sync_events::routes()))
}
