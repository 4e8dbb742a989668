//! A short run of every fuzz target, on the stable compiler: enough to show that they build and what breaks at once.

use std::fs;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::workspace::{self, Workspace};
use crate::{command, system};

const MANIFEST: &str = "fuzz/Cargo.toml";
const SECONDS: u32 = 20;
/// What `cargo fuzz` passes to measure coverage, less the parts that only nightly compilers have.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Ccodegen-units=1";

#[derive(Deserialize)]
struct Manifest {
    bin: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

pub(super) fn smoke(workspace: &Workspace) -> Result<()> {
    if !workspace.path(MANIFEST).is_file() {
        if workspace::in_ci() {
            bail!("{MANIFEST} is missing");
        }
        println!("fuzz: skipped, because {MANIFEST} is not there");
        return Ok(());
    }
    let root = workspace.root();
    if !command::succeeds(command::new("c++", root).arg("--version")) {
        system::install(&system::CPP, root)?;
    }
    let manifest: Manifest =
        toml::from_str(&workspace.read(MANIFEST)?).context("cannot read fuzz/Cargo.toml")?;
    let version = command::output(command::new("rustc", root).arg("-vV"))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc names no host")?;
    for target in &manifest.bin {
        run(workspace, host, &target.name)?;
    }
    Ok(())
}

fn run(workspace: &Workspace, host: &str, target: &str) -> Result<()> {
    let corpus = workspace.path(&format!("fuzz/corpus/{target}"));
    let artifacts = workspace.path("fuzz/artifacts");
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    println!("fuzz: {target}, {SECONDS} s");
    command::run(
        command::cargo(&workspace.path("fuzz"))
            .args(["run", "--quiet", "--release", "--locked", "--bin", target])
            // Named, so that build scripts are spared: they couldn't be linked with the coverage.
            .args(["--target", host, "--"])
            .arg(&corpus)
            .arg(format!("-max_total_time={SECONDS}"))
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .args(["-print_final_stats=0", "-verbosity=0"])
            .env("RUSTFLAGS", COVERAGE),
    )
}
