//! For whom a request is sent, and with what identity: asked for anew for each one, at the moment in which it is sent.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use frontdesk_auth::outgoing::{Attachment, Broker, OutgoingError, Refusal};
use frontdesk_identity::SignedIn;
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, GetExtensions, JsonRpcMessage};

use crate::hidden::Secrets;
use crate::redact::Redactor;

/// Whether a request may be sent again although it may have been carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It does no harm.
    Harmless,
    /// It isn't known to be harmless.
    Risky,
}

/// What travels with a request down to the HTTP client: for whom it is, and what is attached to it.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    pub(crate) caller: SignedIn,
    pub(crate) attachment: Attachment,
    pub(crate) repeat: Repeat,
    /// Learns what is attached, so that nobody is shown it.
    pub(crate) redactor: Redactor,
    /// Hidden arguments of a call that are credentials.
    pub(crate) secrets: Option<Arc<Secrets>>,
}

impl Sending {
    pub(crate) fn new(
        caller: SignedIn,
        attachment: Attachment,
        repeat: Repeat,
        redactor: Redactor,
    ) -> Self {
        redactor.add(&attachment);
        Self {
            caller,
            attachment,
            repeat,
            redactor,
            secrets: None,
        }
    }

    /// The message as it is written.
    pub(crate) fn complete(&self, message: &mut ClientJsonRpcMessage) {
        let (Some(secrets), JsonRpcMessage::Request(request)) = (&self.secrets, message) else {
            return;
        };
        if let ClientRequest::CallToolRequest(call) = &mut request.request {
            secrets.fill(call.params.arguments.get_or_insert_default());
        }
    }

    /// The same with something else attached.
    pub(crate) fn renew(&mut self, attachment: Attachment) {
        self.redactor.add(&attachment);
        self.attachment = attachment;
    }
}

/// How the requests of one connection say for whom they are.
#[derive(Debug)]
pub(crate) struct Credential {
    auth: Arc<dyn Broker>,
    /// Whose requests those are that don't say it: the user's whose connection it is. On a shared connection that is
    /// nobody, so that such a request isn't sent at all.
    owner: RwLock<Option<SignedIn>>,
    /// For whom a shared connection listens.
    listener: RwLock<Option<SignedIn>>,
    renewals: Renewals,
}

impl Credential {
    pub(crate) fn new(auth: Arc<dyn Broker>, owner: SignedIn) -> Self {
        Self {
            auth,
            owner: RwLock::new(Some(owner)),
            listener: RwLock::default(),
            renewals: Renewals::default(),
        }
    }

    /// The same user, as the newest request knows them; nothing on a shared connection.
    pub(crate) fn renew(&self, caller: &SignedIn) {
        let mut owner = self.owner.write().unwrap_or_else(PoisonError::into_inner);
        if owner.is_some() {
            *owner = Some(caller.clone());
        }
    }

    /// From now on each request has to say for whom it is.
    pub(crate) fn share(&self) {
        *self.owner.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whose connection it is; nobody's if it is shared.
    pub(crate) fn owner(&self) -> Option<SignedIn> {
        self.owner
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn listen_as(&self, caller: SignedIn) {
        *self
            .listener
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(caller);
    }

    /// For whom this message is, and with what. `None` where nobody is to be found.
    pub(crate) async fn sending(
        &self,
        message: &ClientJsonRpcMessage,
    ) -> Result<Option<Sending>, OutgoingError> {
        if let Some(sending) = carried(message) {
            return Ok(Some(sending.clone()));
        }
        let listens = matches!(
            message,
            JsonRpcMessage::Request(request)
                if matches!(request.request, ClientRequest::SubscriptionsListenRequest(_))
        );
        let caller = match self.owner() {
            None if listens => self
                .listener
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
            owner => owner,
        };
        self.of(caller).await
    }

    /// For requests without a message: the stream of a session, and its end.
    pub(crate) async fn of_owner(&self) -> Result<Option<Sending>, OutgoingError> {
        self.of(self.owner()).await
    }

    /// What goes with a request of this caller now.
    pub(crate) async fn attachment(&self, caller: &SignedIn) -> Result<Attachment, OutgoingError> {
        self.auth.attachment(caller).await
    }

    /// Something to try once more with.
    pub(crate) async fn renewed(
        &self,
        caller: &SignedIn,
        refusal: &Refusal,
    ) -> Result<Attachment, OutgoingError> {
        // A wait that is ours to bound doesn't count the time in which somebody is asked.
        self.renewals.begun.fetch_add(1, Ordering::AcqRel);
        let _done = Done(&self.renewals);
        self.auth.renewed(caller, refusal).await
    }

    /// How many renewals were begun and are done.
    pub(crate) fn renewals(&self) -> (u64, u64) {
        // In this order one that is under way is never taken for done.
        let done = self.renewals.done.load(Ordering::Acquire);
        (self.renewals.begun.load(Ordering::Acquire), done)
    }

    async fn of(&self, caller: Option<SignedIn>) -> Result<Option<Sending>, OutgoingError> {
        let Some(caller) = caller else {
            return Ok(None);
        };
        let attachment = self.auth.attachment(&caller).await?;
        let redactor = Redactor::default();
        Ok(Some(Sending::new(
            caller,
            attachment,
            Repeat::Harmless,
            redactor,
        )))
    }
}

/// Several may be under way at once where a connection is shared.
#[derive(Debug, Default)]
struct Renewals {
    begun: AtomicU64,
    done: AtomicU64,
}

struct Done<'a>(&'a Renewals);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.done.fetch_add(1, Ordering::AcqRel);
    }
}

pub(crate) fn carried(message: &ClientJsonRpcMessage) -> Option<&Sending> {
    match message {
        JsonRpcMessage::Request(request) => request.request.extensions().get(),
        _ => None,
    }
}
