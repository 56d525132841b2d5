//! The one user the server knows, in passwd files of our own that `libnss_wrapper` shows to it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The user of the server. It has the rights of whoever runs the tests.
pub const USER: &str = "erp";
/// The user's password.
pub const PASSWORD: &str = "correct horse";

/// `PASSWORD`, as `openssl passwd -6 -salt causeway` hashes it.
const PASSWORD_HASH: &str =
    "$6$causeway$2KX96Nyqokz3.zn9r0V1.CkFrf84QwH24ttcpuNkbNTmesh5GOQiRPXBlV581d3TisCtGDCkz5q32oA/qxYkj.";

/// Where OpenSSH's server, when root starts it, wants an empty directory; Debian's package makes it only when the
/// system service starts.
const PRIVILEGE_SEPARATION: &str = "/run/sshd";

#[derive(Debug)]
pub(crate) struct Accounts {
    wrapper: PathBuf,
    directory: PathBuf,
}

impl Accounts {
    pub(crate) fn create(root: &Path) -> Result<Self> {
        let wrapper = find_wrapper().context(
            "these tests need nss_wrapper: run scripts/install-test-tools, or install the Debian package \
             libnss-wrapper",
        )?;
        let me = fs::metadata("/proc/self")?;
        let (uid, gid) = (me.uid(), me.gid());
        if uid == 0 {
            fs::create_dir_all(PRIVILEGE_SEPARATION)?;
        }
        let home = root.join("home");
        let passwd = format!(
            "{USER}:x:{uid}:{gid}::{}:/bin/sh\nsshd:x:65533:65533::{PRIVILEGE_SEPARATION}:/usr/sbin/nologin\n",
            home.display()
        );
        fs::write(root.join("passwd"), passwd)?;
        fs::write(root.join("group"), format!("{USER}:x:{gid}:\nsshd:x:65533:\n"))?;
        fs::write(root.join("shadow"), format!("{USER}:{PASSWORD_HASH}:19000:0:99999:7:::\n"))?;
        Ok(Self { wrapper, directory: root.to_owned() })
    }

    pub(crate) fn environment(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("LD_PRELOAD", self.wrapper.clone()),
            ("NSS_WRAPPER_PASSWD", self.directory.join("passwd")),
            ("NSS_WRAPPER_GROUP", self.directory.join("group")),
            ("NSS_WRAPPER_SHADOW", self.directory.join("shadow")),
        ]
    }
}

/// Debian keeps libraries in a directory per architecture.
fn find_wrapper() -> Option<PathBuf> {
    let directories = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    directories
        .chain(["/usr/lib64".into(), "/usr/lib".into()])
        .map(|directory| directory.join("libnss_wrapper.so"))
        .find(|library| library.exists())
}
