//! Key pairs, made by `ssh-keygen`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A kind of key, and the form its private half is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Ed25519, in OpenSSH's form.
    Ed25519,
    /// RSA of 2048 bits, in PEM form.
    RsaPem,
    /// ECDSA on P-256, in OpenSSH's form.
    Ecdsa,
}

pub(crate) fn generate(private: &Path, kind: KeyKind, passphrase: &str) -> Result<()> {
    let kind: &[&str] = match kind {
        KeyKind::Ed25519 => &["-t", "ed25519"],
        KeyKind::RsaPem => &["-t", "rsa", "-b", "2048", "-m", "PEM"],
        KeyKind::Ecdsa => &["-t", "ecdsa", "-b", "256"],
    };
    keygen(
        Command::new("ssh-keygen").args(["-q", "-N", passphrase, "-C", "test", "-f"]).arg(private).args(kind),
    )
    .map(drop)
}

pub(crate) fn fingerprint(public: &Path) -> Result<String> {
    let line = keygen(Command::new("ssh-keygen").arg("-lf").arg(public))?;
    let fingerprint = line.split_whitespace().nth(1);
    fingerprint.map(str::to_owned).context("ssh-keygen told no fingerprint")
}

fn keygen(command: &mut Command) -> Result<String> {
    let output =
        command.output().context("ssh-keygen is missing: install the Debian package openssh-client")?;
    ensure!(output.status.success(), "ssh-keygen failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
