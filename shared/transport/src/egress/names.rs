//! How names become addresses.

use std::io;
use std::net::SocketAddr;

/// Who is asked for the addresses of a name.
#[derive(Debug, Clone, Default)]
pub(super) enum Names {
    /// The machine's resolver.
    #[default]
    System,
    /// A test, which may answer otherwise each time.
    #[cfg(test)]
    Scripted(super::tests::Script),
}

impl Names {
    /// The addresses of `host`, as they are at this moment.
    pub(super) async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((host, port)).await?.collect()),
            #[cfg(test)]
            Self::Scripted(script) => Ok(script.answer(port)),
        }
    }
}
