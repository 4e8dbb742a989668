//! Takes an upload: as a stream, looked at as it passes, visible when it is whole.

use std::time::Duration;

use bytes::Bytes;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId};
use frontdesk_store::{Kept, ObjectName, StoredFile};
use futures_util::{Stream, StreamExt};
use object_store::ObjectStoreExt;

use crate::content::Content;
use crate::drawing::{Preview, preview};
use crate::files::{Announced, Files, announced_size, attachment, preview_of};
use crate::writing::Writing;
use crate::{FileError, kind};

/// How long an upload waits for others to end.
const TURN_WAIT: Duration = Duration::from_mins(1);
/// How long an upload may stand still.
const CHUNK_WAIT: Duration = Duration::from_secs(30);
/// How long an upload may take.
const UPLOAD_TIME: Duration = Duration::from_mins(10);
/// After what time the object of an upload that never ended is removed: longer than any upload takes.
const DRAFT_TIME: Duration = Duration::from_hours(1);

impl Files {
    /// Takes the bytes of an attachment; `None` if there is no such attachment. The same bytes may come again.
    pub async fn receive<S>(
        &self,
        scope: &Scope,
        id: &AttachmentId,
        body: &mut S,
    ) -> Result<Option<Attachment>, FileError>
    where
        S: Stream<Item = Result<Bytes, FileError>> + Unpin + Send,
    {
        let Some(announced) = self.store.attachment(scope, id).await? else {
            return Ok(None);
        };
        let receiving = async {
            let there = self.records.file(scope, id).await?;
            match there {
                Some(there) => self.compare(&there, announced, body).await,
                None if announced.thread_id().is_some() => Err(gone()),
                None => self.store_new(scope, announced, body).await,
            }
        };
        let received = tokio::time::timeout(UPLOAD_TIME, receiving).await;
        let received = received.map_err(|_| broken("the upload took too long"))?;
        received.map(Some)
    }

    /// Takes a file that is announced with its bytes.
    pub async fn receive_new<S>(
        &self,
        scope: &Scope,
        announced: Announced,
        body: &mut S,
    ) -> Result<Attachment, FileError>
    where
        S: Stream<Item = Result<Bytes, FileError>> + Unpin + Send,
    {
        let attachment = self.announce(scope, announced).await?;
        let id = attachment.id().clone();
        self.store.put_attachment(scope, attachment).await?;
        let received = self.receive(scope, &id, body).await;
        if received.is_err() {
            // What is left over here goes with the sweep.
            let _ = self.store.delete_attachment(scope, &id).await;
        }
        received?.ok_or_else(gone)
    }

    /// Looks whether the same bytes come again.
    async fn compare<S>(
        &self,
        there: &StoredFile,
        announced: Attachment,
        body: &mut S,
    ) -> Result<Attachment, FileError>
    where
        S: Stream<Item = Result<Bytes, FileError>> + Unpin + Send,
    {
        let mut content = Content::new(there.media_type.clone(), &self.limits);
        while let Some(chunk) = next(body).await? {
            content.push(&chunk).map_err(|_| others())?;
        }
        let seen = content.finish(None).map_err(|_| others())?;
        same(there, seen.size, seen.sha256)?;
        Ok(announced)
    }

    async fn store_new<S>(
        &self,
        scope: &Scope,
        announced: Attachment,
        body: &mut S,
    ) -> Result<Attachment, FileError>
    where
        S: Stream<Item = Result<Bytes, FileError>> + Unpin + Send,
    {
        let permit = tokio::time::timeout(TURN_WAIT, self.uploads.acquire()).await;
        let Ok(Ok(_permit)) = permit else {
            return Err(FileError::TooMany {
                message: "too many files are being uploaded: try again soon".to_owned(),
            });
        };
        let object = ObjectName::new(self.ids.next("obj"));
        self.records
            .draft_object(scope, &object, DRAFT_TIME)
            .await?;
        let file = match self.write(scope, &announced, &object, body).await {
            Ok(file) => file,
            Err(error) => {
                self.give_up(scope, &object).await;
                return Err(error);
            }
        };
        let whole = attachment(
            announced.id().clone(),
            announced.name().to_owned(),
            file.media_type.clone(),
            announced.metadata().cloned(),
        );
        // Where this fails it isn't known whether it is kept: the sweep knows.
        let kept = self.records.keep_file(scope, whole.clone(), file.clone());
        match kept.await? {
            Kept::Stored => Ok(whole),
            Kept::Already(there) => {
                self.give_up(scope, &object).await;
                same(&there, file.size, file.sha256)?;
                Ok(whole)
            }
            Kept::Gone => {
                self.give_up(scope, &object).await;
                Err(gone())
            }
        }
    }

