//! What a server may ask of us in the middle of a call, and who answers: forms, pages to visit, model answers, roots.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use frontdesk_identity::SignedIn;
use serde_json::{Map, Value};

/// Something that can be asked of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ability {
    /// A form for the user ([elicitation](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation)).
    Form,
    /// A page that the user visits.
    Url,
    /// An answer of our model.
    Sampling,
    /// The places that the server may work in.
    Roots,
}

/// Who asks, and in whose call.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The server's configured name.
    pub server: &'a str,
    /// The user whose call it is.
    pub caller: &'a SignedIn,
}

/// What the user is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Elicitation {
    /// To fill in a form.
    Form {
        /// What for.
        message: String,
        /// Its fields: an object schema with properties of simple types.
        schema: Value,
    },
    /// To visit a page. What is typed there stays between the user and that page.
    Url {
        /// What for.
        message: String,
        /// The page.
        url: String,
    },
}

/// What the user answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Elicited {
    /// Done, with the form's content. Fields that are missing and have a default get it.
    Accepted(Map<String, Value>),
    /// The user doesn't want to.
    Declined,
    /// The user went away.
    Cancelled,
}

/// A place that a server may work in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Where: `file:///srv/data`.
    pub uri: String,
    /// Its name for people.
    pub name: Option<String>,
}

/// Answers what servers ask. Everything is declined unless it is written otherwise; what isn't in
/// [`Interaction::abilities`] is never asked.
#[async_trait]
pub trait Interaction: fmt::Debug + Send + Sync {
    /// What may be asked.
    fn abilities(&self) -> BTreeSet<Ability> {
        BTreeSet::new()
    }

    /// Asks the user.
    async fn elicit(&self, _asking: Asking<'_>, _elicitation: Elicitation) -> Elicited {
        Elicited::Declined
    }

    /// Asks the model: the parameters of `sampling/createMessage`, for its result or for why there is none.
    async fn sample(&self, _asking: Asking<'_>, _request: Value) -> Result<Value, String> {
        Err("no model answers here".to_owned())
    }

    /// The places that the server may work in.
    async fn roots(&self, _asking: Asking<'_>) -> Vec<Root> {
        Vec::new()
    }
}

/// Declines everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Declining;

impl Interaction for Declining {}
