//! What results, prompts and resources are made of, as plain values
//! ([content](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#tool-result)).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rmcp::model::{ContentBlock, Resource, ResourceContents};

/// One block of a result or of a prompt's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// A picture.
    Image(Media),
    /// Sound.
    Audio(Media),
    /// A resource by its address alone.
    Link(Link),
    /// A resource with what is in it.
    Embedded(Contents),
}

/// Bytes and what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// The bytes; they travel as base64.
    pub data: Vec<u8>,
    /// What they are: `image/png`.
    pub mime_type: String,
}

/// The address of a resource, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The address.
    pub uri: String,
    /// Its name.
    pub name: String,
    /// What people read as its name.
    pub title: Option<String>,
    /// What the model reads about it.
    pub description: Option<String>,
    /// What is there: `text/markdown`.
    pub mime_type: Option<String>,
}

/// What is in a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The address; `None` for the one that is read.
    pub uri: Option<String>,
    /// What it is; `None` for what the resource says of itself.
    pub mime_type: Option<String>,
    /// The text or the bytes.
    pub body: Body,
}

/// Text or bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Text.
    Text(String),
    /// Bytes; they travel as base64.
    Blob(Vec<u8>),
}

impl Content {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A picture of this kind: `image/png`.
    pub fn image(data: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        Self::Image(Media {
            data: data.into(),
            mime_type: mime_type.into(),
        })
    }

    /// Sound of this kind: `audio/wav`.
    pub fn audio(data: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        Self::Audio(Media {
            data: data.into(),
            mime_type: mime_type.into(),
        })
    }

    /// A resource by its address alone.
    pub fn link(uri: impl Into<String>, name: impl Into<String>) -> Self {
        Self::Link(Link {
            uri: uri.into(),
            name: name.into(),
            title: None,
            description: None,
            mime_type: None,
        })
    }

    /// A resource with what is in it.
    pub fn embedded(uri: impl Into<String>, contents: Contents) -> Self {
        Self::Embedded(Contents {
            uri: Some(uri.into()),
            ..contents
        })
    }

    pub(crate) fn into_block(self) -> ContentBlock {
        match self {
            Self::Text(text) => ContentBlock::text(text),
            Self::Image(media) => ContentBlock::image(STANDARD.encode(media.data), media.mime_type),
            Self::Audio(media) => ContentBlock::audio(STANDARD.encode(media.data), media.mime_type),
            Self::Link(link) => {
                let mut resource = Resource::new(link.uri, link.name);
                resource.title = link.title;
                resource.description = link.description;
                resource.mime_type = link.mime_type;
                ContentBlock::resource_link(resource)
            }
            Self::Embedded(contents) => ContentBlock::resource(contents.into_protocol("", None)),
        }
    }
}

impl Contents {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(Body::Text(text.into()))
    }

    /// Bytes.
    pub fn blob(bytes: impl Into<Vec<u8>>) -> Self {
        Self::of(Body::Blob(bytes.into()))
    }

    fn of(body: Body) -> Self {
        Self {
            uri: None,
            mime_type: None,
            body,
        }
    }

    /// Says what it is, where that differs from what the resource says of itself.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// Says where it lies, where that isn't the address that is read.
    #[must_use]
    pub fn at(mut self, uri: impl Into<String>) -> Self {
        self.uri = Some(uri.into());
        self
    }

    /// As the protocol has it; the address and the kind that were asked for stand in for what is left out.
    pub(crate) fn into_protocol(self, uri: &str, mime_type: Option<&str>) -> ResourceContents {
        let uri = self.uri.unwrap_or_else(|| uri.to_owned());
        let mime_type = self.mime_type.or_else(|| mime_type.map(str::to_owned));
        match self.body {
            Body::Text(text) => ResourceContents::TextResourceContents {
                uri,
                mime_type,
                text,
                meta: None,
            },
            Body::Blob(bytes) => ResourceContents::BlobResourceContents {
                uri,
                mime_type,
                blob: STANDARD.encode(bytes),
                meta: None,
            },
        }
    }
}

impl From<String> for Contents {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Vec<u8>> for Contents {
    fn from(bytes: Vec<u8>) -> Self {
        Self::blob(bytes)
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}
