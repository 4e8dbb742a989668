//! PostgreSQL's programs: tests start servers of their own with them; none has to run.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::python::Setup;
use crate::workspace::Workspace;
use crate::{command, system};

/// The folder of the programs, where the tests shall take others than they find.
const VARIABLE: &str = "FRONTDESK_TEST_POSTGRES";
/// What makes a server's files. Debian keeps it off the search path.
const PROGRAM: &str = "initdb";
/// Where Debian puts it, by version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Brings them where they are missing. The error says what to do.
pub(crate) fn ready(workspace: &Workspace, setup: Setup) -> Result<()> {
    system::bring(&system::POSTGRES, is_there, workspace, setup)
}

fn is_there(root: &Path) -> bool {
    if let Some(folder) = std::env::var_os(VARIABLE) {
        return Path::new(&folder).join(PROGRAM).is_file();
    }
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let mut folders = versions.map(|version| version.path().join("bin"));
    command::succeeds(command::new(PROGRAM, root).arg("--version"))
        || folders.any(|folder| folder.join(PROGRAM).is_file())
}
