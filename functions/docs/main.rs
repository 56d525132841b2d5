//! Serves the description of the API, and answers for every path that there is not.

use std::process::ExitCode;

use api::docs;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(docs::public_routes(), OpenApiRouter::new())
}
