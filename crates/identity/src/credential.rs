//! The caller's own credential: it travels in memory beside the principal, and is never stored.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::{Principal, Secret};

/// What a caller proved their identity with, for servers that take the user's own token.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The token, as it came.
    pub token: Secret,
    /// For whom it was issued (`aud`); empty where it doesn't say.
    pub audiences: Vec<String>,
    /// When it runs out, in seconds since the epoch; `None` where it doesn't say.
    pub expires_at: Option<i64>,
}

/// The newest credential of a caller for whom something runs. Clones share it, so a later request of the same caller
/// renews it for what runs already.
#[derive(Debug, Clone, Default)]
pub struct Credentials(Arc<RwLock<State>>);

#[derive(Debug, Clone, Default)]
enum State {
    #[default]
    None,
    /// The caller had one, and this process doesn't have it: a later request of theirs brings it.
    Awaited,
    /// Nobody brought it in time.
    Missed,
    Held(Credential),
}

impl Credentials {
    /// Begins with this one.
    pub fn new(credential: Credential) -> Self {
        Self(Arc::new(RwLock::new(State::Held(credential))))
    }

    /// The newest; `None` where the caller signed in without one that could be passed on, or where it
    /// [is awaited](Self::is_awaited).
    pub fn current(&self) -> Option<Credential> {
        match &*self.read() {
            State::Held(credential) => Some(credential.clone()),
            State::None | State::Awaited | State::Missed => None,
        }
    }

    /// Takes the credential of a later request of the same caller.
    pub fn renew(&self, credential: Credential) {
        *self.write() = State::Held(credential);
    }

    /// Where there is none: the caller had one, and a later request of theirs is to bring it.
    pub fn expect_one(&self) {
        self.change(|state| matches!(state, State::None).then_some(State::Awaited));
    }

    /// Whether a later request is to bring one: who needs it waits for a while.
    pub fn is_awaited(&self) -> bool {
        matches!(*self.read(), State::Awaited)
    }

    /// Whoever waited for one waits no longer.
    pub fn miss(&self) {
        self.change(|state| matches!(state, State::Awaited).then_some(State::Missed));
    }

    /// Whether somebody has waited for one in vain.
    pub fn was_missed(&self) -> bool {
        matches!(*self.read(), State::Missed)
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&State) -> Option<State>) {
        let mut state = self.write();
        if let Some(changed) = change(&state) {
            *state = changed;
        }
    }
}

/// A signed-in caller: who it is, and what proved it.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who is calling.
    pub principal: Arc<Principal>,
    /// What proved it, where it can be passed on.
    pub credentials: Credentials,
}

impl SignedIn {
    /// A caller without a credential that could be passed on.
    pub fn new(principal: impl Into<Arc<Principal>>) -> Self {
        Self {
            principal: principal.into(),
            credentials: Credentials::default(),
        }
    }

    /// The same caller with a credential.
    #[must_use]
    pub fn with(self, credential: Credential) -> Self {
        Self {
            credentials: Credentials::new(credential),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TenantId, UserId};

    fn credential(token: &str) -> Credential {
        Credential {
            token: Secret::new(token),
            audiences: Vec::new(),
            expires_at: Some(1),
        }
    }

    #[test]
    fn what_runs_sees_a_renewed_credential_and_nobody_sees_it_printed() {
        let principal = Principal::new(TenantId::single(), UserId::new("ann").unwrap());
        let caller = SignedIn::new(principal).with(credential("first"));
        let running = caller.credentials.clone();
        caller.credentials.renew(credential("second"));
        let token = running.current().unwrap().token;
        assert_eq!(token.expose(), "second");
        assert!(!format!("{caller:?}").contains("second"));
    }

    #[test]
    fn a_credential_is_awaited_until_it_comes_or_is_given_up() {
        let credentials = Credentials::default();
        let state = || {
            (
                credentials.current().is_some(),
                credentials.is_awaited(),
                credentials.was_missed(),
            )
        };
        credentials.miss();
        assert_eq!(state(), (false, false, false));
        credentials.expect_one();
        assert_eq!(state(), (false, true, false));
        credentials.miss();
        credentials.expect_one();
        assert_eq!(state(), (false, false, true));
        credentials.renew(credential("late"));
        credentials.expect_one();
        credentials.miss();
        assert_eq!(state(), (true, false, false));
    }
}
