//! Takes in documents that the other side of a DOI connection sends by itself: opens the connection's credentials to
//! hold theirs against, and keeps the document. Opens no socket.

use std::process::ExitCode;

use api::doi;
use utoipa_axum::router::OpenApiRouter;

fn main() -> ExitCode {
    lambda::serve(doi::public_routes(), OpenApiRouter::new())
}
