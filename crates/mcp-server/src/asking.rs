//! How a running call asks the client something, in both eras.
//!
//! On a kept session the question is a request to the client, and the call waits for its answer.
//! In the stateless era the call ends with the questions; the client calls again with the answers, the function runs
//! again from its top, and the same question now finds its answer. An answer counts only for the very question
//! that it was given to.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::ServerRequest;
use rmcp::service::{Peer, PeerRequestOptions, ServiceError};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::ToolFailure;
use crate::seal::{Answered, State, digest_of};

/// How long a client on a session may take for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(10);

/// How many questions one round of a call may ask.
pub(crate) const MAX_QUESTIONS: usize = 16;

/// How many rounds a call may take.
pub(crate) const MAX_ROUNDS: u32 = 16;

/// What a client must be able to do to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Form,
    Url,
    Sampling,
    SamplingTools,
    Roots,
}

impl Need {
    pub(crate) fn is_met(self, capabilities: &Value) -> bool {
        let has = |path: &str| {
            capabilities
                .pointer(path)
                .is_some_and(|value| !value.is_null())
        };
        match self {
            // A client that names neither form has the older one.
            Self::Form => {
                has("/elicitation/form") || has("/elicitation") && !has("/elicitation/url")
            }
            Self::Url => has("/elicitation/url"),
            Self::Sampling => has("/sampling"),
            Self::SamplingTools => has("/sampling/tools"),
            Self::Roots => has("/roots"),
        }
    }

    /// The capabilities that have it, as a client declares them.
    pub(crate) fn capabilities(self) -> Value {
        match self {
            Self::Form => json!({"elicitation": {"form": {}}}),
            Self::Url => json!({"elicitation": {"url": {}}}),
            Self::Sampling => json!({"sampling": {}}),
            Self::SamplingTools => json!({"sampling": {"tools": {}}}),
            Self::Roots => json!({"roots": {}}),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Form => "elicitation",
            Self::Url => "elicitation by a link",
            Self::Sampling => "sampling",
            Self::SamplingTools => "sampling with tools",
            Self::Roots => "roots",
        }
    }
}

/// The client of one call, as far as it can be asked.
pub(crate) struct Asking {
    pub(crate) capabilities: Value,
    pub(crate) way: Way,
}

pub(crate) enum Way {
    /// Requests on a kept session.
    Session(Peer<RoleServer>),
    /// The call ends with its questions and is made again.
    Rounds(Rounds),
    /// There is no way to ask.
    None,
}

#[derive(Debug, Default)]
pub(crate) struct Rounds {
    round: Mutex<Round>,
    stalled: Notify,
}

#[derive(Debug, Default)]
struct Round {
    answers: BTreeMap<String, Answered>,
    asked: BTreeMap<String, Value>,
    uses: BTreeMap<String, u32>,
    lacks: Option<Need>,
}

/// Why a round ended before the function did.
#[derive(Debug, PartialEq)]
pub(crate) enum Stall {
    /// These questions have no answer yet.
    Questions(BTreeMap<String, Value>),
    /// The client can't be asked this.
    Lacks(Need),
}

impl Asking {
    /// Whether the client can be asked this.
    pub(crate) fn can(&self, need: Need) -> bool {
        !matches!(self.way, Way::None) && need.is_met(&self.capabilities)
    }

    /// Asks, and reads the answer; one that can't be read counts as none.
    pub(crate) async fn ask<T>(
        &self,
        name: Option<&str>,
        need: Need,
        question: Value,
        read: impl Fn(Value) -> Option<T>,
    ) -> Result<T, ToolFailure> {
        match &self.way {
            Way::None => Err(ToolFailure::new(format!(
                "this needs {}, and there is no session to ask on",
                need.name()
            ))),
            Way::Session(_) if !need.is_met(&self.capabilities) => Err(ToolFailure::new(format!(
                "this needs {}, which the client does not have",
                need.name()
            ))),
            Way::Session(peer) => {
                let answer = request(peer, question).await?;
                read(answer).ok_or_else(|| ToolFailure::new("the client's answer does not fit"))
            }
            Way::Rounds(rounds) => {
                let met = need.is_met(&self.capabilities);
                match rounds.answer(name, need, question, met, read) {
                    Some(answer) => Ok(answer),
                    // The call ends here; the one who runs it has been told.
                    None => std::future::pending().await,
                }
            }
        }
    }
}

