//! [`Files`]: what is taken, what is there, and what is given out.

use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use frontdesk_clock::Ids;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId, FileAttachment, ImageAttachment, Map};
use frontdesk_store::{FileUpkeep, ObjectName, Store, StoredFile};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::ObjectStoreExt;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::content::check_type;
use crate::place::Bucket;
use crate::{FileError, FileLimits, Place, Purpose, kind};

/// The longest name of a file, in characters.
const NAME_CHARS: usize = 255;
/// What a file without a name is called.
const NAMELESS: &str = "file";
/// Under which name an attachment's metadata has the announced size.
const SIZE: &str = "size";
/// What is behind an object's name to make its preview's.
const PREVIEW: &str = ".preview";

/// What files are kept with.
pub struct Parts {
    /// Where attachments are.
    pub store: Arc<dyn Store>,
    /// What the same store knows of their bytes.
    pub records: Arc<dyn frontdesk_store::Files>,
    /// The upkeep of it.
    pub upkeep: Arc<dyn FileUpkeep>,
    /// Where bytes lie.
    pub place: Place,
    /// What is taken.
    pub limits: FileLimits,
    /// Makes ids.
    pub ids: Arc<dyn Ids>,
    /// For what is cleaned up in the background.
    pub tasks: TaskTracker,
}

/// Attachments' bytes.
pub struct Files {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) records: Arc<dyn frontdesk_store::Files>,
    pub(crate) upkeep: Arc<dyn FileUpkeep>,
    pub(crate) bucket: Bucket,
    pub(crate) limits: FileLimits,
    pub(crate) ids: Arc<dyn Ids>,
    pub(crate) tasks: TaskTracker,
    pub(crate) uploads: Semaphore,
    pub(crate) drawings: Arc<Semaphore>,
}

/// A file that a client wants to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The id of its attachment.
    pub id: AttachmentId,
    /// Its name, as the client has it.
    pub name: String,
    /// Its media type, as the client has it; empty if it doesn't know.
    pub media_type: String,
    /// Its size in bytes, where the client says it.
    pub size: Option<u64>,
}

/// A file that is being given out.
pub struct Opened {
    /// Its name, for whoever saves it.
    pub name: String,
    /// What it is.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its bytes.
    pub bytes: BoxStream<'static, Result<Bytes, FileError>>,
}

impl Files {
    /// Opens the place. Nothing is sent to a bucket yet.
    ///
    /// # Errors
    /// The folder can't be made, or the bucket's address can't be used.
    pub fn open(parts: Parts) -> Result<Self, FileError> {
        Ok(Self {
            store: parts.store,
            records: parts.records,
            upkeep: parts.upkeep,
            bucket: Bucket::open(parts.place)?,
            uploads: Semaphore::new(parts.limits.uploads_at_once.max(1)),
            drawings: Arc::new(Semaphore::new(parts.limits.drawings_at_once.max(1))),
            limits: parts.limits,
            ids: parts.ids,
            tasks: parts.tasks,
        })
    }

    /// What is taken.
    pub fn limits(&self) -> &FileLimits {
        &self.limits
    }

    /// The attachment that an announced file becomes, to be stored. Refuses what couldn't be uploaded anyway.
    pub async fn announce(
        &self,
        scope: &Scope,
        announced: Announced,
    ) -> Result<Attachment, FileError> {
        let limit = self.limits.max_bytes;
        if announced.size.is_some_and(|size| size > limit) {
            return Err(FileError::TooLarge { limit });
        }
        if announced.size == Some(0) {
            return Err(FileError::Unusable {
                message: "the file is empty".to_owned(),
            });
        }
        let media_type = kind::normalised(&announced.media_type);
        if media_type != kind::BYTES {
            check_type(&media_type, &self.limits)?;
        }
        if self.records.unsent_attachments(scope).await? >= self.limits.unsent {
            return Err(FileError::TooMany {
                message: format!(
                    "you have {} attachments that were not sent: send or delete some",
                    self.limits.unsent
                ),
            });
        }
        let mut metadata = Map::new();
        if let Some(size) = announced.size {
            metadata.insert(SIZE.to_owned(), size.into());
        }
        let name = told_name(&announced.name);
        Ok(attachment(announced.id, name, media_type, Some(metadata)))
    }

