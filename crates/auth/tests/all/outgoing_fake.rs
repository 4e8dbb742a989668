//! A tool server's metadata and an authorization server, as small as they can be and as strict as they must be.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{Response, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_auth::outgoing::{Attachment, Refusal, RefusalKind};
use frontdesk_auth::{GuardedHttp, Reach};
use frontdesk_clock::{Clock, ManualClock, Timestamp};
use frontdesk_identity::{Credential, Principal, Secret, SignedIn, TenantId, UserId};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use url::{Url, form_urlencoded};

/// When the tests' clock begins.
pub(crate) const START: u64 = 1_000_000;
/// In every secret of the tests, so that one can be looked for wherever it mustn't be.
pub(crate) const MARK: &str = "hush";

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) form: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// The servers, on one port.
pub(crate) struct Fake {
    pub(crate) base: String,
    world: Arc<Mutex<World>>,
    gate: Arc<Semaphore>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct World {
    seen: Vec<Seen>,
    documents: BTreeMap<String, Value>,
    forced: BTreeMap<String, (u16, Value)>,
    /// The challenge of each code, and what it was asked with.
    codes: HashMap<String, BTreeMap<String, String>>,
    refresh: Option<String>,
    tokens: usize,
    lifetime: i64,
    granted: Option<String>,
}

impl Fake {
    /// Servers that do everything right.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .await
            .unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let world = World {
            lifetime: 3_600,
            ..World::default()
        };
        let world = Arc::new(Mutex::new(world));
        let gate = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        let router = Router::new()
            .fallback(answer)
            .with_state((Arc::clone(&world), Arc::clone(&gate)));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        let fake = Self {
            base,
            world,
            gate,
            _tasks: tasks,
        };
        fake.document(RESOURCE_METADATA, fake.resource());
        fake.document(SERVER_METADATA, fake.server());
        fake
    }

    /// The tool server's address.
    pub(crate) fn url(&self) -> Url {
        format!("{}/mcp", self.base).parse().unwrap()
    }

    /// The resource's metadata, when all is well.
    pub(crate) fn resource(&self) -> Value {
        json!({"resource": format!("{}/mcp", self.base), "authorization_servers": [self.base]})
    }

    /// The authorization server's metadata, when all is well.
    pub(crate) fn server(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.base);
        json!({
            "issuer": self.base,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "registration_endpoint": at("/register"),
            "revocation_endpoint": at("/revoke"),
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
        })
    }

    /// Publishes a document in place of what was there; `null` takes it away.
    pub(crate) fn document(&self, path: &str, document: Value) {
        let mut world = self.world.lock().unwrap();
        world.documents.remove(path);
        if !document.is_null() {
            world.documents.insert(path.to_owned(), document);
        }
    }

    /// Publishes the server's metadata with some fields changed.
    pub(crate) fn server_with(&self, changes: Value) {
        self.document(SERVER_METADATA, merged(self.server(), changes));
    }

    /// Answers a path in this way only, until told otherwise with status 0.
    pub(crate) fn force(&self, path: &str, status: u16, body: Value) {
        let mut world = self.world.lock().unwrap();
        world.forced.remove(path);
        if status != 0 {
            world.forced.insert(path.to_owned(), (status, body));
        }
    }

    /// How long tokens hold from now on.
    pub(crate) fn lifetime(&self, seconds: i64) {
        self.world.lock().unwrap().lifetime = seconds;
    }

    /// Which scopes are given from now on, whatever is asked for.
    pub(crate) fn grant(&self, scopes: &str) {
        self.world.lock().unwrap().granted = Some(scopes.to_owned());
    }

    /// Keeps the answers of the token endpoint back.
    pub(crate) fn close_gate(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Lets them go.
    pub(crate) fn open_gate(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS);
    }

    /// What came to a path.
    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        let world = self.world.lock().unwrap();
        let here = |seen: &&Seen| seen.path == path;
        world.seen.iter().filter(here).cloned().collect()
    }

    /// All paths that were asked for, in their order.
    pub(crate) fn paths(&self) -> Vec<String> {
        let world = self.world.lock().unwrap();
        world.seen.iter().map(|seen| seen.path.clone()).collect()
    }

    /// What a user's browser does: goes to the address, agrees, and comes back with this query.
    pub(crate) fn approve(&self, url: &Url) -> String {
        let asked = pairs(url.query().unwrap_or_default());
        let state = asked.get("state").cloned().unwrap_or_default();
        let mut world = self.world.lock().unwrap();
        let code = format!("{MARK}-code-{}", world.codes.len());
        world.codes.insert(code.clone(), asked);
        form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", &state)
            .append_pair("iss", &self.base)
            .finish()
    }
}

pub(crate) const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource/mcp";
pub(crate) const SERVER_METADATA: &str = "/.well-known/oauth-authorization-server";

/// The object with some fields changed; `null` takes a field away.
pub(crate) fn merged(mut object: Value, changes: Value) -> Value {
    let (Value::Object(fields), Value::Object(changes)) = (&mut object, changes) else {
        panic!("not objects");
    };
    for (name, value) in changes {
        fields.remove(&name);
        if !value.is_null() {
            fields.insert(name, value);
        }
    }
    object
}

