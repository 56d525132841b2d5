//! Serves which connection a site uses in the end.

use std::process::ExitCode;

use api::effective_erp;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), effective_erp::routes())
}