    /// Whether an attachment's bytes are there.
    ///
    /// # Errors
    /// They were uploaded, but don't lie in this process's place: the one that took them has another.
    pub async fn is_there(
        &self,
        scope: &Scope,
        attachment: &AttachmentId,
    ) -> Result<bool, FileError> {
        let Some(file) = self.records.file(scope, attachment).await? else {
            return Ok(false);
        };
        let path = self.bucket.path(scope, file.object.as_str());
        match self.bucket.objects.head(&path).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Err(FileError::Unavailable {
                detail: format!(
                    "object {path} isn't in this process's place for files: all processes need the same one"
                ),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a file or its preview; `None` if there is none.
    pub async fn get(
        &self,
        scope: &Scope,
        id: &AttachmentId,
        which: Purpose,
    ) -> Result<Option<Opened>, FileError> {
        let (attachment, file) = tokio::try_join!(
            self.store.attachment(scope, id),
            self.records.file(scope, id)
        )?;
        let (Some(attachment), Some(file)) = (attachment, file) else {
            return Ok(None);
        };
        let (object, media_type) = match (which, file.preview_type) {
            (Purpose::Download, _) => (file.object, file.media_type),
            (Purpose::Preview, Some(preview)) => (preview_of(&file.object), preview),
            (Purpose::Preview, None) | (Purpose::Upload, _) => return Ok(None),
        };
        let path = self.bucket.path(scope, object.as_str());
        let found = match self.bucket.objects.get(&path).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(Opened {
            name: attachment.name().to_owned(),
            media_type,
            size: found.meta.size,
            bytes: found.into_stream().map_err(FileError::from).boxed(),
        }))
    }

    /// A file as a whole, with its media type; `None` if there is none or it has more than `most` bytes.
    pub async fn read(
        &self,
        scope: &Scope,
        id: &AttachmentId,
        most: u64,
    ) -> Result<Option<(String, Bytes)>, FileError> {
        let Some(file) = self.records.file(scope, id).await? else {
            return Ok(None);
        };
        if file.size > most {
            return Ok(None);
        }
        let bytes = self.bytes_of(scope, &file).await?;
        Ok(bytes.map(|bytes| (file.media_type, bytes)))
    }

    /// All bytes of a file, which are no more than it is known to have.
    pub(crate) async fn bytes_of(
        &self,
        scope: &Scope,
        file: &StoredFile,
    ) -> Result<Option<Bytes>, FileError> {
        let path = self.bucket.path(scope, file.object.as_str());
        let found = match self.bucket.objects.get(&path).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let size = usize::try_from(file.size).unwrap_or(usize::MAX);
        if found.meta.size != file.size {
            return Err(FileError::Internal {
                detail: format!("object {path} has {} bytes, not {size}", found.meta.size),
            });
        }
        let mut bytes = BytesMut::with_capacity(size);
        let mut stream = found.into_stream();
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk?);
        }
        Ok(Some(bytes.freeze()))
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files")
            .field("bucket", &self.bucket)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The object of the preview of what this object is.
pub(crate) fn preview_of(object: &ObjectName) -> ObjectName {
    ObjectName::new(format!("{object}{PREVIEW}"))
}

/// An attachment: an image, where it is of a type that has previews. Where the preview is isn't stored, but said anew
/// whenever it is sent.
pub(crate) fn attachment(
    id: AttachmentId,
    name: String,
    mime_type: String,
    metadata: Option<Map>,
) -> Attachment {
    if kind::is_image(&mime_type) {
        Attachment::Image(ImageAttachment {
            id,
            name,
            mime_type,
            preview_url: String::new(),
            upload_descriptor: None,
            thread_id: None,
            metadata,
            extra: Map::new(),
        })
    } else {
        Attachment::File(FileAttachment {
            id,
            name,
            mime_type,
            upload_descriptor: None,
            thread_id: None,
            metadata,
            extra: Map::new(),
        })
    }
}

/// The size that was announced for an attachment.
pub(crate) fn announced_size(attachment: &Attachment) -> Option<u64> {
    attachment.metadata()?.get(SIZE)?.as_u64()
}

/// A client's file name as it is told to others: on one line, without a path, not too long.
fn told_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    // Signs that turn the direction of writing hide what a name ends in.
    let hides = |sign: char| matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain = last.chars().filter(|sign| !hides(*sign));
    let plain = plain.map(|sign| if sign.is_control() { ' ' } else { sign });
    let plain: String = plain.take(NAME_CHARS).collect();
    let plain = plain.trim();
    match plain {
        "" | "." | ".." => NAMELESS.to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_without_a_path() {
        let long = "n".repeat(300);
        let cases = [
            ("plan.pdf", "plan.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ann\\plan.pdf", "plan.pdf"),
            ("a\r\nSet-Cookie: b", "a  Set-Cookie: b"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("計画 🎉.txt", "計画 🎉.txt"),
            ("", NAMELESS),
            ("..", NAMELESS),
            ("a/", NAMELESS),
            (&long, &long[..255]),
        ];
        for (name, expected) in cases {
            assert_eq!(told_name(name), expected, "{name:?}");
        }
    }
}
