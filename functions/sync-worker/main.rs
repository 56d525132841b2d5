//! Works on runs, page by page, as the messages of their queue name them.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambda::work()
}
