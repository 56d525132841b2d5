//! Serves signing in, and the keys that tokens are signed with.

use std::process::ExitCode;

use api::{auth, signing_keys};

fn main() -> ExitCode {
    let public = auth::public_routes().merge(signing_keys::public_routes());
    lambda::serve(public, auth::routes().merge(signing_keys::routes()))
}
