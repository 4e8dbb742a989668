//! Files and images that go with a user's message.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::{AttachmentId, Map, ThreadId, open::open_enum, tag};

/// A file or an image of the user.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Attachment {
    /// A file without a picture of it.
    File(FileAttachment),
    /// An image with a preview.
    Image(ImageAttachment),
}

tag::read_by_type!(closed Attachment { "file" => File, "image" => Image });

/// A file of the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "file")]
pub struct FileAttachment {
    /// Its name to the server.
    pub id: AttachmentId,
    /// The file name.
    pub name: String,
    /// The media type, such as `application/pdf`.
    pub mime_type: String,
    /// Where the client uploads the bytes, until it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_descriptor: Option<UploadDescriptor>,
    /// The thread it was sent in, once it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<ThreadId>,
    /// What the application keeps with it: stored, never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// An image of the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "image")]
pub struct ImageAttachment {
    /// Its name to the server.
    pub id: AttachmentId,
    /// The file name.
    pub name: String,
    /// The media type, such as `image/png`.
    pub mime_type: String,
    /// The address of a picture of it.
    pub preview_url: String,
    /// Where the client uploads the bytes, until it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_descriptor: Option<UploadDescriptor>,
    /// The thread it was sent in, once it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<ThreadId>,
    /// What the application keeps with it: stored, never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map>,
    /// Unknown fields.
    #[serde(flatten, deserialize_with = "tag::rest")]
    pub extra: Map,
}

/// How a client uploads an attachment's bytes in the second phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UploadDescriptor {
    /// The address.
    pub url: String,
    /// The HTTP method.
    pub method: UploadMethod,
    /// Headers that the client has to send.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Map,
}

open_enum! {
    /// The HTTP method of an upload.
    UploadMethod {
        /// As a form with the field `file`.
        Post = "POST",
        /// As the body.
        Put = "PUT",
    }
}

/// The same expression for both kinds.
macro_rules! either {
    ($attachment:expr, $inner:ident => $value:expr) => {
        match $attachment {
            Attachment::File($inner) => $value,
            Attachment::Image($inner) => $value,
        }
    };
}

impl Attachment {
    /// Its name to the server.
    pub fn id(&self) -> &AttachmentId {
        either!(self, inner => &inner.id)
    }

    /// The file name.
    pub fn name(&self) -> &str {
        either!(self, inner => &inner.name)
    }

    /// The media type.
    pub fn mime_type(&self) -> &str {
        either!(self, inner => &inner.mime_type)
    }

    /// The thread it was sent in, once it was.
    pub fn thread_id(&self) -> Option<&ThreadId> {
        either!(self, inner => inner.thread_id.as_ref())
    }

    /// Says in which thread it was sent.
    pub fn set_thread_id(&mut self, thread_id: Option<ThreadId>) {
        either!(self, inner => inner.thread_id = thread_id);
    }

    /// What the application keeps with it: stored, never sent.
    pub fn metadata(&self) -> Option<&Map> {
        either!(self, inner => inner.metadata.as_ref())
    }

    /// Where the client uploads the bytes, until it has.
    pub fn upload_descriptor(&self) -> Option<&UploadDescriptor> {
        either!(self, inner => inner.upload_descriptor.as_ref())
    }

    /// Says where the client uploads the bytes.
    pub fn set_upload_descriptor(&mut self, descriptor: Option<UploadDescriptor>) {
        either!(self, inner => inner.upload_descriptor = descriptor);
    }

    /// Further fields, which are sent as they are.
    pub fn extra_mut(&mut self) -> &mut Map {
        either!(self, inner => &mut inner.extra)
    }

    /// The attachment as it is sent: without its metadata.
    pub fn to_wire(&self) -> Cow<'_, Self> {
        if self.metadata().is_none() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(self.clone().into_wire())
    }

    /// The attachment as it is sent: without its metadata.
    #[must_use]
    pub fn into_wire(mut self) -> Self {
        either!(&mut self, inner => inner.metadata = None);
        self
    }
}
