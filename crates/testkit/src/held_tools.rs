//! Tools that do their work at once and answer when a test lets them: a call that is in flight as long as it takes.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use frontdesk_identity::{Principal, TenantId, UserId};
use frontdesk_mcp_server::{
    Authentication, MountOptions, State, Text, Tool, ToolFailure, ToolServer,
};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A tool that only reads.
pub const LOOK: &str = "look";
/// A tool that can be called again and again, to the same end.
pub const SET: &str = "set";
/// A tool that does something each time.
pub const ADD: &str = "add";

/// A running server; it ends when this is dropped.
pub struct HeldTools {
    url: String,
    desk: Desk,
    _tasks: JoinSet<()>,
}

/// Counts the calls, and holds them.
#[derive(Debug, Clone)]
struct Desk {
    calls: Arc<watch::Sender<Calls>>,
    gate: Arc<watch::Sender<Gate>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Calls {
    look: u64,
    set: u64,
    add: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    Open,
    Closed,
}

impl HeldTools {
    /// Starts on a free port of loopback, with the gate open. It asks nobody who they are.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/mcp", listener.local_addr()?);
        let everyone = Principal::new(TenantId::single(), UserId::new("everyone")?);
        let everyone = Authentication::Everyone(Arc::new(everyone));
        let desk = Desk {
            calls: Arc::new(watch::Sender::new(Calls::default())),
            gate: Arc::new(watch::Sender::new(Gate::Open)),
        };
        let server = ToolServer::new("held", "1.0.0", desk.clone())
            .tool(Tool::new(LOOK, look).description("Looks.").read_only())
            .tool(Tool::new(SET, set).description("Sets.").idempotent())
            .tool(Tool::new(ADD, add).description("Adds."));
        let router = server.into_router(MountOptions::new(everyone, &url))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self {
            url,
            desk,
            _tasks: tasks,
        })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Holds the answers of calls from now on.
    pub fn hold(&self) {
        self.desk.gate.send_replace(Gate::Closed);
    }

    /// Answers what was held, and holds nothing more.
    pub fn release(&self) {
        self.desk.gate.send_replace(Gate::Open);
    }

    /// How often a tool did its work.
    pub fn calls(&self, tool: &str) -> u64 {
        self.desk.calls.borrow().of(tool)
    }

    /// Waits until a tool was called so often; an error after `deadline`.
    pub async fn wait_for(&self, tool: &str, count: u64, deadline: Duration) -> Result<()> {
        let mut calls = self.desk.calls.subscribe();
        let come = calls.wait_for(|calls| calls.of(tool) >= count);
        tokio::time::timeout(deadline, come)
            .await
            .with_context(|| format!("{tool} wasn't called {count} times within {deadline:?}"))?
            .context("the tools are gone")?;
        Ok(())
    }
}

impl Calls {
    fn of(self, tool: &str) -> u64 {
        match tool {
            LOOK => self.look,
            SET => self.set,
            _ => self.add,
        }
    }
}

async fn look(State(desk): State<Desk>) -> Result<Text, ToolFailure> {
    desk.answer(|calls| calls.look += 1, "looked").await
}

async fn set(State(desk): State<Desk>) -> Result<Text, ToolFailure> {
    desk.answer(|calls| calls.set += 1, "set").await
}

async fn add(State(desk): State<Desk>) -> Result<Text, ToolFailure> {
    desk.answer(|calls| calls.add += 1, "added").await
}

impl Desk {
    async fn answer(&self, note: impl FnOnce(&mut Calls), done: &str) -> Result<Text, ToolFailure> {
        self.calls.send_modify(note);
        let mut gate = self.gate.subscribe();
        let opened = gate.wait_for(|gate| *gate == Gate::Open).await;
        opened.map_err(|_| ToolFailure::new("the test is over"))?;
        Ok(Text(done.to_owned()))
    }
}
