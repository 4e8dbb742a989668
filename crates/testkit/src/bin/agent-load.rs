//! Runs of an agent in a process of its own, for benches: all of them at once stop in the middle, each in a tool call,
//! while the memory is measured. What it measured goes to standard output as one line of JSON.
#![expect(
    clippy::print_stdout,
    reason = "a command line program speaks on its standard streams"
)]

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use async_trait::async_trait;
use clap::Parser;
use frontdesk_agent::{
    Agent, AgentEvent, Agents, Ended, FunctionTools, NoArguments, Observer, RunContext, Stopped,
    ToolContext, ToolError, UsageSink, function_tool, run,
};
use frontdesk_identity::{Credentials, Principal, TenantId, UserId};
use frontdesk_model::Item;
use frontdesk_model::scripted::{Script, Scripted};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Runs before the measured ones, so that what is made once is there.
const WARM_UP: usize = 20;
/// How long the runs may take to get to their calls.
const PATIENCE: Duration = Duration::from_mins(2);
const RULES: &str = r#"
[[rule]]
when = '(?i)go'
[[rule.step]]
say = "I look it up."
[[rule.step]]
call = { tool = "wait" }
[[rule.step]]
say = "It was looked up, and this is what came of it in a sentence of some length."
"#;

#[derive(Parser)]
struct Options {
    /// How many runs
    #[arg(long, default_value_t = 1_000)]
    runs: usize,
    /// How many bytes of text each has to begin with
    #[arg(long, default_value_t = 4_096)]
    text_bytes: usize,
}

/// Where the calls wait.
struct Gate {
    waiting: AtomicUsize,
    arrived: watch::Sender<usize>,
    open: watch::Sender<bool>,
}

/// Counts the events, as a server that shows them would see them.
#[derive(Default)]
struct Counted(usize);

#[async_trait]
impl Observer for Counted {
    async fn observe(&mut self, _event: AgentEvent) -> Result<(), Stopped> {
        self.0 += 1;
        Ok(())
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let options = Options::parse();
    let agents = Arc::new(agents()?);
    measure(&agents, WARM_UP, options.text_bytes).await?;
    let measured = measure(&agents, options.runs, options.text_bytes).await?;
    println!("{measured}");
    Ok(())
}

fn agents() -> Result<Agents<Gate>> {
    let script = Script::from_toml(RULES).context("the script is wrong")?;
    let mut agent = Agent::new("load", "Be brief.", Arc::new(Scripted::new(script)));
    let wait = function_tool("wait", "Waits for the gate.", wait);
    agent
        .toolsets
        .push(Arc::new(FunctionTools::new("gate", vec![wait])));
    Ok(Agents::of(agent))
}

async fn wait(_: NoArguments, context: ToolContext<Gate>) -> Result<String, ToolError> {
    let gate = &context.context;
    let mut open = gate.open.subscribe();
    let here = gate.waiting.fetch_add(1, Ordering::Relaxed) + 1;
    gate.arrived.send_replace(here);
    let opened = open.wait_for(|open| *open).await;
    opened.map_err(|_| ToolError::plain("the gate is gone"))?;
    Ok("looked up".to_owned())
}

async fn measure(agents: &Arc<Agents<Gate>>, runs: usize, text_bytes: usize) -> Result<Value> {
    let gate = Arc::new(Gate {
        waiting: AtomicUsize::new(0),
        arrived: watch::Sender::new(0),
        open: watch::Sender::new(false),
    });
    let principal = Principal::new(TenantId::single(), UserId::new("load")?);
    let principal = Arc::new(principal);
    let (memory_before, time_before) = (resident_kib()?, processor_ms()?);
    let mut tasks = JoinSet::new();
    for _ in 0..runs {
        let context = RunContext {
            principal: Arc::clone(&principal),
            credentials: Credentials::default(),
            context: Arc::clone(&gate),
            cancel: CancellationToken::new(),
            usage: UsageSink::default(),
        };
        let agents = Arc::clone(agents);
        tasks.spawn(async move {
            let mut observer = Counted::default();
            let text = format!("Go. {}", "x".repeat(text_bytes));
            let input = vec![Item::user(text)];
            let outcome = run(&agents, input, context, &mut observer).await;
            outcome.map(|outcome| (outcome.ended, observer.0))
        });
    }
    let mut arrived = gate.arrived.subscribe();
    let all = arrived.wait_for(|_| gate.waiting.load(Ordering::Relaxed) >= runs);
    tokio::time::timeout(PATIENCE, all)
        .await
        .context("not all runs came to their calls")?
        .context("the gate is gone")?;
    let memory = resident_kib()?;
    gate.open.send_replace(true);
    let mut events = 0;
    while let Some(ended) = tasks.join_next().await {
        let (ended, count) = ended.context("a run broke")?.context("a run failed")?;
        if ended != Ended::Answered {
            bail!("a run ended otherwise: {ended:?}");
        }
        events += count;
    }
    let used = processor_ms()?.saturating_sub(time_before);
    Ok(json!({
        "runs": runs,
        "events": events,
        "text_bytes": text_bytes,
        "resident_kib": memory.saturating_sub(memory_before),
        "processor_ms": used,
    }))
}

/// The resident memory of this process. <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>
fn resident_kib() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("this runs on Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    number
        .and_then(|number| number.parse().ok())
        .context("no resident memory")
}

/// The time that the processors worked for this process so far.
/// <https://man7.org/linux/man-pages/man5/proc_pid_schedstat.5.html>
fn processor_ms() -> Result<u64> {
    let mut nanoseconds = 0;
    for task in fs::read_dir("/proc/self/task").context("this runs on Linux")? {
        let stat = fs::read_to_string(task?.path().join("schedstat"))?;
        let first: Option<u64> = stat.split(' ').next().and_then(|first| first.parse().ok());
        nanoseconds += first.context("no time")?;
    }
    Ok(nanoseconds / 1_000_000)
}
