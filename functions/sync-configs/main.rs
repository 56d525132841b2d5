//! Serves what is synced, when and how.

use std::process::ExitCode;

use api::{schedules, sync_configs};
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), sync_configs::routes().merge(schedules::routes()))
}
