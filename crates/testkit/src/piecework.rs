//! A tool server whose calls end when a test says so, in any order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use frontdesk_identity::{Principal, TenantId, UserId};
use frontdesk_mcp_server::{
    Authentication, MountOptions, Params, State, Text, Tool, ToolFailure, ToolServer,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The name of its tool, which takes the `number` of a piece.
pub const TOOL: &str = "work";

/// A running server; it ends when this is dropped.
pub struct Piecework {
    url: String,
    pieces: Pieces,
    _tasks: JoinSet<()>,
}

/// Which pieces were begun, and which may end.
#[derive(Clone, Default)]
struct Pieces {
    begun: watch::Sender<BTreeSet<u32>>,
    ended: watch::Sender<BTreeSet<u32>>,
}

/// A piece of work.
#[derive(Debug, Deserialize, JsonSchema)]
struct Piece {
    number: u32,
}

impl Piecework {
    /// Starts on a free port of loopback. It asks nobody who they are.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/mcp", listener.local_addr()?);
        let everyone = Principal::new(TenantId::single(), UserId::new("everyone")?);
        let everyone = Authentication::Everyone(Arc::new(everyone));
        let pieces = Pieces::default();
        let server = ToolServer::new("pieces", "1.0.0", pieces.clone()).tool(Tool::new(TOOL, work));
        let router = server.into_router(MountOptions::new(everyone, &url))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self {
            url,
            pieces,
            _tasks: tasks,
        })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until so many pieces are begun; an error after `deadline`.
    pub async fn wait_for_begun(&self, count: usize, deadline: Duration) -> Result<()> {
        let mut begun = self.pieces.begun.subscribe();
        tokio::time::timeout(deadline, begun.wait_for(|begun| begun.len() >= count))
            .await
            .with_context(|| format!("fewer than {count} pieces are begun within {deadline:?}"))?
            .context("the server is gone")?;
        Ok(())
    }

    /// Lets a piece end; its result is [`done`].
    pub fn end(&self, number: u32) {
        self.pieces.ended.send_modify(|ended| {
            ended.insert(number);
        });
    }
}

/// The result of a piece.
pub fn done(number: u32) -> String {
    format!("piece {number} is done")
}

async fn work(
    State(pieces): State<Pieces>,
    Params(Piece { number }): Params<Piece>,
) -> Result<Text, ToolFailure> {
    pieces.begun.send_modify(|begun| {
        begun.insert(number);
    });
    let mut ended = pieces.ended.subscribe();
    let may_end = ended.wait_for(|ended| ended.contains(&number)).await;
    may_end.map_err(ToolFailure::internal)?;
    Ok(Text(done(number)))
}
