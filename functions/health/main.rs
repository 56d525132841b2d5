//! Serves whether Causeway answers, and whether what it stands on does.

use std::process::ExitCode;

use api::{dependencies, health};

fn main() -> ExitCode {
    lambda::serve(health::public_routes(), dependencies::routes())
}
