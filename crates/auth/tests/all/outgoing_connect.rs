//! `oauth`: a user connects an account, calls are made with it, it is refreshed and given up.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_auth::outgoing::oauth::{
    Authorizer, ClientIdentity, Connect, ConnectError, Connecting, DynamicRegistration,
    MemoryVault, OAuth, OAuthServer, OAuthSetup, Started, TokenSet, Vault,
};
use frontdesk_auth::outgoing::{Broker, OutgoingError, Refusal, RefusalKind, Seal};
use frontdesk_clock::ManualClock;
use frontdesk_identity::{Scope, Secret, SignedIn, TenantId};
use serde_json::json;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::outgoing_fake::{
    Fake, MARK, RESOURCE_METADATA, bearer, clock, dyn_clock, http, merged, pairs, refused, user,
};

/// One server of ours with a tool server to connect with.
pub(crate) struct Desk {
    pub(crate) fake: Fake,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) vault: Arc<MemoryVault>,
    pub(crate) broker: OAuth,
    pub(crate) connect: Connect,
}

pub(crate) fn seal(secret: &str) -> Arc<Seal> {
    Arc::new(Seal::from_secret(&Secret::new(secret)).unwrap())
}

pub(crate) fn broker(
    fake: &Fake,
    clock: &Arc<ManualClock>,
    vault: Arc<dyn Vault>,
    name: &str,
) -> OAuth {
    let client = ClientIdentity {
        name: "Desk".to_owned(),
        registered: None,
        metadata_document: None,
        dynamic: DynamicRegistration::Allowed,
    };
    let server = OAuthServer {
        name: name.to_owned(),
        url: fake.url(),
        scopes: Vec::new(),
    };
    let setup = OAuthSetup {
        public_url: "https://desk.example/chat/".parse().unwrap(),
        vault,
        seal: seal("a secret of some length"),
        clock: dyn_clock(clock),
        tasks: TaskTracker::new(),
    };
    OAuth::new(
        server,
        Authorizer::new(client, http(), dyn_clock(clock)),
        setup,
    )
}

impl Desk {
    pub(crate) async fn open() -> Self {
        let (fake, clock) = (Fake::start().await, clock());
        let vault = Arc::new(MemoryVault::default());
        let broker = broker(&fake, &clock, vault.clone(), "tasks");
        Self {
            connect: Connect::new([broker.clone()]),
            fake,
            clock,
            vault,
            broker,
        }
    }

    /// The ticket of the link that a call without an account gives.
    pub(crate) async fn ticket(&self, who: &SignedIn) -> String {
        let error = self.broker.attachment(who).await.unwrap_err();
        let OutgoingError::NotConnected { link: Some(link) } = error else {
            panic!("{error:?}");
        };
        ticket(&link)
    }

    pub(crate) async fn connect(&self, who: &SignedIn) {
        let ticket = self.ticket(who).await;
        self.follow(&ticket).await;
    }

    pub(crate) async fn follow(&self, ticket: &str) {
        let started = self.connect.start(ticket).await.unwrap();
        let query = self.fake.approve(&started.url);
        let cookie = Some(started.browser.expose());
        self.connect
            .callback("tasks", &query, cookie)
            .await
            .unwrap();
    }
}

pub(crate) fn ticket(link: &str) -> String {
    let link: Url = link.parse().unwrap();
    assert_eq!(link.path(), "/chat/connect/tasks");
    pairs(link.query().unwrap()).remove("ticket").unwrap()
}

pub(crate) fn ann() -> SignedIn {
    let mut principal = user("acme", "ann");
    principal.name = Some("Ann".to_owned());
    SignedIn::new(principal)
}

pub(crate) fn bob() -> SignedIn {
    SignedIn::new(user("acme", "bob"))
}

pub(crate) fn owner(who: &SignedIn) -> Scope {
    who.principal.scope()
}

fn link_error(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Link { reason } => reason,
        other => panic!("{other:?}"),
    }
}

const USED: &str = "this link has run out or was used already; ask for a new one in the chat";

