//! Serves mappings kept as templates.

use std::process::ExitCode;

use api::mapping_templates;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), mapping_templates::routes())
}