/// The pairs of a query or a form; each name may come once.
pub(crate) fn pairs(text: &str) -> BTreeMap<String, String> {
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect();
    let map: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(map.len(), pairs.len(), "twice the same name");
    map
}

pub(crate) fn http() -> GuardedHttp {
    GuardedHttp::new(Reach::Private, ["127.0.0.1".to_owned()]).unwrap()
}

pub(crate) fn clock() -> Arc<ManualClock> {
    let start = Timestamp::UNIX_EPOCH + Duration::from_secs(START);
    Arc::new(ManualClock::at(start))
}

pub(crate) fn dyn_clock(clock: &Arc<ManualClock>) -> Arc<dyn Clock> {
    Arc::clone(clock) as Arc<dyn Clock>
}

pub(crate) fn user(tenant: &str, user: &str) -> Principal {
    let tenant = TenantId::new(tenant).unwrap();
    Principal::new(tenant, UserId::new(user).unwrap())
}

/// A caller with a token that holds for so many seconds from the start of the clock.
pub(crate) fn caller(name: &str, token: &str, holds: i64) -> SignedIn {
    SignedIn::new(user("acme", name)).with(Credential {
        token: Secret::new(token),
        audiences: vec!["desk".to_owned()],
        expires_at: Some(i64::try_from(START).unwrap() + holds),
    })
}

/// The bearer token of an attachment.
pub(crate) fn bearer(attachment: &Attachment) -> &str {
    attachment.bearer.as_ref().map_or("", Secret::expose)
}

/// A server's refusal of an attachment.
pub(crate) fn refused(used: &Attachment, kind: RefusalKind, scopes: &[&str]) -> Refusal {
    Refusal {
        kind,
        used: used.clone(),
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
        resource_metadata: None,
    }
}

type Shared = (Arc<Mutex<World>>, Arc<Semaphore>);

async fn answer(State((world, gate)): State<Shared>, request: Request) -> Response<String> {
    let (head, body) = request.into_parts();
    let body: Bytes = to_bytes(body, 1024 * 1024).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let is_form = header(CONTENT_TYPE) == Some("application/x-www-form-urlencoded");
    let seen = Seen {
        path: head.uri.path().to_owned(),
        authorization: header(AUTHORIZATION).map(str::to_owned),
        form: if is_form {
            pairs(&body)
        } else {
            BTreeMap::default()
        },
        body,
    };
    world.lock().unwrap().seen.push(seen.clone());
    if seen.path == "/token" {
        let _permit = gate.acquire().await.unwrap();
    }
    world.lock().unwrap().reply(&seen)
}

impl World {
    fn reply(&mut self, seen: &Seen) -> Response<String> {
        if let Some((status, body)) = self.forced.get(&seen.path) {
            return reply(*status, body);
        }
        if let Some(document) = self.documents.get(&seen.path) {
            return reply(200, document);
        }
        match seen.path.as_str() {
            "/token" => match self.token(&seen.form) {
                Ok(body) => reply(200, &body),
                Err(code) => reply(400, &json!({"error": code, "error_description": seen.body})),
            },
            "/register" => reply(
                201,
                &json!({"client_id": "made", "client_secret": "hush-made"}),
            ),
            "/revoke" => reply(200, &json!({})),
            "/mcp" => {
                let mut response = reply(401, &json!({}));
                let challenge = "Bearer scope=\"tasks:read\"".parse().unwrap();
                response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                response
            }
            _ => reply(404, &json!({"error": "not_found"})),
        }
    }

    fn token(&mut self, form: &BTreeMap<String, String>) -> Result<Value, &'static str> {
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        self.tokens += 1;
        let number = self.tokens;
        let mut answer = json!({
            "access_token": format!("{MARK}-access-{number}"),
            "token_type": "Bearer",
            "expires_in": self.lifetime,
        });
        let fields = answer.as_object_mut().unwrap();
        match field("grant_type") {
            "authorization_code" => {
                let asked = self.codes.remove(field("code")).ok_or("invalid_grant")?;
                let proof = aws_lc_rs::digest::digest(
                    &aws_lc_rs::digest::SHA256,
                    field("code_verifier").as_bytes(),
                );
                let proven = asked["code_challenge"] == URL_SAFE_NO_PAD.encode(proof);
                let same = ["resource", "redirect_uri"]
                    .iter()
                    .all(|name| asked.get(*name) == form.get(*name));
                if !proven || !same {
                    return Err("invalid_grant");
                }
            }
            "refresh_token" if self.refresh.as_deref() == Some(field("refresh_token")) => {}
            "urn:ietf:params:oauth:grant-type:token-exchange" => {
                let kind = "urn:ietf:params:oauth:token-type:access_token";
                fields.insert("issued_token_type".to_owned(), kind.into());
                return Ok(answer);
            }
            _ => return Err("invalid_grant"),
        }
        let refresh = format!("{MARK}-refresh-{number}");
        fields.insert("refresh_token".to_owned(), refresh.clone().into());
        if let Some(granted) = &self.granted {
            fields.insert("scope".to_owned(), granted.clone().into());
        }
        self.refresh = Some(refresh);
        Ok(answer)
    }
}

fn reply(status: u16, body: &Value) -> Response<String> {
    let mut response = Response::new(body.to_string());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let json = "application/json".parse().unwrap();
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
