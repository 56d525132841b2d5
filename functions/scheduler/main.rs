//! Starts what is due, each minute.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambda::tick()
}
