use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use super::*;

/// OpenSSH's own client lists the home directory.
fn list_home(server: &Sshd, key: &str) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    fs::write(&path, key).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut client = Command::new("sftp")
        .args(["-q", "-b", "-", "-P", &server.port().to_string(), "-i"])
        .arg(&path)
        .args(["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oIdentitiesOnly=yes"])
        .arg(format!("{USER}@127.0.0.1"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    client.stdin.take().unwrap().write_all(b"ls\n").unwrap();
    client.wait_with_output().unwrap()
}

#[test]
fn openssh_s_own_client_signs_in_by_an_authorized_key_only() {
    let server = Sshd::start().unwrap();
    fs::write(server.home().join("hello.csv"), "sku\n1\n").unwrap();
    let key = server.authorize_key(KeyKind::Ed25519, "").unwrap();
    let listed = list_home(&server, &key);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("hello.csv"), "{listed:?} {:?}", server.log());

    let stranger = Sshd::start().unwrap().authorize_key(KeyKind::Ed25519, "").unwrap();
    assert!(!list_home(&server, &stranger).status.success());
}

#[test]
fn a_dropped_server_leaves_nothing_listening() {
    let server = Sshd::start().unwrap();
    let address = server.address;
    drop(server);
    assert!(wake(address).is_err());
}
