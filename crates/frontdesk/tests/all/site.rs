//! A site to test against: the real router on a real socket, with a data directory of its own.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use frontdesk::config::{Config, Environment, Sources};
use frontdesk::{Builder, Frontdesk};
use frontdesk_chat::{ChatError, RequestContext, Responder, Turn, TurnError};
use frontdesk_protocol::{
    Action, AssistantContent, AssistantMessageItem, ItemUpdate, Map, SyncCustomActionResponse,
    ThreadEvent, ThreadItem, ThreadMetadata, UserMessageItem, WidgetItem,
};
use frontdesk_testkit::issuer::Issuer;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// For whom the tokens of the tests are.
pub(super) const AUDIENCE: &str = "frontdesk";
/// What the scripted model of the tests can say.
pub(super) const RULES: &str = include_str!("rules.toml");

pub(super) struct Site {
    pub(super) address: SocketAddr,
    pub(super) frontdesk: Frontdesk,
    pub(super) dir: TempDir,
    _serving: JoinSet<()>,
}

impl Site {
    /// The demonstration with the tests' script.
    pub(super) async fn demonstration() -> Self {
        Self::with(&[], |builder| builder).await
    }

    /// Without tools, with further variables of the environment.
    pub(super) async fn configured(variables: &[(&str, &str)]) -> Self {
        let mut all = vec![("FRONTDESK__AGENT__ASSISTANT__MCP", ",")];
        all.extend(variables);
        Self::with(&all, |builder| builder).await
    }

    /// With sign-in by tokens of this issuer, whose claim `org` is the tenant.
    pub(super) async fn with_issuer(issuer: &Issuer, variables: &[(&str, &str)]) -> Self {
        let mut all = signed_in_by(issuer).to_vec();
        all.extend(variables);
        Self::configured(&all).await
    }

    /// With a responder that does what the message says; see [`Obedient`].
    pub(super) async fn obedient(variables: &[(&str, &str)]) -> Self {
        Self::with(variables, |builder| builder.responder(Arc::new(Obedient))).await
    }

    /// As it is with no file and no key.
    pub(super) async fn as_shipped() -> Self {
        let dir = TempDir::new().unwrap();
        let config = read(&[("FRONTDESK__SERVER__DATA_DIR", dir.path().to_str().unwrap())]);
        Self::start(dir, config, |builder| builder).await
    }

    pub(super) async fn with(
        variables: &[(&str, &str)],
        change: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let dir = TempDir::new().unwrap();
        let config = config(&dir, variables);
        Self::start(dir, config, change).await
    }

    /// Configured by files, of which the first is the configuration; `DIR` in them is where they lie.
    pub(super) async fn of_files(
        files: &[(&str, &str)],
        change: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let dir = TempDir::new().unwrap();
        for (name, text) in files {
            let text = text.replace("DIR", dir.path().to_str().unwrap());
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let data_dir = dir.path().to_str().unwrap().to_owned();
        let config = Config::read(&Sources {
            file: Some(dir.path().join(files[0].0)),
            flags: vec![("server.data_dir", "--data-dir", data_dir)],
            ..Sources::default()
        });
        Self::start(dir, config.unwrap(), change).await
    }

    async fn start(dir: TempDir, config: Config, change: impl FnOnce(Builder) -> Builder) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let builder = Frontdesk::builder().config(config).own_address(address);
        let frontdesk = change(builder).build().await.unwrap();
        let service = frontdesk
            .router()
            .into_make_service_with_connect_info::<SocketAddr>();
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self {
            address,
            frontdesk,
            dir,
            _serving: serving,
        }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// What makes sign-in one by tokens of this issuer, whose claim `org` is the tenant.
pub(super) fn signed_in_by(issuer: &Issuer) -> [(&'static str, &str); 4] {
    [
        ("FRONTDESK__AUTH__MODE", "jwt"),
        ("FRONTDESK__AUTH__ISSUER", issuer.url()),
        ("FRONTDESK__AUTH__AUDIENCE", AUDIENCE),
        ("FRONTDESK__AUTH__CLAIMS__TENANT", "org"),
    ]
}

/// A token for this user of this tenant.
pub(super) fn token(issuer: &Issuer, user: &str, tenant: &str) -> String {
    let claims = json!({ "sub": user, "org": tenant, "aud": AUDIENCE });
    issuer.token(claims).unwrap()
}

/// A configuration with its data in this directory and the tests' script.
pub(super) fn config(dir: &TempDir, variables: &[(&str, &str)]) -> Config {
    let rules = dir.path().join("rules.toml");
    std::fs::write(&rules, RULES).unwrap();
    let mut all = vec![
        ("FRONTDESK__SERVER__DATA_DIR", dir.path().to_str().unwrap()),
        (
            "FRONTDESK__MODEL__DEFAULT__RULES_FILE",
            rules.to_str().unwrap(),
        ),
    ];
    all.extend(variables);
    read(&all)
}

fn read(variables: &[(&str, &str)]) -> Config {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment = Environment::new(variables);
    Config::read(&Sources {
        environment,
        ..Sources::default()
    })
    .unwrap()
}

/// Does what the message says: `wait` says a word and never ends, anything else is said back.
pub(super) struct Obedient;

#[async_trait]
impl Responder for Obedient {
    async fn respond(
        &self,
        turn: &mut Turn,
        input: Option<UserMessageItem>,
    ) -> Result<(), TurnError> {
        let said = serde_json::to_value(&input).unwrap()["content"][0]["text"]
            .as_str()
            .unwrap()
            .to_owned();
        let id = turn.new_item_id("msg");
        let empty = AssistantMessageItem {
            id: id.clone(),
            thread_id: turn.thread_id().clone(),
            created_at: turn.now(),
            content: Vec::new(),
            extra: Map::new(),
        };
        turn.emit(ThreadEvent::item_added(ThreadItem::AssistantMessage(
            empty.clone(),
        )))
        .await?;
        let update = ItemUpdate::text_delta(0, said.clone());
        turn.emit(ThreadEvent::item_updated(id, update)).await?;
        if said == "wait" {
            pending::<()>().await;
        }
        let mut whole = empty;
        whole.content.push(AssistantContent::new(said));
        turn.emit(ThreadEvent::item_done(ThreadItem::AssistantMessage(whole)))
            .await
    }

    async fn sync_action(
        &self,
        _: &RequestContext,
        _: &ThreadMetadata,
        _: Action,
        _: Option<WidgetItem>,
    ) -> Result<SyncCustomActionResponse, ChatError> {
        panic!("a fault with a secret in it");
    }
}
