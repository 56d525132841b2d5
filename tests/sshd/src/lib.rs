//! A real OpenSSH server for tests: on loopback, as whoever runs the tests, with a home directory of its own, and gone
//! when dropped.
//!
//! We listen and hand each connection to an `sshd -i`, so the port is the kernel's choice and nothing has to be waited
//! for. `libnss_wrapper` shows that one process a user and a password of our own; the machine's users stay as they are.

mod accounts;
mod keys;

use std::fs::{self, File};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use accounts::Accounts;
pub use accounts::{PASSWORD, USER};
pub use keys::KeyKind;

const SSHD: &str = "/usr/sbin/sshd";

/// What the server lets a client do.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether files may only be read.
    pub read_only: bool,
    /// Whether the `sftp` subsystem is there.
    pub sftp: bool,
    /// Whether passwords are taken.
    pub passwords: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { read_only: false, sftp: true, passwords: true }
    }
}

/// A running server.
#[derive(Debug)]
pub struct Sshd {
    directory: TempDir,
    address: SocketAddr,
    sessions: Arc<Sessions>,
    listener: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Sessions {
    stopping: AtomicBool,
    open: Mutex<Vec<Session>>,
}

#[derive(Debug)]
struct Session {
    socket: TcpStream,
    process: Child,
}

impl Sshd {
    /// Starts a server that lets its user do everything.
    ///
    /// # Errors
    /// When a Debian package is missing; the message names it.
    pub fn start() -> Result<Self> {
        Self::start_with(Options::default())
    }

    /// Starts a server.
    ///
    /// # Errors
    /// When a Debian package is missing; the message names it.
    pub fn start_with(options: Options) -> Result<Self> {
        ensure!(
            Path::new(SSHD).exists(),
            "these tests need OpenSSH's server: run scripts/install-test-tools, or install the Debian package \
             openssh-server"
        );
        let directory = tempfile::tempdir()?;
        let root = directory.path();
        fs::create_dir(root.join("home"))?;
        File::create(root.join("authorized_keys"))?;
        keys::generate(&root.join("host_key"), KeyKind::Ed25519, "")?;
        let accounts = Accounts::create(root)?;
        fs::write(root.join("sshd_config"), configuration(root, options))?;

        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = socket.local_addr()?;
        let sessions = Arc::new(Sessions::default());
        let listener = std::thread::spawn({
            let (sessions, root) = (Arc::clone(&sessions), root.to_owned());
            move || serve(&socket, &sessions, &accounts, &root)
        });
        Ok(Self { directory, address, sessions, listener: Some(listener) })
    }

    /// The port it listens on, at 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The user's home, where a login begins.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// The fingerprint of the host key, as `ssh-keygen` tells it: `SHA256:…`.
    ///
    /// # Errors
    /// When `ssh-keygen` fails.
    pub fn host_key(&self) -> Result<String> {
        keys::fingerprint(&self.directory.path().join("host_key.pub"))
    }

    /// Makes a key pair the server accepts, and returns the private key. An empty passphrase is none.
    ///
    /// # Errors
    /// When `ssh-keygen` fails.
    pub fn authorize_key(&self, kind: KeyKind, passphrase: &str) -> Result<String> {
        let private = tempfile::tempdir_in(self.directory.path())?;
        let private = private.path().join("key");
        keys::generate(&private, kind, passphrase)?;
        let list = self.directory.path().join("authorized_keys");
        let known = fs::read_to_string(&list)?;
        fs::write(list, known + &fs::read_to_string(private.with_extension("pub"))?)?;
        Ok(fs::read_to_string(private)?)
    }

    /// Cuts every open connection, as a broken network would.
    pub fn disconnect_all(&self) {
        self.sessions.end();
    }

    /// What the server wrote to its log so far.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log(&self) -> Result<String> {
        fs::read_to_string(self.directory.path().join("log")).context("no connection was made yet")
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.sessions.stopping.store(true, Ordering::SeqCst);
        // The listener sits in accept(); one last connection lets it see that it is over.
        drop(wake(self.address));
        if let Some(listener) = self.listener.take() {
            drop(listener.join());
        }
        self.sessions.end();
    }
}

#[expect(clippy::disallowed_methods, reason = "our own listener on loopback")]
fn wake(address: SocketAddr) -> std::io::Result<TcpStream> {
    TcpStream::connect(address)
}

impl Sessions {
    fn open(&self) -> MutexGuard<'_, Vec<Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts the connections and waits until their processes are gone.
    fn end(&self) {
        for mut session in self.open().drain(..) {
            // A client may have closed it before us: then both calls fail and all is well.
            drop(session.socket.shutdown(Shutdown::Both));
            drop(session.process.wait());
        }
    }
}

fn serve(socket: &TcpListener, sessions: &Sessions, accounts: &Accounts, root: &Path) {
    for connection in socket.incoming().flatten() {
        if sessions.stopping.load(Ordering::SeqCst) {
            break;
        }
        let session = start_session(connection, accounts, root);
        let mut open = sessions.open();
        open.retain_mut(|session| !matches!(session.process.try_wait(), Ok(Some(_))));
        open.extend(session.ok());
    }
}

fn start_session(socket: TcpStream, accounts: &Accounts, root: &Path) -> Result<Session> {
    let log = File::options().create(true).append(true).open(root.join("log"))?;
    let process = Command::new(SSHD)
        .args(["-i", "-e", "-f"])
        .arg(root.join("sshd_config"))
        .envs(accounts.environment())
        .stdin(Stdio::from(OwnedFd::from(socket.try_clone()?)))
        .stdout(Stdio::from(OwnedFd::from(socket.try_clone()?)))
        .stderr(Stdio::from(log))
        .spawn()?;
    Ok(Session { socket, process })
}

fn configuration(root: &Path, options: Options) -> String {
    let root = root.display();
    let yes_or_no = |yes| if yes { "yes" } else { "no" };
    let sftp = match options {
        Options { sftp: false, .. } => "",
        Options { read_only: true, .. } => "Subsystem sftp internal-sftp -R\n",
        Options { .. } => "Subsystem sftp internal-sftp\n",
    };
    format!(
        "HostKey {root}/host_key\nAuthorizedKeysFile {root}/authorized_keys\nPasswordAuthentication {}\n{sftp}KbdInteractiveAuthentication no\n\
         PermitRootLogin yes\nStrictModes no\nUsePAM no\nPidFile none\n",
        yes_or_no(options.passwords),
    )
}

#[cfg(test)]
mod tests;
