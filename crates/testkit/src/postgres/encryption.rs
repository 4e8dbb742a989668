//! A certificate of a server's own, made for it, and the root that signed it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::binaries::Owner;

const ROOT: &str = "root.pem";
const CERTIFICATE: &str = "server.pem";
const KEY: &str = "server-key.pem";

/// Makes a certificate for these names in the folder of a server, and gives the settings with which it shows it.
pub(super) fn set_up(
    folder: &Path,
    owner: Option<Owner>,
    names: &[String],
) -> Result<Vec<(String, String)>> {
    let mut root = CertificateParams::new([])?;
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // No two servers have a root of the same name.
    let name = folder.display().to_string();
    root.distinguished_name.push(DnType::CommonName, name);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let shown = CertificateParams::new(names)?.signed_by(&key, &root)?;
    for (name, text) in [
        (ROOT, root.pem()),
        (CERTIFICATE, shown.pem()),
        (KEY, key.serialize_pem()),
    ] {
        let path = folder.join(name);
        write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        if let Some(owner) = owner {
            chown(&path, Some(owner.user), Some(owner.group))?;
        }
    }
    let path = |name| folder.join(name).display().to_string();
    Ok(vec![
        ("ssl".to_owned(), "on".to_owned()),
        ("ssl_cert_file".to_owned(), path(CERTIFICATE)),
        ("ssl_key_file".to_owned(), path(KEY)),
    ])
}

/// The root of the server's certificate.
pub(super) fn root(folder: &Path) -> PathBuf {
    folder.join(ROOT)
}

/// PostgreSQL takes no key that others may read.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut open = OpenOptions::new();
    let mut file = open.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
