//! The tests of the front end: its types, its parts in Node, and the whole of it in a browser, against the program that
//! cargo has built; and how fast it draws.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::command;
use crate::node::Packages;
use crate::python::Setup;
use crate::test::Printed;
use crate::workspace::Workspace;

/// `node_modules` there is ignored by git.
const FOLDER: &str = "ui";
const TESTS: &str = "test/run.mjs";
const BENCH: &str = "test/bench.mjs";
const COMPILER: &str = "typescript/bin/tsc";

/// With all its packages.
pub(crate) struct FrontEnd {
    packages: Packages,
    folder: PathBuf,
}

impl FrontEnd {
    /// Brings Node, npm and the packages where they are missing. The error says what to do.
    pub(crate) fn ready(workspace: &Workspace, setup: Setup) -> Result<Self> {
        Ok(Self {
            packages: Packages::ready(workspace, setup, FOLDER, FOLDER)?,
            folder: workspace.path(FOLDER),
        })
    }

    pub(crate) fn packages(&self) -> &Packages {
        &self.packages
    }

    /// Tests all of it, in a browser only where there are interpreters for what it is tested against.
    /// False if something failed.
    pub(crate) fn test(
        &self,
        workspace: &Workspace,
        pythons: Option<&[(&'static str, PathBuf)]>,
        printed: &mut Printed,
    ) -> Result<bool> {
        let mut passed = self.has_fitting_types();
        if !passed {
            printed.failures.add("front end: its types don't fit");
        }
        passed &= run("its parts", &mut self.script(TESTS), printed)?;
        if let Some(pythons) = pythons {
            let name = format!("debug/frontdesk{}", std::env::consts::EXE_SUFFIX);
            let mut tests = self.script(TESTS);
            tests
                .arg("--browser")
                .env("FRONTDESK_TEST_BINARY", workspace.target()?.join(name))
                .envs(pythons.iter().cloned());
            passed &= run("in a browser", &mut tests, printed)?;
        }
        Ok(passed)
    }

    /// Measures it in a browser, and prints that.
    pub(crate) fn bench(&self) -> Result<()> {
        command::run(&mut self.script(BENCH))
    }

    fn has_fitting_types(&self) -> bool {
        println!("front end: types");
        let mut compiler = self.packages.script(COMPILER, &self.folder);
        match command::run(compiler.arg("--noEmit")) {
            Ok(()) => true,
            Err(error) => {
                println!("{error:#}");
                false
            }
        }
    }

    fn script(&self, script: &str) -> Command {
        self.packages
            .node()
            .script(&self.folder.join(script), &self.folder)
    }
}

/// Runs them, shows what they print, and counts. False if one of them failed.
fn run(what: &str, tests: &mut Command, printed: &mut Printed) -> Result<bool> {
    println!("front end: {what}");
    let mut child = tests
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run the tests of the front end: {what}"))?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("cannot read what the tests printed")?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            printed.tally.read_node(&line);
            printed.failures.read_node(&line);
        }
    }
    printed.failures.end();
    Ok(child.wait().context("cannot wait for the tests")?.success())
}
