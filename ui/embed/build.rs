//! Builds the front end with Node into the build folder, and lists its files for the crate to embed.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, io};

/// What the front end is built from. `package.json` and the lock come first: they say what npm installs.
const SOURCES: [&str; 8] = [
    "package.json",
    "package-lock.json",
    ".npmrc",
    "build.mjs",
    "icons.mjs",
    "licences.mjs",
    "src",
    "pages",
];
/// A folder that was built before.
const BUILT: &str = "FRONTDESK_UI_DIST";
/// What `build.mjs` ends with where all is built and too large.
const TOO_LARGE: i32 = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let crate_folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for source in SOURCES {
        say(&format!("rerun-if-changed={source}"));
    }
    say("rerun-if-changed=embed/build.rs");
    say(&format!("rerun-if-env-changed={BUILT}"));
    let dist = match env::var_os(BUILT) {
        Some(dist) => Some(PathBuf::from(dist)),
        None => match built(&crate_folder, &out.join("front-end")) {
            Ok(Built { dist, too_large }) => {
                if let Some(why) = too_large {
                    say("rerun-if-env-changed=CI");
                    if is_ci() {
                        return Err(format!("the front end is {why}").into());
                    }
                    say(&format!("warning=the front end is {why}"));
                }
                Some(dist)
            }
            Err(why) => {
                say(&format!(
                    "warning=the front end isn't built, so the server has no page: {why}"
                ));
                // It is tried again the next time: this file is never there.
                say("rerun-if-changed=package.json.missing");
                None
            }
        },
    };
    let mut files = Vec::new();
    if let Some(dist) = &dist {
        list(dist, dist, &mut files)?;
        files.sort();
    }
    fs::write(out.join("assets.rs"), table(dist.as_deref(), &files)?)?;
    Ok(())
}

/// The folder with the files.
struct Built {
    dist: PathBuf,
    /// By how much, where that is more than users' pages should load.
    too_large: Option<String>,
}

/// Built in the folder `work`.
fn built(from: &Path, work: &Path) -> Result<Built, String> {
    let lock = fs::read(from.join("package-lock.json")).map_err(|error| error.to_string())?;
    let stamp = work.join("installed.json");
    let is_installed = fs::read(&stamp).is_ok_and(|installed| installed == lock);
    for source in SOURCES {
        copy(&from.join(source), &work.join(source))
            .map_err(|error| format!("{source} can't be copied: {error}"))?;
    }
    if !is_installed {
        // Nothing that comes from outside runs while it is installed.
        let words = ["ci", "--omit=dev", "--ignore-scripts", "--loglevel=error"];
        done("npm", &run("npm", &words, work)?)?;
        fs::write(&stamp, lock).map_err(|error| error.to_string())?;
    }
    let dist = work.join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist).map_err(|error| error.to_string())?;
    }
    let output = run("node", &["build.mjs", "dist"], work)?;
    let too_large = (output.status.code() == Some(TOO_LARGE)).then(|| told(&output));
    if too_large.is_none() {
        done("node", &output)?;
    }
    Ok(Built { dist, too_large })
}

fn run(program: &str, words: &[&str], folder: &Path) -> Result<Output, String> {
    Command::new(program)
        .args(words)
        .current_dir(folder)
        .output()
        .map_err(|error| format!("{program} can't be run ({error}); install Node 20 or newer"))
}

fn done(program: &str, output: &Output) -> Result<(), String> {
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program} failed: {}", told(output)))
}

/// What a program wrote of its errors, in one line.
fn told(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.trim().replace('\n', " ")
}

fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// Copies a file, or a folder without what isn't in its origin any more.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        return fs::copy(from, to).map(|_| ());
    }
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// The paths of all files below the folder that aren't compressed copies.
fn list(root: &Path, folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(root, &path, files)?;
        } else if path.extension() != Some(OsStr::new("gz"))
            && let Ok(relative) = path.strip_prefix(root)
        {
            files.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

/// The source of the table of all files.
fn table(dist: Option<&Path>, files: &[String]) -> Result<String, Box<dyn std::error::Error>> {
    let mut source = "static ASSETS: &[Asset] = &[\n".to_owned();
    for path in files {
        let Some(file) = dist.map(|dist| dist.join(path)) else {
            continue;
        };
        let bytes = fs::read(&file)?;
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let file = file.to_string_lossy().into_owned();
        let packed = format!("{file}.gz");
        let gzip = if Path::new(&packed).exists() {
            format!("Some(include_bytes!({packed:?}))")
        } else {
            "None".to_owned()
        };
        let etag = hasher.finish();
        writeln!(
            source,
            "    Asset {{ path: {path:?}, bytes: include_bytes!({file:?}), gzip: {gzip}, etag: \"{etag:016x}\" }},",
        )?;
    }
    source.push_str("];\n");
    Ok(source)
}

/// To Cargo.
fn say(what: &str) {
    println!("cargo:{what}");
}
