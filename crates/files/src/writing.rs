//! Writes an object in parts of one size, so that no more than one part of it is in memory. It is there when it is whole.

use std::mem;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use tokio_util::task::TaskTracker;

use crate::FileError;
use crate::place::Bucket;

/// Bytes of a part: the least that S3 takes for any but the last
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>), and some services want all of one size.
const PART_BYTES: usize = 5 << 20;

/// An object that is being written. Dropped before its end, what was written is given up in the background.
pub(crate) struct Writing<'b> {
    bucket: &'b Bucket,
    tasks: &'b TaskTracker,
    path: Path,
    part: Vec<Bytes>,
    part_bytes: usize,
    upload: Option<Box<dyn MultipartUpload>>,
}

impl<'b> Writing<'b> {
    pub(crate) fn begin(bucket: &'b Bucket, path: Path, tasks: &'b TaskTracker) -> Self {
        Self {
            bucket,
            tasks,
            path,
            part: Vec::new(),
            part_bytes: 0,
            upload: None,
        }
    }

    /// Takes the next bytes.
    pub(crate) async fn write(&mut self, mut chunk: Bytes) -> Result<(), FileError> {
        while self.part_bytes + chunk.len() >= PART_BYTES {
            let last = chunk.split_to(PART_BYTES - self.part_bytes);
            self.part.push(last);
            self.send_part().await?;
        }
        if !chunk.is_empty() {
            self.part_bytes += chunk.len();
            self.part.push(chunk);
        }
        Ok(())
    }

    /// Writes the rest; then the object is there.
    pub(crate) async fn finish(mut self) -> Result<(), FileError> {
        if self.upload.is_none() {
            let all: PutPayload = mem::take(&mut self.part).into_iter().collect();
            self.bucket.objects.put(&self.path, all).await?;
            return Ok(());
        }
        if !self.part.is_empty() {
            self.send_part().await?;
        }
        if let Some(upload) = &mut self.upload {
            upload.complete().await?;
        }
        self.upload = None;
        Ok(())
    }

    async fn send_part(&mut self) -> Result<(), FileError> {
        let part: PutPayload = mem::take(&mut self.part).into_iter().collect();
        self.part_bytes = 0;
        let upload = if let Some(upload) = &mut self.upload {
            upload
        } else {
            let begun = self.bucket.objects.put_multipart(&self.path).await?;
            self.upload.insert(begun)
        };
        upload.put_part(part).await?;
        Ok(())
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if let Some(mut upload) = self.upload.take() {
            self.tasks.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "an upload that was given up left parts behind");
                }
            });
        }
    }
}
