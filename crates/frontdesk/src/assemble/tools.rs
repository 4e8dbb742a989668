//! The tool servers: connected as toolsets, the embedded one mounted beside the routes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use frontdesk_agent::Toolset;
use frontdesk_chat::assistant::TurnContext;
use frontdesk_clock::{Clock, Ids};
use frontdesk_identity::Secret;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::Error;
use crate::config::McpSection;
use crate::health::Health;

/// What connecting needs.
pub(crate) struct Tools<'a> {
    pub(crate) servers: &'a BTreeMap<String, McpSection>,
    pub(crate) secret: Secret,
    pub(crate) data_dir: &'a Path,
    pub(crate) own_url: Option<Url>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) shutdown: CancellationToken,
}

/// What connecting gives.
#[derive(Default)]
pub(crate) struct Connected {
    pub(crate) toolsets: Vec<Arc<dyn Toolset<TurnContext>>>,
    pub(crate) mounted: Option<Router>,
}

impl Tools<'_> {
    pub(crate) async fn connect(&self, health: &mut Health) -> Result<Connected, Error> {
        Ok(Connected::default())
    }
}
