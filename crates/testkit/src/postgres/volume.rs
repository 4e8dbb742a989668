//! A small volume, which can be filled: mounted in a view of the file system that only one command has, so that it goes
//! with that command.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::binaries::{Owner, bare, id};

/// Mounts a volume in memory with these options here, and becomes the rest.
const MOUNT: &str = r#"
mount -t tmpfs -o "$1" tmpfs "$2" || exit 1
shift 2
exec "$@"
"#;
/// The size with which it is tried, in bytes.
const TRIED_BYTES: u64 = 1 << 20;

/// A shell that has a volume of so many bytes at this place, which is made, and runs as the owner, or as who we are.
pub(super) fn shell(bytes: u64, place: &Path, owner: Option<Owner>) -> Result<Command> {
    fs::create_dir_all(place).with_context(|| format!("cannot make {}", place.display()))?;
    let folder = place.parent().context("a volume is in a folder")?;
    let mut command = bare("unshare", folder);
    command.arg("--mount");
    if owner.is_none() {
        // Only root may mount. Who isn't becomes it, in a view of the users that this command has for itself.
        command.arg("--map-root-user");
    }
    let options = match owner {
        Some(Owner { user, group }) => format!("size={bytes},uid={user},gid={group},mode=700"),
        None => format!("size={bytes},mode=700"),
    };
    command
        .args(["sh", "-c", MOUNT, "mount"])
        .arg(options)
        .arg(place);
    match owner {
        Some(Owner { user, group }) => command
            .args(["setpriv", "--clear-groups"])
            .arg(format!("--reuid={user}"))
            .arg(format!("--regid={group}")),
        // PostgreSQL refuses root, so it is who we are again.
        None => command
            .args(["unshare", "--user"])
            .arg(format!("--map-user={}", own("-u")?))
            .arg(format!("--map-group={}", own("-g")?)),
    };
    command.arg("sh");
    Ok(command)
}

/// Fails, and says why, where this machine lets us mount none.
pub(super) fn is_possible(parent: &Path, owner: Option<Owner>) -> Result<()> {
    let folder = parent.join(format!(
        "frontdesk-volume-{}",
        super::cluster::random_hex()?
    ));
    let mut command = shell(TRIED_BYTES, &folder.join("small"), owner)?;
    let tried = command.args(["-c", "true"]).stdout(Stdio::null()).output();
    fs::remove_dir_all(&folder).context("cannot remove what was tried")?;
    let tried = tried.context("cannot run unshare")?;
    if !tried.status.success() {
        let told = String::from_utf8_lossy(&tried.stderr);
        bail!("no small volume can be mounted: {}", told.trim());
    }
    Ok(())
}

fn own(which: &str) -> Result<u32> {
    id(&[which]).context("id doesn't tell who we are")
}
