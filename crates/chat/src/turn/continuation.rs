//! What the process that began a turn leaves for one that takes it over: what the turn was called for, and of its
//! request all but the caller's credential.

use std::sync::Arc;

use frontdesk_identity::{Credentials, Principal, TenantId, UserId};
use frontdesk_protocol::{Action, ItemId, Map};
use frontdesk_store::Continuation;
use frontdesk_store::limit::MAX_RECORD_BYTES;
use serde::{Deserialize, Serialize};

use super::live::WhenUnread;
use super::task::Call;
use crate::{Client, Page, Place, RequestContext};

/// The version of the form below.
const VERSION: u16 = 1;

/// What is known again of a turn.
#[derive(Debug)]
pub(crate) struct Recalled {
    /// `None` where it isn't known.
    pub(crate) calls_for: Option<CallsFor>,
    pub(crate) place: Place,
    pub(crate) context: RequestContext,
    pub(crate) when_unread: WhenUnread,
}

impl Recalled {
    /// Where nothing is known but whose turn it is.
    pub(crate) fn nothing(context: RequestContext) -> Self {
        Self {
            calls_for: None,
            place: Place::Later,
            context,
            when_unread: WhenUnread::GoOn,
        }
    }
}

/// What the turn was called for; items are by their ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallsFor {
    /// To answer a message, or to go on without one.
    Answer {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<ItemId>,
    },
    /// To do an action, perhaps of a widget.
    Action {
        action: Action,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        widget: Option<ItemId>,
    },
}

#[derive(Serialize, Deserialize)]
struct Form {
    calls_for: CallsFor,
    is_first: bool,
    caller: Caller,
    /// Whether the caller signed in with something that can be passed on.
    has_credential: bool,
    request_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    resumes: bool,
    when_unread: WhenUnread,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    page: Map,
}

#[derive(Serialize, Deserialize)]
struct Caller {
    tenant: TenantId,
    user: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    claims: serde_json::Map<String, serde_json::Value>,
}

/// What is left of a turn for others. `None` where it would be more than a store takes: then nobody goes on with it.
pub(crate) fn write(
    call: &Call,
    place: Place,
    cx: &RequestContext,
    when_unread: WhenUnread,
) -> Option<Continuation> {
    let form = Form {
        calls_for: calls_for(call)?,
        is_first: place == Place::First,
        caller: caller(&cx.principal),
        has_credential: cx.credentials.current().is_some(),
        request_id: cx.request_id.clone(),
        locale: cx.locale.clone(),
        resumes: cx.client == Client::Resuming,
        when_unread,
        page: cx.page.fields().clone(),
    };
    let data = serde_json::value::to_raw_value(&form).ok()?;
    (data.get().len() <= MAX_RECORD_BYTES).then_some(Continuation {
        version: VERSION,
        data,
    })
}

/// Reads what was left. `None` for another version, and for what can't be read.
pub(crate) fn read(continuation: &Continuation) -> Option<Recalled> {
    if continuation.version != VERSION {
        return None;
    }
    let form: Form = serde_json::from_str(continuation.data.get()).ok()?;
    let mut page = Page::default();
    for (name, value) in form.page {
        page.set(&name, value);
    }
    let credentials = Credentials::default();
    if form.has_credential {
        credentials.expect_one();
    }
    Some(Recalled {
        calls_for: Some(form.calls_for),
        place: if form.is_first {
            Place::First
        } else {
            Place::Later
        },
        context: RequestContext {
            principal: Arc::new(form.caller.into()),
            credentials,
            request_id: form.request_id,
            idempotency_key: None,
            locale: form.locale,
            client: if form.resumes {
                Client::Resuming
            } else {
                Client::Plain
            },
            page,
        },
        when_unread: form.when_unread,
    })
}

fn calls_for(call: &Call) -> Option<CallsFor> {
    match call {
        Call::Respond(message) => Some(CallsFor::Answer {
            message: message.as_ref().map(|message| message.id.clone()),
        }),
        Call::Action(action, sender) => Some(CallsFor::Action {
            action: action.clone(),
            widget: sender.as_ref().map(|sender| sender.id.clone()),
        }),
        Call::GoOn(_) | Call::GiveUp => None,
    }
}