#[tokio::test]
async fn an_account_is_connected_once_used_and_given_up() {
    let desk = Desk::open().await;
    let ticket = desk.ticket(&ann()).await;
    let page = desk.connect.connecting(&ticket).unwrap();
    let expected = Connecting {
        server: "tasks".to_owned(),
        user: "ann of acme (\"Ann\")".to_owned(),
        owner: owner(&ann()),
    };
    assert_eq!(page, expected);
    let Started { url, browser } = desk.connect.start(&ticket).await.unwrap();
    let asked = pairs(url.query().unwrap());
    assert_eq!(
        asked["redirect_uri"],
        "https://desk.example/chat/connect/callback/tasks"
    );
    let query = desk.fake.approve(&url);
    let connected = desk
        .connect
        .callback("tasks", &query, Some(browser.expose()))
        .await;
    let connected = connected.unwrap();
    assert_eq!(
        (connected.owner, connected.server.as_str()),
        (owner(&ann()), "tasks")
    );
    let attachment = desk.broker.attachment(&ann()).await.unwrap();
    assert_eq!(bearer(&attachment), "hush-access-1");
    // Nobody else has it: another user, the same user id of another tenant.
    for (tenant, name) in [("acme", "bob"), ("other", "ann")] {
        let other = desk
            .broker
            .attachment(&SignedIn::new(user(tenant, name)))
            .await;
        assert!(matches!(other, Err(OutgoingError::NotConnected { .. })));
    }
    assert_eq!(
        desk.connect.disconnect(&owner(&ann()), "other").await,
        Ok(false)
    );
    assert_eq!(
        desk.connect.disconnect(&owner(&ann()), "tasks").await,
        Ok(true)
    );
    let revoked = desk.fake.seen("/revoke").remove(0);
    assert_eq!(revoked.form["token"], "hush-refresh-1");
    assert_eq!(desk.vault.load(&owner(&ann()), "tasks").await, Ok(None));
    desk.ticket(&ann()).await;
}

#[tokio::test]
async fn disconnecting_works_while_the_issuer_is_down() {
    let desk = Desk::open().await;
    desk.connect(&ann()).await;
    desk.fake.force("/revoke", 503, json!({}));
    assert_eq!(
        desk.connect.disconnect(&owner(&ann()), "tasks").await,
        Ok(true)
    );
    assert_eq!(desk.vault.load(&owner(&ann()), "tasks").await, Ok(None));
}

#[tokio::test]
async fn a_page_names_the_user_by_what_they_cannot_choose() {
    let desk = Desk::open().await;
    let single = TenantId::single();
    for (tenant, user, name, expected) in [
        (single.as_str(), "ann", None, "ann"),
        (single.as_str(), "ann", Some("ann"), "ann"),
        ("acme", "7f3a", Some("Ann"), "7f3a of acme (\"Ann\")"),
        (
            single.as_str(),
            "eve",
            Some("Bob\") for bob (\"Bob\n\u{202e}x"),
            "eve (\"Bob') for bob ('Bob\u{fffd}\u{fffd}x\")",
        ),
        (single.as_str(), "ann\u{200b}", None, "ann\u{fffd}"),
    ] {
        let mut principal = crate::outgoing_fake::user(tenant, user);
        principal.name = name.map(str::to_owned);
        let ticket = desk.ticket(&SignedIn::new(principal)).await;
        assert_eq!(desk.connect.connecting(&ticket).unwrap().user, expected);
    }
    let mut long = crate::outgoing_fake::user("acme", &"u".repeat(256));
    long.name = Some("n".repeat(10_000));
    let ticket = desk.ticket(&SignedIn::new(long)).await;
    let shown = desk.connect.connecting(&ticket).unwrap().user;
    assert!(shown.starts_with(&"u".repeat(256)) && shown.len() < 400);
}

#[tokio::test]
async fn an_answer_counts_once_and_in_the_browser_that_began() {
    let desk = Desk::open().await;
    let ticket = desk.ticket(&ann()).await;
    for cookie in [None, Some(""), Some("another")] {
        let started = desk.connect.start(&ticket).await.unwrap();
        let query = desk.fake.approve(&started.url);
        let error = desk
            .connect
            .callback("tasks", &query, cookie)
            .await
            .unwrap_err();
        assert_eq!(link_error(&error), "this was begun in another browser");
    }
    let started = desk.connect.start(&ticket).await.unwrap();
    let query = desk.fake.approve(&started.url);
    let cookie = Some(started.browser.expose());
    let elsewhere = desk.connect.callback("notes", &query, cookie).await;
    assert_eq!(link_error(&elsewhere.unwrap_err()), USED);
    assert!(desk.fake.seen("/token").is_empty());
    let started = desk.connect.start(&ticket).await.unwrap();
    let query = desk.fake.approve(&started.url);
    let cookie = Some(started.browser.expose());
    desk.connect
        .callback("tasks", &query, cookie)
        .await
        .unwrap();
    let replayed = desk
        .connect
        .callback("tasks", &query, cookie)
        .await
        .unwrap_err();
    assert_eq!(link_error(&replayed), USED);
    assert_eq!(desk.fake.seen("/token").len(), 1);
    let unknown = desk
        .connect
        .callback("tasks", "code=x&state=y", cookie)
        .await;
    assert_eq!(link_error(&unknown.unwrap_err()), USED);
}