async fn request(peer: &Peer<RoleServer>, question: Value) -> Result<Value, ToolFailure> {
    let request: ServerRequest = serde_json::from_value(question)?;
    // A client that takes too long is told that its answer isn't waited for any more.
    let mut options = PeerRequestOptions::no_options();
    options.timeout = Some(ANSWER_TIMEOUT);
    let answer = async {
        let asked = peer.send_cancellable_request(request, options).await?;
        asked.await_response().await
    };
    match answer.await {
        Ok(answer) => Ok(serde_json::to_value(answer)?),
        Err(ServiceError::Timeout { .. }) => {
            Err(ToolFailure::new("the client did not answer in time"))
        }
        Err(error) => {
            tracing::debug!(%error, "a client did not answer");
            Err(ToolFailure::new("the client refused to answer"))
        }
    }
}

impl Rounds {
    /// Begins with the answers of earlier rounds and of this one. Clients may answer without a state;
    /// with one, what wasn't asked has no answer.
    pub(crate) fn new(state: &State, responses: BTreeMap<String, Value>) -> Self {
        let mut answers = state.answers.clone();
        for (name, value) in responses.into_iter().take(MAX_QUESTIONS) {
            let digest = state.asked.get(&name).cloned();
            if digest.is_none() && state.rounds > 0 {
                continue;
            }
            answers.entry(name).or_insert(Answered { digest, value });
        }
        Self {
            round: Mutex::new(Round {
                answers,
                ..Round::default()
            }),
            stalled: Notify::new(),
        }
    }

    fn answer<T>(
        &self,
        name: Option<&str>,
        need: Need,
        question: Value,
        met: bool,
        read: impl Fn(Value) -> Option<T>,
    ) -> Option<T> {
        let digest = digest_of(&question);
        let mut round = self.lock();
        if !met {
            round.lacks.get_or_insert(need);
            self.stalled.notify_one();
            return None;
        }
        let base = name.map_or_else(|| format!("ask-{digest}"), str::to_owned);
        let uses = round.uses.entry(base.clone()).or_default();
        *uses = uses.saturating_add(1);
        let key = match *uses {
            1 => base,
            more => format!("{base}-{more}"),
        };
        let found = round.answers.get(&key).and_then(|answered| {
            let fits = answered.digest.as_ref().is_none_or(|of| *of == digest);
            fits.then(|| read(answered.value.clone())).flatten()
        });
        if found.is_some() {
            if let Some(answered) = round.answers.get_mut(&key) {
                answered.digest = Some(digest);
            }
            return found;
        }
        round.answers.remove(&key);
        round.asked.insert(key, question);
        self.stalled.notify_one();
        None
    }

    /// Waits until the function has asked something that has no answer.
    pub(crate) async fn stalled(&self) -> Stall {
        self.stalled.notified().await;
        let round = self.lock();
        match round.lacks {
            Some(need) => Stall::Lacks(need),
            None => Stall::Questions(round.asked.clone()),
        }
    }

    /// The state of the next round.
    pub(crate) fn next(&self, before: &State) -> State {
        let round = self.lock();
        State {
            ends_at: before.ends_at,
            rounds: before.rounds.saturating_add(1),
            // An answer that no question has taken so far is none.
            answers: round
                .answers
                .iter()
                .filter(|(_, answered)| answered.digest.is_some())
                .map(|(name, answered)| (name.clone(), answered.clone()))
                .collect(),
            asked: round
                .asked
                .iter()
                .map(|(name, question)| (name.clone(), digest_of(question)))
                .collect(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Round> {
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Asking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.way {
            Way::Session(_) => "Asking::Session",
            Way::Rounds(_) => "Asking::Rounds",
            Way::None => "Asking::None",
        })
    }
}
