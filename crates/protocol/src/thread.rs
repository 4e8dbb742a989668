//! Threads: as they are stored, and as they are sent.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{Map, Page, ThreadId, ThreadItem, tag};

/// A thread as it is stored, without its items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadMetadata {
    /// Its name.
    pub id: ThreadId,
    /// What it is called, once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// Whether it takes new messages.
    #[serde(default)]
    pub status: ThreadStatus,
    /// The hosts that images in its texts may come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_image_domains: Option<Vec<String>>,
    /// What the application keeps with it: stored, never sent.
    #[serde(default)]
    pub metadata: Map,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// A thread as it is sent, with some of its items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// Its name.
    pub id: ThreadId,
    /// What it is called, once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "crate::time::read")]
    pub created_at: Timestamp,
    /// Whether it takes new messages.
    #[serde(default)]
    pub status: ThreadStatus,
    /// The hosts that images in its texts may come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_image_domains: Option<Vec<String>>,
    /// Empty on the wire.
    #[serde(default)]
    pub metadata: Map,
    /// Some of its items.
    pub items: Page<ThreadItem>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

/// Whether a thread takes new messages.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ThreadStatus {
    /// It does.
    Active {
        /// Unknown fields.
        #[serde(flatten)]
        extra: Map,
    },
    /// It doesn't for now.
    Locked {
        /// Why, for the user.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Unknown fields.
        #[serde(flatten)]
        extra: Map,
    },
    /// It never will again.
    Closed {
        /// Why, for the user.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Unknown fields.
        #[serde(flatten)]
        extra: Map,
    },
    /// A status that this version doesn't know.
    #[serde(untagged)]
    Other(Map),
}

impl ThreadMetadata {
    /// A thread that takes messages and has no title.
    pub fn new(id: ThreadId, created_at: Timestamp) -> Self {
        Self {
            id,
            title: None,
            created_at,
            status: ThreadStatus::default(),
            allowed_image_domains: None,
            metadata: Map::new(),
            extra: Map::new(),
        }
    }

    /// The thread as it is sent: with these items, without its metadata and that of attachments.
    pub fn to_wire(&self, items: Page<ThreadItem>) -> Thread {
        Thread {
            id: self.id.clone(),
            title: self.title.clone(),
            created_at: self.created_at,
            status: self.status.clone(),
            allowed_image_domains: self.allowed_image_domains.clone(),
            metadata: Map::new(),
            items: items.into_wire(),
            extra: self.extra.clone(),
        }
    }
}

impl Thread {
    /// The thread as it is sent: without its metadata and that of attachments.
    pub fn to_wire(&self) -> Cow<'_, Self> {
        let private_item = |item: &ThreadItem| matches!(item.to_wire(), Cow::Owned(_));
        if self.metadata.is_empty() && !self.items.data.iter().any(private_item) {
            return Cow::Borrowed(self);
        }
        let mut thread = self.clone();
        thread.metadata = Map::new();
        thread.items = thread.items.into_wire();
        Cow::Owned(thread)
    }
}

impl ThreadStatus {
    /// A thread that takes messages.
    pub fn active() -> Self {
        Self::Active { extra: Map::new() }
    }

    /// A thread that takes no messages for now.
    pub fn locked(reason: Option<String>) -> Self {
        let extra = Map::new();
        Self::Locked { reason, extra }
    }

    /// A thread that never takes messages again.
    pub fn closed(reason: Option<String>) -> Self {
        let extra = Map::new();
        Self::Closed { reason, extra }
    }

    /// Whether the thread takes new messages; an unknown status doesn't stop it.
    pub fn is_open(&self) -> bool {
        match self {
            Self::Active { .. } | Self::Other(_) => true,
            Self::Locked { .. } | Self::Closed { .. } => false,
        }
    }

    /// Why the thread takes no messages, for the user.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Locked { reason, .. } | Self::Closed { reason, .. } => reason.as_deref(),
            Self::Active { .. } | Self::Other(_) => None,
        }
    }
}

impl Default for ThreadStatus {
    fn default() -> Self {
        Self::active()
    }
}

#[derive(Deserialize)]
struct Shut {
    #[serde(default)]
    reason: Option<String>,
    #[serde(flatten, deserialize_with = "tag::rest")]
    extra: Map,
}

impl<'de> Deserialize<'de> for ThreadStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = Map::deserialize(deserializer)?;
        match tag::type_of(&map)? {
            "active" => {
                map.remove("type");
                Ok(Self::Active { extra: map })
            }
            "locked" => {
                let Shut { reason, extra } = tag::read(map)?;
                Ok(Self::Locked { reason, extra })
            }
            "closed" => {
                let Shut { reason, extra } = tag::read(map)?;
                Ok(Self::Closed { reason, extra })
            }
            _ => Ok(Self::Other(map)),
        }
    }
}
