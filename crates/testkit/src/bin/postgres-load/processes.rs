//! What is seen of processes from outside, through Linux' `/proc`.
//! <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use frontdesk_testkit::postgres::Postgres;
use frontdesk_testkit::process::Server;
use tokio::process::Command;

/// User and system time: fields 14 and 15.
const OF_ITSELF: usize = 2;
/// Those, and those of the children that ended and were waited for: fields 16 and 17.
const OF_ENDED_ALSO: usize = 4;

/// User and system time of a process so far.
pub(super) async fn processor_time(server: &Server) -> Result<Duration> {
    let stat = proc(id(server)?, "stat")?;
    in_time(ticks(&stat, OF_ITSELF).context("no times")?).await
}

/// User and system time of all processes of a database so far, also of those that ended.
pub(super) async fn processor_time_of(postgres: &Postgres) -> Result<Duration> {
    let first = "select split_part(pg_read_file('postmaster.pid'), E'\n', 1)";
    let first: u32 = postgres.sql(first).await?.parse()?;
    let mut sum = 0;
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // It may have ended meanwhile.
        let Ok(stat) = proc(id, "stat") else { continue };
        if id == first {
            sum += ticks(&stat, OF_ENDED_ALSO).unwrap_or_default();
        } else if parent(&stat) == Some(first) {
            sum += ticks(&stat, OF_ITSELF).unwrap_or_default();
        }
    }
    in_time(sum).await
}

/// The resident memory of a process, in KiB.
pub(super) fn memory(server: &Server) -> Result<u64> {
    let status = proc(id(server)?, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(number.context("no resident memory")?.parse()?)
}

/// How many files this process may open, and with it those that it starts.
pub(super) fn most_open_files() -> Result<usize> {
    let limits = fs::read_to_string("/proc/self/limits").context("this runs on Linux")?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next());
    match soft.context("no limit of open files")? {
        "unlimited" => Ok(usize::MAX),
        number => Ok(number.parse()?),
    }
}

fn id(server: &Server) -> Result<u32> {
    server.id().context("the process is gone")
}

fn proc(id: u32, file: &str) -> Result<String> {
    fs::read_to_string(format!("/proc/{id}/{file}")).context("this runs on Linux")
}

/// Field 4, counted behind the name, which may hold spaces.
fn parent(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(1)?.parse().ok()
}

/// So many fields from the 14th on.
fn ticks(stat: &str, fields: usize) -> Option<u64> {
    let (_, all) = stat.rsplit_once(") ")?;
    let mut sum = 0;
    for field in all.split(' ').skip(11).take(fields) {
        sum += field.parse::<u64>().ok()?;
    }
    Some(sum)
}

async fn in_time(ticks: u64) -> Result<Duration> {
    let a_second = Command::new("getconf").arg("CLK_TCK").output().await?;
    let a_second: u64 = String::from_utf8(a_second.stdout)?.trim().parse()?;
    match (ticks * 1_000).checked_div(a_second) {
        Some(millis) => Ok(Duration::from_millis(millis)),
        None => bail!("a second has no ticks"),
    }
}