#[tokio::test]
async fn a_link_holds_ten_minutes_and_says_whose_it_is() {
    let desk = Desk::open().await;
    let bob = SignedIn::new(user("acme", "bob"));
    let ticket = desk.ticket(&bob).await;
    // Whoever follows it, it is Bob's account that is connected.
    assert_eq!(desk.connect.connecting(&ticket).unwrap().owner, owner(&bob));
    for at in [0, 1, ticket.len() / 2, ticket.len() - 1] {
        let letter = if ticket.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        let mut forged = ticket.clone();
        forged.replace_range(at..=at, letter);
        let error = desk.connect.connecting(&forged).unwrap_err();
        assert_eq!(link_error(&error), USED);
    }
    desk.clock.advance(Duration::from_secs(599));
    let started = desk.connect.start(&ticket).await.unwrap();
    desk.clock.advance(Duration::from_secs(1));
    assert_eq!(
        link_error(&desk.connect.connecting(&ticket).unwrap_err()),
        USED
    );
    // What was begun has its own ten minutes.
    let query = desk.fake.approve(&started.url);
    desk.clock.advance(Duration::from_secs(599));
    let cookie = Some(started.browser.expose());
    let late = desk
        .connect
        .callback("tasks", &query, cookie)
        .await
        .unwrap_err();
    assert_eq!(link_error(&late), USED);
}

#[tokio::test]
async fn a_user_may_say_no() {
    let desk = Desk::open().await;
    let ticket = desk.ticket(&ann()).await;
    let started = desk.connect.start(&ticket).await.unwrap();
    let state = pairs(started.url.query().unwrap()).remove("state").unwrap();
    let query = format!("error=access_denied&state={state}&iss={}", desk.fake.base);
    let cookie = Some(started.browser.expose());
    let answer = desk.connect.callback("tasks", &query, cookie).await;
    assert_eq!(answer.unwrap_err(), ConnectError::Declined);
    // A no that another site made up isn't one.
    let started = desk.connect.start(&ticket).await.unwrap();
    let state = pairs(started.url.query().unwrap()).remove("state").unwrap();
    let query = format!("error=access_denied&state={state}&iss=https://evil.example");
    let cookie = Some(started.browser.expose());
    let answer = desk
        .connect
        .callback("tasks", &query, cookie)
        .await
        .unwrap_err();
    assert!(!matches!(answer, ConnectError::Link { .. }));
}

#[tokio::test]
async fn missing_rights_are_asked_for_beside_those_that_were_given() {
    let desk = Desk::open().await;
    desk.connect(&ann()).await;
    let used = desk.broker.attachment(&ann()).await.unwrap();
    let refusal = refused(
        &used,
        RefusalKind::Forbidden,
        &["tasks:read", "tasks:write"],
    );
    let error = desk.broker.renewed(&ann(), &refusal).await.unwrap_err();
    assert_eq!(error.to_string(), "the permission is missing: tasks:write");
    let OutgoingError::MissingScope {
        link: Some(link), ..
    } = error
    else {
        panic!("{error:?}");
    };
    let started = desk.connect.start(&ticket(&link)).await.unwrap();
    assert_eq!(
        pairs(started.url.query().unwrap())["scope"],
        "tasks:read tasks:write"
    );
    // The user gives less than what is asked for: then it stays missing.
    desk.fake.grant("tasks:read");
    desk.follow(&ticket(&link)).await;
    let error = desk.broker.renewed(&ann(), &refusal).await.unwrap_err();
    assert!(
        matches!(error, OutgoingError::MissingScope { .. }),
        "{error:?}"
    );
    // They give it all, and the server goes on refusing: no third round.
    desk.fake.grant("tasks:read tasks:write");
    desk.follow(&ticket(&link)).await;
    let error = desk.broker.renewed(&ann(), &refusal).await.unwrap_err();
    assert!(matches!(error, OutgoingError::Refused { .. }), "{error:?}");
}

