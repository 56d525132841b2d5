//! Serves a first look at what an ERP sends, its records and its fields: opens credentials and calls the ERP.

use std::process::ExitCode;

use api::{fields, preview};
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(OpenApiRouter::new(), preview::routes().merge(fields::routes()))
}
