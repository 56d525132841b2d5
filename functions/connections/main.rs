//! Serves `/erp/connections` and each of them. Seals credentials, opens none.

use std::process::ExitCode;

use api::connections;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), connections::routes())
}