    /// Writes an object and its preview.
    async fn write<S>(
        &self,
        scope: &Scope,
        announced: &Attachment,
        object: &ObjectName,
        body: &mut S,
    ) -> Result<StoredFile, FileError>
    where
        S: Stream<Item = Result<Bytes, FileError>> + Unpin + Send,
    {
        let media_type = kind::normalised(announced.mime_type());
        let mut content = Content::new(media_type, &self.limits);
        let path = self.bucket.path(scope, object.as_str());
        let mut writing = Writing::begin(&self.bucket, path, &self.tasks);
        while let Some(chunk) = next(body).await? {
            content.push(&chunk)?;
            writing.write(chunk).await?;
        }
        let seen = content.finish(announced_size(announced))?;
        writing.finish().await?;
        let mut file = StoredFile {
            object: object.clone(),
            size: seen.size,
            media_type: seen.media_type,
            sha256: seen.sha256,
            preview_type: None,
        };
        file.preview_type = self.draw(scope, &file).await?.map(str::to_owned);
        Ok(file)
    }

    /// Draws and stores the preview of an image, and says of which type it is.
    async fn draw(
        &self,
        scope: &Scope,
        file: &StoredFile,
    ) -> Result<Option<&'static str>, FileError> {
        if !kind::is_image(&file.media_type) {
            return Ok(None);
        }
        let permit = self.drawings.clone().acquire_owned().await;
        let permit = permit.map_err(|error| internal(error.to_string()))?;
        let bytes = self.bytes_of(scope, file).await?;
        let bytes = bytes.ok_or_else(|| internal("an object vanished".to_owned()))?;
        let media_type = file.media_type.clone();
        let drawing = tokio::task::spawn_blocking(move || {
            // It is held until the work is done, even if nobody waits for it any more.
            let _permit = permit;
            preview(&bytes, &media_type)
        });
        let drawn = drawing.await.map_err(|_| FileError::Unusable {
            message: "the image can't be read".to_owned(),
        })?;
        let Preview { bytes, media_type } = drawn?;
        let path = self.bucket.path(scope, preview_of(&file.object).as_str());
        self.bucket.objects.put(&path, bytes.into()).await?;
        Ok(Some(media_type))
    }

    /// Removes what was written of a draft. What fails here is left to the sweep.
    async fn give_up(&self, scope: &Scope, object: &ObjectName) {
        if self.remove_object(scope, object).await.is_ok() {
            let forgotten = [(scope.clone(), object.clone())];
            let _ = self.upkeep.forget_objects(&forgotten).await;
        }
    }
}

async fn next<S>(body: &mut S) -> Result<Option<Bytes>, FileError>
where
    S: Stream<Item = Result<Bytes, FileError>> + Unpin + Send,
{
    let chunk = tokio::time::timeout(CHUNK_WAIT, body.next()).await;
    chunk
        .map_err(|_| broken("the upload stood still"))?
        .transpose()
}

fn same(there: &StoredFile, size: u64, sha256: [u8; 32]) -> Result<(), FileError> {
    if (there.size, there.sha256) == (size, sha256) {
        return Ok(());
    }
    Err(others())
}

fn others() -> FileError {
    FileError::Conflict {
        message: "the attachment has other bytes already".to_owned(),
    }
}

fn gone() -> FileError {
    FileError::Conflict {
        message: "the attachment takes no bytes any more".to_owned(),
    }
}

fn broken(message: &str) -> FileError {
    FileError::Broken {
        message: message.to_owned(),
    }
}

fn internal(detail: String) -> FileError {
    FileError::Internal { detail }
}
