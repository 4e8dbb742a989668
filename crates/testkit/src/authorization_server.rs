//! An authorization server on loopback: it agrees to everything that is asked in good order, and gives tokens that a
//! tool server can check. Codes and refresh tokens count once; tokens are exchanged, too.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_clock::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::form_urlencoded;

use crate::issuer::Issuer;

/// In every code and refresh token, so that one can be looked for wherever it mustn't be.
pub const MARK: &str = "hushhush";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The fields of a request.
pub type Form = BTreeMap<String, String>;

/// A running server; it ends when this is dropped.
pub struct AuthorizationServer {
    url: String,
    world: Arc<World>,
    _tasks: JoinSet<()>,
}

struct World {
    url: String,
    issuer: Issuer,
    state: Mutex<Known>,
}

struct Known {
    account: String,
    lifetime: i64,
    requests: Vec<(String, Form)>,
    /// What each code was asked for with.
    codes: HashMap<String, Form>,
    /// The resource of each refresh token that still counts.
    refreshes: HashMap<String, String>,
    made: usize,
}

impl AuthorizationServer {
    /// Starts on a free port of loopback. Whoever comes is `account` there.
    pub async fn start(account: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let known = Known {
            account: account.to_owned(),
            lifetime: 3_600,
            requests: Vec::new(),
            codes: HashMap::new(),
            refreshes: HashMap::new(),
            made: 0,
        };
        let world = Arc::new(World {
            url: url.clone(),
            issuer: Issuer::start().await?,
            state: Mutex::new(known),
        });
        let router = Router::new()
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/register", post(register))
            .route("/revoke", post(revoke))
            .with_state(Arc::clone(&world));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self {
            url,
            world,
            _tasks: tasks,
        })
    }

    /// The server's name, which is its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where tokens are given.
    pub fn token_url(&self) -> String {
        format!("{}/token", self.url)
    }

    /// Where the keys are that check its tokens.
    pub fn jwks_url(&self) -> String {
        self.world.issuer.jwks_url()
    }

    /// How long tokens hold from now on, in seconds.
    pub fn set_lifetime(&self, seconds: i64) {
        self.world.known().lifetime = seconds;
    }

    /// What came to a path of it, in order.
    pub fn requests(&self, path: &str) -> Vec<Form> {
        let known = self.world.known();
        let here = known.requests.iter().filter(|(at, _)| at == path);
        here.map(|(_, form)| form.clone()).collect()
    }
}

impl World {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, path: &str, form: &Form) {
        self.known().requests.push((path.to_owned(), form.clone()));
    }

    /// A token for a resource, and another to get the next one with.
    fn tokens(&self, resource: &str) -> Value {
        let mut known = self.known();
        known.made += 1;
        let refresh = format!("{MARK}-refresh-{}", known.made);
        known.refreshes.insert(refresh.clone(), resource.to_owned());
        let access = self.access_token(&known, &known.account, resource);
        json!({
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": known.lifetime,
            "refresh_token": refresh,
        })
    }

    fn access_token(&self, known: &Known, user: &str, resource: &str) -> String {
        let claims = json!({
            "iss": self.url,
            "sub": user,
            "aud": resource,
            "exp": SystemClock.now().as_second() + known.lifetime,
            "jti": known.made,
        });
        self.issuer.token(claims).unwrap_or_default()
    }

    fn with_code(&self, form: &Form) -> Option<Value> {
        let asked = self.known().codes.remove(form.get("code")?)?;
        let verifier = digest(&SHA256, form.get("code_verifier")?.as_bytes());
        let same = |name: &str| form.get(name).is_some() && form.get(name) == asked.get(name);
        let proven =
            asked.get("code_challenge") == Some(&URL_SAFE_NO_PAD.encode(verifier.as_ref()));
        let agrees = proven && same("redirect_uri") && same("resource") && same("client_id");
        agrees.then(|| self.tokens(form.get("resource").map_or("", String::as_str)))
    }

    fn with_refresh(&self, form: &Form) -> Option<Value> {
        let resource = self.known().refreshes.remove(form.get("refresh_token")?)?;
        Some(self.tokens(&resource))
    }

    /// The token of somebody else's, for the audience that is asked for. Whose it was is believed.
    fn exchanged(&self, form: &Form) -> Option<Value> {
        let (audience, subject) = (form.get("audience")?, form.get("subject_token")?);
        let claims = URL_SAFE_NO_PAD.decode(subject.split('.').nth(1)?).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        let mut known = self.known();
        known.made += 1;
        let access = self.access_token(&known, claims.get("sub")?.as_str()?, audience);
        Some(json!({
            "access_token": access,
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": known.lifetime,
        }))
    }
}

async fn metadata(State(world): State<Arc<World>>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", world.url);
    Json(json!({
        "issuer": world.url,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "registration_endpoint": at("register"),
        "revocation_endpoint": at("revoke"),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

/// Whoever comes agrees, and goes back at once.
async fn authorize(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> Response {
    let asked = form(query.unwrap_or_default().as_bytes());
    world.note("/authorize", &asked);
    let (Some(back), Some(state)) = (asked.get("redirect_uri"), asked.get("state")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let code = {
        let mut known = world.known();
        let code = format!("{MARK}-code-{}", known.requests.len());
        known.codes.insert(code.clone(), asked.clone());
        code
    };
    let answer = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", &code)
        .append_pair("state", state)
        .append_pair("iss", &world.url)
        .finish();
    let location = [(header::LOCATION, format!("{back}?{answer}"))];
    (StatusCode::FOUND, location).into_response()
}

async fn token(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let form = form(&body);
    world.note("/token", &form);
    let answer = match form.get("grant_type").map(String::as_str) {
        Some("authorization_code") => world.with_code(&form),
        Some("refresh_token") => world.with_refresh(&form),
        Some(_) => world.exchanged(&form),
        None => None,
    };
    match answer {
        Some(answer) => Json(answer).into_response(),
        None => (
            StatusCode::BAD_REQUEST,
            Json(json!({"error": "invalid_grant"})),
        )
            .into_response(),
    }
}

async fn register(State(world): State<Arc<World>>, body: Bytes) -> Response {
    world.note("/register", &Form::new());
    let Ok(Value::Object(mut client)) = serde_json::from_slice(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    client.insert("client_id".to_owned(), "registered".into());
    (StatusCode::CREATED, Json(Value::Object(client))).into_response()
}

async fn revoke(State(world): State<Arc<World>>, body: Bytes) -> StatusCode {
    let form = form(&body);
    world.note("/revoke", &form);
    if let Some(token) = form.get("token") {
        world.known().refreshes.remove(token);
    }
    StatusCode::OK
}

fn form(text: &[u8]) -> Form {
    form_urlencoded::parse(text).into_owned().collect()
}
