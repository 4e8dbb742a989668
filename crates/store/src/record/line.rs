//! The form of an archive: a line of JSON for each entry, between a first line and a last one.
//!
//! All that is stored is in it as it is, to the microsecond, so reading gives what was written. What was stored as text
//! is a text here, too; bytes are hexadecimal digits.

use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{
    Attachment, FeedbackKind, ItemId, ThreadId, ThreadItem, ThreadMetadata, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    ApiKey, Entry, Fingerprint, ItemFeedback, KeyId, ObjectName, SealedConnection, Step,
    StoredFile, StoredItem, TurnId, TurnRecord, TurnStatus, UtcDay,
};

/// What the first line calls the form.
const FORMAT: &str = "frontdesk-archive";
/// The version of the form that this version writes, and the newest one that it reads.
const VERSION: u32 = 1;

/// A line of an archive.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// The first line.
    First,
    /// An entry.
    Entry(Box<Entry>),
    /// The last line, with the number of entries: an archive without it was cut off.
    Last(u64),
}

/// A line that can't be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidLine(String);

impl Line {
    /// The line as it is written, without its end.
    ///
    /// # Errors
    /// Something in it is no JSON.
    pub fn write(&self) -> Result<String, InvalidLine> {
        let written = match self {
            Self::First => Written::Archive {
                format: FORMAT.to_owned(),
                version: VERSION,
            },
            Self::Entry(entry) => written(entry),
            Self::Last(entries) => Written::End { entries: *entries },
        };
        serde_json::to_string(&written).map_err(invalid)
    }

    /// Reads a line.
    ///
    /// # Errors
    /// It isn't a line of an archive, or one of a newer version.
    pub fn read(line: &str) -> Result<Self, InvalidLine> {
        match serde_json::from_str(line).map_err(invalid)? {
            Written::Archive { format, .. } if format != FORMAT => {
                Err(InvalidLine(format!("no archive of ours: {format}")))
            }
            Written::Archive { version, .. } if version != VERSION => Err(InvalidLine(format!(
                "the archive has version {version}, this program reads version {VERSION}: use a newer one"
            ))),
            Written::Archive { .. } => Ok(Self::First),
            Written::End { entries } => Ok(Self::Last(entries)),
            other => Ok(Self::Entry(Box::new(read(other)?))),
        }
    }
}

/// A line as JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Written {
    Archive { format: String, version: u32 },
    Thread(Owned<ThreadMetadata>),
    Turn(Owned<WrittenTurn>),
    Step(Owned<WrittenStep>),
    Item(Owned<WrittenItem>),
    Feedback(Owned<WrittenFeedback>),
    Attachment(Owned<WrittenAttachment>),
    Connection(Owned<WrittenConnection>),
    Usage(Owned<WrittenUsage>),
    Key(Box<WrittenKey>),
    End { entries: u64 },
}

#[derive(Serialize, Deserialize)]
struct Owned<T> {
    tenant: String,
    user: String,
    is: T,
}

impl<T> Owned<T> {
    fn new(scope: &Scope, is: T) -> Self {
        Self {
            tenant: scope.tenant.as_str().to_owned(),
            user: scope.user.as_str().to_owned(),
            is,
        }
    }

    fn open(self) -> Result<(Scope, T), InvalidLine> {
        let scope = Scope {
            tenant: TenantId::new(self.tenant).map_err(invalid)?,
            user: UserId::new(self.user).map_err(invalid)?,
        };
        Ok((scope, self.is))
    }
}

#[derive(Serialize, Deserialize)]
struct WrittenTurn {
    id: TurnId,
    thread: ThreadId,
    status: String,
    attempt: u32,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_body: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct WrittenStep {
    turn: TurnId,
    number: u32,
    version: u16,
    data: String,
}

#[derive(Serialize, Deserialize)]
struct WrittenItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turn: Option<TurnId>,
    item: ThreadItem,
}

