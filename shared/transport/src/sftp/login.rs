//! From a host name to a session: connect through the egress guard, check the host key, sign in, start SFTP.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use domain::connection::Credentials;
use russh::client::{Config, Handle};
use russh::{ChannelMsg, Preferred, SshId, cipher, kex, mac};
use russh_sftp::client::{Config as ProtocolConfig, SftpSession as Protocol};
use tokio::net::TcpStream;

use super::host_key::{self, HostKeyCheck};
use super::{Server, SftpSession, auth, fault};
use crate::{Egress, ErpError};

impl SftpSession {
    /// Signs in with the `sftp…` fields of `credentials`. Signing in, and each request after it, may take `timeout`. With
    /// `legacy`, algorithms are taken that are no longer considered safe, where the server offers no other.
    ///
    /// # Errors
    /// `Unavailable` when the server cannot be reached, `Unauthorized` when it refuses the login, `Forbidden` when the
    /// egress guard or the pinned host key does, `Misconfigured` when a person must change the credentials.
    pub async fn connect(
        egress: &Egress,
        credentials: &Credentials,
        timeout: Duration,
        legacy: bool,
    ) -> Result<Self, ErpError> {
        let missing =
            |field| ErpError::Misconfigured(format!("the connection has no credentials.{field}: set it"));
        let host = credentials.sftp_host.as_deref().ok_or_else(|| missing("sftpHost"))?;
        let user = credentials.sftp_username.as_deref().ok_or_else(|| missing("sftpUsername"))?;
        let server = Server { host: host.to_owned(), port: credentials.sftp_port.unwrap_or(22) };
        let signing_in = Self::sign_in(egress, credentials, &server, user, timeout, legacy);
        tokio::time::timeout(timeout, signing_in).await.unwrap_or_else(|_| Err(too_slow(&server, timeout)))
    }

    async fn sign_in(
        egress: &Egress,
        credentials: &Credentials,
        server: &Server,
        user: &str,
        timeout: Duration,
        legacy: bool,
    ) -> Result<Self, ErpError> {
        let socket = open_socket(egress, server).await?;
        let (mut connection, host_key) =
            greet(socket, server, credentials.sftp_host_key.as_deref(), legacy).await?;
        auth::authenticate(&mut connection, server, user, credentials).await?;
        let protocol = start_sftp(&connection, server, timeout).await?;
        Ok(Self { server: server.clone(), host_key, protocol, _connection: connection })
    }
}

#[expect(clippy::disallowed_methods, reason = "the address comes from the egress guard")]
async fn open_socket(egress: &Egress, server: &Server) -> Result<TcpStream, ErpError> {
    let mut reason = String::from("it has no address");
    for address in egress.connect_addrs(&server.host, server.port).await? {
        match TcpStream::connect(address).await {
            Ok(socket) => {
                // A request waits for its answer: Nagle's algorithm would only add to that.
                if let Err(error) = socket.set_nodelay(true) {
                    tracing::debug!(%server, %error, "TCP_NODELAY could not be set");
                }
                return Ok(socket);
            }
            Err(error) => reason = format!("{address}: {error}"),
        }
    }
    Err(ErpError::Unavailable(format!(
        "{server} cannot be reached ({reason}): check sftpHost and sftpPort, and that its firewall lets us in"
    )))
}

/// Exchanges keys, and returns the host key's fingerprint.
async fn greet(
    socket: TcpStream,
    server: &Server,
    pinned: Option<&str>,
    legacy: bool,
) -> Result<(Handle<HostKeyCheck>, String), ErpError> {
    let config = Config {
        client_id: SshId::Standard(Cow::Borrowed(concat!("SSH-2.0-Causeway_", env!("CARGO_PKG_VERSION")))),
        // A server that vanishes without a word is noticed within a minute.
        keepalive_interval: Some(Duration::from_secs(15)),
        preferred: preferred(legacy),
        ..Config::default()
    };
    let (check, seen) = HostKeyCheck::new(pinned);
    let greeted = russh::client::connect_stream(Arc::new(config), socket, check).await;
    let seen = seen.get().cloned();
    match (greeted, seen, pinned) {
        (Err(_), Some(seen), Some(pinned)) if seen != pinned => Err(host_key::changed(server, pinned, &seen)),
        (Err(error), ..) => Err(fault::greeting(server, &error)),
        (Ok(connection), Some(seen), _) => Ok((connection, seen)),
        (Ok(_), None, _) => Err(ErpError::Malformed(format!("{server} showed no host key"))),
    }
}

/// The algorithms that are offered; with `legacy`, the last of them are those that servers of before 2015 have: SHA-1 for
/// keys and checks, and ciphers in CBC mode.
fn preferred(legacy: bool) -> Preferred {
    let safe = Preferred::DEFAULT;
    if !legacy {
        return safe;
    }
    let kex = safe.kex.iter().copied().chain([kex::DH_GEX_SHA1, kex::DH_G14_SHA1]).collect();
    let mac = safe.mac.iter().copied().chain([mac::HMAC_SHA1_ETM, mac::HMAC_SHA1]).collect();
    let cbc = [cipher::AES_256_CBC, cipher::AES_192_CBC, cipher::AES_128_CBC];
    let cipher = safe.cipher.iter().copied().chain(cbc).collect();
    Preferred { kex: Cow::Owned(kex), mac: Cow::Owned(mac), cipher: Cow::Owned(cipher), ..safe }
}

async fn start_sftp(
    connection: &Handle<HostKeyCheck>,
    server: &Server,
    timeout: Duration,
) -> Result<Protocol, ErpError> {
    let lost = |error: russh::Error| fault::lost(server, &error);
    let mut channel = connection.channel_open_session().await.map_err(lost)?;
    channel.request_subsystem(true, "sftp").await.map_err(lost)?;
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => break,
            Some(ChannelMsg::Failure | ChannelMsg::Close) | None => return Err(no_subsystem(server)),
            Some(_) => {}
        }
    }
    let config =
        ProtocolConfig { request_timeout_secs: timeout.as_secs().max(1), ..ProtocolConfig::default() };
    Protocol::new_with_config(channel.into_stream(), config).await.map_err(|error| {
        tracing::debug!(%server, %error, "SFTP did not start");
        no_subsystem(server)
    })
}

fn no_subsystem(server: &Server) -> ErpError {
    ErpError::Misconfigured(format!(
        "the login at {server} works, but it offers no SFTP there: ask its administrator to enable the sftp subsystem \
         for this user"
    ))
}

fn too_slow(server: &Server, timeout: Duration) -> ErpError {
    ErpError::Unavailable(format!(
        "{server} did not finish the login within {} s: check sftpHost and sftpPort, or raise settings.timeout",
        timeout.as_secs_f32()
    ))
}
