//! A program that a task starts, waits for and looks at from outside, through Linux' `/proc`.
//! <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command;

const READY: Duration = Duration::from_mins(1);
const READY_LINE: &str = "listening on ";

/// It is killed when this is dropped.
pub(crate) struct Running {
    name: &'static str,
    child: Child,
    url: String,
}

impl Running {
    /// Starts it and waits for the line on standard error that says where it listens.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let stderr = child.stderr.take();
        let mut running = Self {
            name,
            child,
            url: String::new(),
        };
        let (sender, ready) = mpsc::sync_channel(1);
        // Reads to the end, so that the program never waits for somebody to read.
        thread::spawn(move || {
            for line in stderr
                .into_iter()
                .flat_map(|stderr| BufReader::new(stderr).lines())
            {
                let Ok(line) = line else { break };
                if let Some((_, url)) = line.split_once(READY_LINE) {
                    // Nobody listens any more after the first one.
                    let _unread = sender.try_send(url.trim().to_owned());
                } else {
                    eprintln!("{name}: {line}");
                }
            }
        });
        running.url = ready
            .recv_timeout(READY)
            .with_context(|| format!("{name} is not ready within {READY:?}"))?;
        Ok(running)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// User and system time of all its threads so far.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        let stat = self.proc("stat")?;
        let ticks =
            ticks(&stat).with_context(|| format!("cannot read the times of {}", self.name))?;
        let a_second = command::output(command::new("getconf", Path::new("/")).arg("CLK_TCK"))?;
        let a_second: u64 = a_second
            .trim()
            .parse()
            .context("cannot read the ticks a second")?;
        if a_second == 0 {
            bail!("a second has no ticks");
        }
        Ok(Duration::from_millis(ticks * 1000 / a_second))
    }

    pub(crate) fn memory_megabytes(&self) -> Result<f64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes =
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u32>().ok());
        Ok(f64::from(kilobytes.context("no resident memory")?) / 1024.0)
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(path)
            .with_context(|| format!("cannot look at {}; the bench runs on Linux", self.name))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Processor, cores, memory and kernel, as far as they are known.
pub(crate) fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |line| {
            line.trim_start_matches([' ', '\t', ':'])
        });
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"));
    let kilobytes = total.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    let gigabytes = kilobytes.unwrap_or(0) >> 20;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{model}, {cores} cores, {gigabytes} GB, Linux {}",
        kernel.trim()
    )
}

/// `utime` and `stime`: fields 14 and 15, counted after the name, which may hold spaces and brackets.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_behind_any_name() {
        let stat = "42 (a ) b) S 1 2 3 0 -1 4194304 5 6 7 8 120 30 9 9 20 0 4 0 100";
        assert_eq!(ticks(stat), Some(150));
        assert_eq!(ticks("42 (short) S 1"), None);
    }
}