#[derive(Serialize, Deserialize)]
struct WrittenFeedback {
    thread: ThreadId,
    item: ItemId,
    kind: FeedbackKind,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct WrittenAttachment {
    attachment: Attachment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<WrittenFile>,
}

#[derive(Serialize, Deserialize)]
struct WrittenFile {
    object: ObjectName,
    size: u64,
    media_type: String,
    sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preview_type: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct WrittenConnection {
    server: String,
    sealed: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct WrittenUsage {
    day: i64,
    tokens: u64,
}

#[derive(Serialize, Deserialize)]
struct WrittenKey {
    id: KeyId,
    tenant: String,
    user: Option<String>,
    hash: String,
    label: String,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

fn written(entry: &Entry) -> Written {
    match entry {
        Entry::Thread(scope, thread) => Written::Thread(Owned::new(scope, thread.clone())),
        Entry::Turn(scope, turn) => Written::Turn(Owned::new(scope, written_turn(turn))),
        Entry::Step(scope, step) => {
            let step = WrittenStep {
                turn: step.turn.clone(),
                number: step.number,
                version: step.version,
                data: step.data.get().to_owned(),
            };
            Written::Step(Owned::new(scope, step))
        }
        Entry::Item(scope, stored) => {
            let item = WrittenItem {
                turn: stored.turn.clone(),
                item: stored.item.clone(),
            };
            Written::Item(Owned::new(scope, item))
        }
        Entry::Feedback(scope, given) => {
            let feedback = WrittenFeedback {
                thread: given.thread.clone(),
                item: given.item.clone(),
                kind: given.kind,
                at: given.at,
            };
            Written::Feedback(Owned::new(scope, feedback))
        }
        Entry::Attachment(scope, attachment, file) => {
            let attachment = WrittenAttachment {
                attachment: attachment.clone(),
                file: file.as_ref().map(written_file),
            };
            Written::Attachment(Owned::new(scope, attachment))
        }
        Entry::Connection(scope, connection) => {
            let connection = WrittenConnection {
                server: connection.server.clone(),
                sealed: digits(&connection.sealed),
                created_at: connection.created_at,
                updated_at: connection.updated_at,
            };
            Written::Connection(Owned::new(scope, connection))
        }
        Entry::Usage(scope, day, tokens) => {
            let usage = WrittenUsage {
                day: day.number(),
                tokens: *tokens,
            };
            Written::Usage(Owned::new(scope, usage))
        }
        Entry::Key(key) => Written::Key(Box::new(written_key(key))),
    }
}

fn written_turn(turn: &TurnRecord) -> WrittenTurn {
    let request = turn.request.as_ref();
    WrittenTurn {
        id: turn.id.clone(),
        thread: turn.thread_id.clone(),
        status: turn.status.as_str().to_owned(),
        attempt: turn.attempt,
        created_at: turn.created_at,
        ended_at: turn.ended_at,
        request_key: request.and_then(|request| Some(digits(&request.key?))),
        request_body: request.map(|request| digits(&request.body)),
    }
}

fn written_file(file: &StoredFile) -> WrittenFile {
    WrittenFile {
        object: file.object.clone(),
        size: file.size,
        media_type: file.media_type.clone(),
        sha256: digits(&file.sha256),
        preview_type: file.preview_type.clone(),
    }
}

fn written_key(key: &ApiKey) -> WrittenKey {
    WrittenKey {
        id: key.id.clone(),
        tenant: key.tenant.as_str().to_owned(),
        user: key.user.as_ref().map(|user| user.as_str().to_owned()),
        hash: digits(&key.hash),
        label: key.label.clone(),
        created_at: key.created_at,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
    }
}

fn read(written: Written) -> Result<Entry, InvalidLine> {
    Ok(match written {
        Written::Archive { .. } | Written::End { .. } => {
            return Err(InvalidLine("no entry".to_owned()));
        }
        Written::Thread(owned) => {
            let (scope, thread) = owned.open()?;
            Entry::Thread(scope, thread)
        }
        Written::Turn(owned) => {
            let (scope, turn) = owned.open()?;
            Entry::Turn(scope, read_turn(turn)?)
        }
        Written::Step(owned) => {
            let (scope, step) = owned.open()?;
            let step = Step {
                turn: step.turn,
                number: step.number,
                version: step.version,
                data: RawValue::from_string(step.data).map_err(invalid)?,
            };
            Entry::Step(scope, step)
        }
        Written::Item(owned) => {
            let (scope, WrittenItem { turn, item }) = owned.open()?;
            Entry::Item(scope, StoredItem { item, turn })
        }
        Written::Feedback(owned) => {
            let (scope, given) = owned.open()?;
            let given = ItemFeedback {
                thread: given.thread,
                item: given.item,
                kind: given.kind,
                at: given.at,
            };
            Entry::Feedback(scope, given)
        }
        Written::Attachment(owned) => {
            let (scope, WrittenAttachment { attachment, file }) = owned.open()?;
            Entry::Attachment(scope, attachment, file.map(read_file).transpose()?)
        }
        Written::Connection(owned) => {
            let (scope, connection) = owned.open()?;
            let connection = SealedConnection {
                server: connection.server,
                sealed: bytes(&connection.sealed)?,
                created_at: connection.created_at,
                updated_at: connection.updated_at,
            };
            Entry::Connection(scope, connection)
        }
        Written::Usage(owned) => {
            let (scope, usage) = owned.open()?;
            Entry::Usage(scope, UtcDay::from_number(usage.day), usage.tokens)
        }
        Written::Key(key) => Entry::Key(read_key(*key)?),
    })
}

fn read_turn(turn: WrittenTurn) -> Result<TurnRecord, InvalidLine> {
    let key = turn.request_key.as_deref().map(hash).transpose()?;
    let body = turn.request_body.as_deref().map(hash).transpose()?;
    let status = TurnStatus::parse(&turn.status).map_err(invalid)?;
    if status == TurnStatus::Running {
        return Err(InvalidLine(format!("turn {} still runs", turn.id)));
    }
    Ok(TurnRecord {
        id: turn.id,
        thread_id: turn.thread,
        status,
        attempt: turn.attempt,
        created_at: turn.created_at,
        ended_at: turn.ended_at,
        request: body.map(|body| Fingerprint { key, body }),
    })
}

fn read_file(file: WrittenFile) -> Result<StoredFile, InvalidLine> {
    Ok(StoredFile {
        object: file.object,
        size: file.size,
        media_type: file.media_type,
        sha256: hash(&file.sha256)?,
        preview_type: file.preview_type,
    })
}

fn read_key(key: WrittenKey) -> Result<ApiKey, InvalidLine> {
    Ok(ApiKey {
        id: key.id,
        tenant: TenantId::new(key.tenant).map_err(invalid)?,
        user: key.user.map(UserId::new).transpose().map_err(invalid)?,
        hash: hash(&key.hash)?,
        label: key.label,
        created_at: key.created_at,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
    })
}

fn digits(bytes: &[u8]) -> String {
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    halves
        .filter_map(|half| char::from_digit(half.into(), 16))
        .collect()
}

fn bytes(digits: &str) -> Result<Vec<u8>, InvalidLine> {
    let wrong = || InvalidLine("bytes that aren't pairs of hexadecimal digits".to_owned());
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).map_err(|_| wrong())?;
        if pair.len() != 2 || !pair.iter().all(u8::is_ascii_hexdigit) {
            return Err(wrong());
        }
        u8::from_str_radix(text, 16).map_err(|_| wrong())
    };
    pairs.map(byte).collect()
}

fn hash(digits: &str) -> Result<[u8; 32], InvalidLine> {
    let wrong = |_| InvalidLine("a hash that hasn't 32 bytes".to_owned());
    <[u8; 32]>::try_from(bytes(digits)?).map_err(wrong)
}

fn invalid(error: impl std::fmt::Display) -> InvalidLine {
    InvalidLine(error.to_string())
}
