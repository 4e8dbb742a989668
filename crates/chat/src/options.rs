//! What an operator can choose, and the caps on everything that comes from outside.

use std::collections::BTreeMap;
use std::time::Duration;

use frontdesk_identity::TenantId;
use frontdesk_protocol::StreamOptions;

use crate::Client;
use crate::turn::WhenUnread;

/// What happens to a turn whose last reader has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDisconnect {
    /// It goes on for a client that said it resumes, and stops for any other.
    #[default]
    Auto,
    /// It goes on.
    Continue,
    /// It stops.
    Stop,
}

impl OnDisconnect {
    /// What becomes of the turn of this client.
    pub(crate) fn when_unread(self, client: Client) -> WhenUnread {
        match (self, client) {
            (Self::Continue, _) | (Self::Auto, Client::Resuming) => WhenUnread::GoOn,
            (Self::Stop, _) | (Self::Auto, Client::Plain) => WhenUnread::Stop,
        }
    }

    /// A plain client's stop button drops the connection. Where that doesn't stop the turn, there is no such button.
    pub(crate) fn stream_options(self, client: Client) -> StreamOptions {
        match (self, client) {
            (Self::Continue, Client::Plain) => StreamOptions::uncancellable(),
            _ => StreamOptions::cancellable(),
        }
    }
}

/// What happens to a message for a thread in which an answer still runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenBusy {
    /// It is refused.
    #[default]
    Refuse,
    /// It waits for the answer's end, for half a minute at most, and is refused then.
    Wait,
    /// The answer is stopped.
    Stop,
}

/// Turns of one user that run at the same time, whatever the operator chose.
pub const MOST_TURNS_AT_ONCE: u32 = 1_024;

/// Caps on a request and a turn.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Characters of text in one message.
    pub message_chars: usize,
    /// Bytes of one message as JSON, with everything that comes with it.
    pub message_bytes: usize,
    /// Parts of content in one message.
    pub content_parts: usize,
    /// Attachments of one message.
    pub attachments: usize,
    /// Characters of a thread's title.
    pub title_chars: usize,
    /// Items that one feedback names.
    pub feedback_items: usize,
    /// Rows of one page.
    pub page: u32,
    /// Bytes of one event.
    pub event_bytes: usize,
    /// Bytes of all events of one turn.
    pub turn_bytes: usize,
    /// Turns of one user that run at the same time; at most, and where nothing else is said,
    /// [`MOST_TURNS_AT_ONCE`].
    pub turns_at_once: Option<u32>,
    /// Tokens that the turns of one user may use on one day (UTC). The turn that reaches the limit is finished, and so
    /// are those that run beside it. A call that is broken off counts by a guess at its tokens.
    pub tokens_per_day: Option<u64>,
    /// Turns that run at the same time.
    pub turns: usize,
    /// Items that are looked through for a pending call.
    pub pending_scan: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_chars: 100_000,
            message_bytes: 512 << 10,
            content_parts: 256,
            attachments: 32,
            title_chars: 500,
            feedback_items: 100,
            page: 100,
            event_bytes: 12 << 20,
            turn_bytes: 64 << 20,
            turns_at_once: None,
            tokens_per_day: None,
            turns: 8_192,
            pending_scan: 500,
        }
    }
}

/// How many processes serve one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Processes {
    /// This one alone: what is left running in the store is nobody's when it starts.
    #[default]
    One,
    /// Perhaps others: their turns are theirs until their leases run out.
    Many,
}

/// How long threads are kept in which nothing happens, in days. `None` is for ever.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention {
    /// Of all tenants that aren't named.
    pub days: Option<u32>,
    /// Of tenants by name.
    pub tenants: BTreeMap<TenantId, Option<u32>>,
}

/// What an operator can choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// What happens to a turn whose last reader has gone.
    pub on_disconnect: OnDisconnect,
    /// What happens to a message for a thread in which an answer still runs.
    pub when_busy: WhenBusy,
    /// Caps.
    pub limits: Limits,
    /// The longest that one turn may take.
    pub turn_deadline: Duration,
    /// The longest that the store may be behind what readers have seen.
    pub log_interval: Duration,
    /// How many processes serve the store.
    pub processes: Processes,
    /// How long a process may be silent about its turns before another one takes them over.
    pub lease: Duration,
    /// How long the events of a turn can be read again after its end.
    pub log_kept: Duration,
    /// How long threads are kept in which nothing happens.
    pub retention: Retention,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            on_disconnect: OnDisconnect::Auto,
            when_busy: WhenBusy::Refuse,
            limits: Limits::default(),
            turn_deadline: Duration::from_mins(30),
            log_interval: Duration::from_millis(100),
            processes: Processes::One,
            lease: Duration::from_secs(15),
            log_kept: Duration::from_mins(10),
            retention: Retention::default(),
        }
    }
}