#[tokio::test]
async fn an_account_moves_to_the_issuer_that_the_server_names_now() {
    let (desk, other) = (Desk::open().await, Fake::start().await);
    desk.connect(&ann()).await;
    let moved = json!({"authorization_servers": [other.base]});
    desk.fake
        .document(RESOURCE_METADATA, merged(desk.fake.resource(), moved));
    let first = desk.broker.attachment(&ann()).await.unwrap();
    let refusal = refused(&first, RefusalKind::Unauthorized, &[]);
    let second = desk.broker.renewed(&ann(), &refusal).await.unwrap();
    let refusal = Refusal {
        resource_metadata: Some(format!("{}{RESOURCE_METADATA}", desk.fake.base)),
        ..refused(&second, RefusalKind::Unauthorized, &[])
    };
    let error = desk.broker.renewed(&ann(), &refusal).await.unwrap_err();
    let OutgoingError::NotConnected { link: Some(link) } = error else {
        panic!("{error:?}");
    };
    let started = desk.connect.start(&ticket(&link)).await.unwrap();
    // Nothing of what the earlier issuer gave is told to this one: not the scopes, not who we were there.
    let asked = pairs(started.url.query().unwrap());
    assert_eq!(asked.get("scope").map(String::as_str), None);
    let query = other.approve(&started.url);
    let cookie = Some(started.browser.expose());
    desk.connect
        .callback("tasks", &query, cookie)
        .await
        .unwrap();
    assert_eq!(other.seen("/register").len(), 1);
    assert_eq!(other.seen("/token").len(), 1);
}

#[tokio::test]
async fn what_is_sealed_opens_for_its_owner_and_server_alone() {
    let desk = Desk::open().await;
    desk.connect(&ann()).await;
    let scope = owner(&ann());
    let sealed = desk.vault.load(&scope, "tasks").await.unwrap().unwrap();
    let right = seal("a secret of some length");
    assert!(TokenSet::open(&right, &scope, "tasks", &sealed).is_some());
    let elsewhere = [
        (
            seal("another secret of some length"),
            user("acme", "ann"),
            "tasks",
        ),
        (Arc::clone(&right), user("acme", "bob"), "tasks"),
        (Arc::clone(&right), user("other", "ann"), "tasks"),
        (Arc::clone(&right), user("acme", "ann"), "task"),
        (Arc::clone(&right), user("acm", "eann"), "tasks"),
    ];
    for (seal, principal, server) in elsewhere {
        let opened = TokenSet::open(&seal, &principal.scope(), server, &sealed);
        assert!(opened.is_none(), "{principal:?} {server}");
    }
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(TokenSet::open(&right, &scope, "tasks", &changed).is_none());
        assert!(TokenSet::open(&right, &scope, "tasks", &sealed[..at]).is_none());
    }
    // Bytes that somebody moved to another user in the store are no connection there.
    let bob = SignedIn::new(user("acme", "bob"));
    desk.vault
        .save(&owner(&bob), "tasks", sealed.clone())
        .await
        .unwrap();
    desk.ticket(&bob).await;
    assert!(Seal::from_secret(&Secret::new("too short")).is_err());
    let text = String::from_utf8_lossy(&sealed).into_owned();
    assert!(!text.contains(MARK));
}

#[tokio::test]
async fn check_21_nothing_of_a_connection_shows_a_token() {
    let desk = Desk::open().await;
    desk.connect(&ann()).await;
    let attachment = desk.broker.attachment(&ann()).await.unwrap();
    let sealed = desk.vault.load(&owner(&ann()), "tasks").await.unwrap();
    let right = seal("a secret of some length");
    let tokens = TokenSet::open(&right, &owner(&ann()), "tasks", &sealed.unwrap()).unwrap();
    let shown = format!(
        "{:?} {:?} {:?} {tokens:?} {attachment:?} {right:?}",
        desk.broker, desk.connect, desk.vault
    );
    assert!(!shown.contains(MARK), "{shown}");
    // A link's ticket is as good as a sign-in for connecting.
    let refusal = refused(&attachment, RefusalKind::Forbidden, &["tasks:write"]);
    for error in [
        desk.broker.attachment(&bob()).await.unwrap_err(),
        desk.broker.renewed(&ann(), &refusal).await.unwrap_err(),
    ] {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("ticket"), "{shown}");
    }
    // An issuer that says tokens in its errors.
    desk.clock.advance(Duration::from_secs(4_000));
    let spoken = json!({"error": "hush-refresh-1", "error_description": "hush-access-1"});
    for status in [400, 401, 403, 500] {
        desk.fake.force("/token", status, spoken.clone());
        let error = desk.broker.attachment(&ann()).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains(MARK));
    }
    desk.fake
        .force("/token", 200, json!({"access_token": ["hush-access-2"]}));
    let error = desk.broker.attachment(&ann()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(MARK));
}