fn caller(principal: &Principal) -> Caller {
    Caller {
        tenant: principal.tenant.clone(),
        user: principal.user.clone(),
        name: principal.name.clone(),
        email: principal.email.clone(),
        roles: principal.roles.clone(),
        scopes: principal.scopes.clone(),
        claims: principal.claims.clone(),
    }
}

impl From<Caller> for Principal {
    fn from(caller: Caller) -> Self {
        Self {
            tenant: caller.tenant,
            user: caller.user,
            name: caller.name,
            email: caller.email,
            roles: caller.roles,
            scopes: caller.scopes,
            claims: caller.claims,
        }
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_identity::{Credential, Secret};
    use frontdesk_protocol::WidgetItem;
    use serde_json::json;

    use super::*;

    fn context(credentials: Credentials) -> RequestContext {
        let tenant = TenantId::new("acme").unwrap();
        let mut principal = Principal::new(tenant, UserId::new("ann").unwrap());
        principal.name = Some("Ann".to_owned());
        principal.roles = vec!["editor".to_owned()];
        principal.claims.insert("team".to_owned(), json!({"id": 7}));
        let mut page = Page::default();
        page.set("title", json!("A page"));
        RequestContext {
            principal: Arc::new(principal),
            credentials,
            request_id: "req_1".to_owned(),
            idempotency_key: None,
            locale: Some("de".to_owned()),
            client: Client::Resuming,
            page,
        }
    }

    #[test]
    fn all_but_the_credential_is_read_as_it_was_written() {
        let held = Credentials::new(Credential {
            token: Secret::new("eyJ-canary"),
            audiences: Vec::new(),
            expires_at: None,
        });
        let widget: WidgetItem = serde_json::from_value(json!({
            "id": "wid_1", "thread_id": "thr_1", "created_at": "2026-01-01T00:00:00Z",
            "widget": {"type": "Card", "children": []},
        }))
        .unwrap();
        let action: Action = serde_json::from_value(json!({"type": "go", "payload": [1]})).unwrap();
        let call = Call::Action(action.clone(), Some(Box::new(widget)));
        let cx = context(held);
        let written = write(&call, Place::First, &cx, WhenUnread::Stop).unwrap();
        assert!(!written.data.get().contains("canary"));
        let read = read(&written).unwrap();
        let widget = Some(ItemId::new("wid_1"));
        assert_eq!(read.calls_for, Some(CallsFor::Action { action, widget }));
        assert_eq!(
            (read.place, read.when_unread),
            (Place::First, WhenUnread::Stop)
        );
        let back = read.context;
        assert!(back.credentials.current().is_none());
        assert!(back.credentials.is_awaited());
        assert_eq!(
            (back.principal, back.request_id, back.locale, back.client),
            (cx.principal, cx.request_id, cx.locale, cx.client)
        );
        assert_eq!(back.page, cx.page);
    }

    #[test]
    fn what_another_release_left_is_not_guessed_at() {
        let call = Call::Respond(None);
        let cx = context(Credentials::default());
        let written = write(&call, Place::Later, &cx, WhenUnread::GoOn).unwrap();
        let known = read(&written).unwrap();
        assert_eq!(known.calls_for, Some(CallsFor::Answer { message: None }));
        assert!(!known.context.credentials.is_awaited());
        let later = Continuation {
            version: VERSION + 1,
            ..written.clone()
        };
        assert!(read(&later).is_none());
        let other = serde_json::value::to_raw_value(&json!({"answer": {}})).unwrap();
        let unreadable = Continuation {
            data: other,
            ..written
        };
        assert!(read(&unreadable).is_none());
    }

    #[test]
    fn what_is_too_large_to_be_kept_is_not() {
        let payload = json!({"type": "go", "payload": "x".repeat(MAX_RECORD_BYTES)});
        let call = Call::Action(serde_json::from_value(payload).unwrap(), None);
        let cx = context(Credentials::default());
        assert!(write(&call, Place::Later, &cx, WhenUnread::GoOn).is_none());
    }
}
