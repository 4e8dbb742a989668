//! An identity provider on loopback: metadata, a key set that can rotate, be down or be slow, and tokens that say what
//! a test wants. It knows nothing of the crate that checks its tokens, whose own tests use this file too.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaPublicKeyComponents,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// When tokens run out that don't say when: far from now.
const EXPIRES: i64 = 4_000_000_000;

/// An algorithm that keys are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA, PKCS #1, SHA-256.
    Rs256,
    /// RSA, PKCS #1, SHA-512.
    Rs512,
    /// RSA, PSS, SHA-256.
    Ps256,
    /// ECDSA on P-256.
    Es256,
    /// ECDSA on P-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

/// A key that signs tokens.
pub struct IssuerKey {
    id: String,
    kind: KeyKind,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// A running issuer; it ends when this is dropped.
pub struct Issuer {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    issuer: String,
    /// The newest is the last.
    keys: Mutex<Vec<Arc<IssuerKey>>>,
    made: AtomicU64,
    fetches: AtomicU64,
    down: watch::Sender<bool>,
    held: watch::Sender<bool>,
}

impl Issuer {
    /// Starts on a free port of loopback, with one key.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(KeyKind::Es256).await
    }

    /// Starts with one key of this kind.
    pub async fn start_with(kind: KeyKind) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            issuer: format!("http://{address}"),
            keys: Mutex::new(vec![Arc::new(IssuerKey::make("key-1", kind)?)]),
            made: AtomicU64::new(1),
            fetches: AtomicU64::new(0),
            down: watch::Sender::new(false),
            held: watch::Sender::new(false),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(key_set))
            .with_state(Arc::clone(&shared));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self {
            address,
            shared,
            _tasks: tasks,
        })
    }

    /// The issuer's name, which is its address.
    pub fn url(&self) -> &str {
        &self.shared.issuer
    }

    /// Where its keys are.
    pub fn jwks_url(&self) -> String {
        format!("http://{}/jwks", self.address)
    }

    /// The key that signs at present.
    pub fn key(&self) -> Option<Arc<IssuerKey>> {
        lock(&self.shared.keys).last().cloned()
    }

    /// A token with these claims, signed by the present key. `iss` and `exp` are added where they aren't there, and
    /// taken out where they are null.
    pub fn token(&self, claims: Value) -> io::Result<String> {
        let key = self.key().ok_or_else(|| io::Error::other("no key"))?;
        key.token(&self.claims(claims))
    }

    /// The claims that [`Self::token`] signs.
    pub fn claims(&self, mut claims: Value) -> Value {
        if let Some(claims) = claims.as_object_mut() {
            claims.entry("iss").or_insert_with(|| self.url().into());
            claims.entry("exp").or_insert_with(|| EXPIRES.into());
            claims.retain(|_, value| !value.is_null());
        }
        claims
    }

    /// From now on another key signs, and the one before isn't published any more.
    pub fn rotate(&self) -> io::Result<()> {
        let kind = self.key().map_or(KeyKind::Es256, |key| key.kind);
        let number = self.shared.made.fetch_add(1, Ordering::SeqCst) + 1;
        let key = IssuerKey::make(&format!("key-{number}"), kind)?;
        self.publish(vec![key]);
        Ok(())
    }

    /// From now on these are the keys, of which the last signs.
    pub fn publish(&self, keys: Vec<IssuerKey>) {
        *lock(&self.shared.keys) = keys.into_iter().map(Arc::new).collect();
    }

    /// Down, it answers everything with 503.
    pub fn set_down(&self, down: bool) {
        self.shared.down.send_replace(down);
    }

    /// Held, it leaves everybody waiting who asks for keys.
    pub fn set_held(&self, held: bool) {
        self.shared.held.send_replace(held);
    }

    /// How often its keys were asked for, in vain or not.
    pub fn fetches(&self) -> u64 {
        self.shared.fetches.load(Ordering::SeqCst)
    }
}

impl IssuerKey {
    /// Makes a key of this name.
    pub fn make(id: &str, kind: KeyKind) -> io::Result<Self> {
        let pair = match kind {
            KeyKind::Rs256 | KeyKind::Rs512 | KeyKind::Ps256 => {
                RsaKeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa)
            }
            KeyKind::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::Ec)
            }
            KeyKind::Es384 => {
                EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).map(Pair::Ec)
            }
            KeyKind::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed),
        };
        Ok(Self {
            id: id.to_owned(),
            kind,
            pair: pair.map_err(|_| io::Error::other("no key can be made"))?,
        })
    }

    /// The public half, as it is published.
    pub fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "n": text(&public.n), "e": text(&public.e)})
            }
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({"kty": "EC", "crv": curve, "x": text(x), "y": text(y)})
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref())})
            }
        };
        if let Some(jwk) = jwk.as_object_mut() {
            jwk.insert("kid".to_owned(), self.id.as_str().into());
            jwk.insert("use".to_owned(), "sig".into());
            jwk.insert("alg".to_owned(), self.algorithm().into());
        }
        jwk
    }

    /// The public half as the bytes that somebody could mistake for a secret.
    pub fn public_bytes(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ec(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// A token with just these claims.
    pub fn token(&self, claims: &Value) -> io::Result<String> {
        self.token_with(
            &json!({"alg": self.algorithm(), "kid": self.id, "typ": "JWT"}),
            claims,
        )
    }

    /// A token with just these claims and this header, whatever it says; an RSA key signs as its `alg` wants.
    pub fn token_with(&self, header: &Value, claims: &Value) -> io::Result<String> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let algorithm = header.get("alg").and_then(Value::as_str);
        let signature = self.sign(signed.as_bytes(), algorithm.unwrap_or_default())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn algorithm(&self) -> &'static str {
        match self.kind {
            KeyKind::Rs256 => "RS256",
            KeyKind::Rs512 => "RS512",
            KeyKind::Ps256 => "PS256",
            KeyKind::Es256 => "ES256",
            KeyKind::Es384 => "ES384",
            KeyKind::EdDsa => "EdDSA",
        }
    }

    fn sign(&self, message: &[u8], algorithm: &str) -> io::Result<Vec<u8>> {
        let random = SystemRandom::new();
        let signed = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding = match algorithm {
                    "RS512" => &RSA_PKCS1_SHA512,
                    "PS256" => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                pair.sign(padding, &random, message, &mut signature)
                    .map(|()| signature)
            }
            Pair::Ec(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec()),
            Pair::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        };
        signed.map_err(|_| io::Error::other("the key can't sign"))
    }
}

async fn metadata(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, StatusCode> {
    if *shared.down.borrow() {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    Ok(Json(json!({
        "issuer": shared.issuer,
        "jwks_uri": format!("{}/jwks", shared.issuer),
    })))
}

async fn key_set(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, StatusCode> {
    shared.fetches.fetch_add(1, Ordering::SeqCst);
    let mut held = shared.held.subscribe();
    let _gone = held.wait_for(|held| !held).await;
    if *shared.down.borrow() {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let keys: Vec<Value> = lock(&shared.keys).iter().map(|key| key.jwk()).collect();
    Ok(Json(json!({"keys": keys})))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
