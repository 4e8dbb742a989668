//! Attachments as the chat and the routes see them: files, with addresses that are signed for whoever they are sent to.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use frontdesk_chat::{ChatError, NewUpload, RequestContext, UploadedFile, Uploads};
use frontdesk_clock::{Clock, Timestamp};
use frontdesk_files::{Announced, FileError, Files, LinkError, Links, Purpose};
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId, Map, UploadDescriptor, UploadMethod};
use url::Url;

/// Where files are, below the address of the product.
const PATH: &str = "/chatkit/files";
/// The field of an attachment that says where it is loaded; it isn't ChatKit's.
const DOWNLOAD_URL: &str = "download_url";
/// When a client that has too much going on may come back.
const WAIT: Duration = Duration::from_secs(10);

/// See the module.
pub(crate) struct Attachments {
    pub(crate) files: Files,
    links: Links,
    clock: Arc<dyn Clock>,
    /// The address of [`PATH`], without a slash at its end.
    base: String,
}

impl Attachments {
    /// With links below the public address; where none is known, they are relative to the host.
    pub(crate) fn new(
        files: Files,
        links: Links,
        clock: Arc<dyn Clock>,
        public_url: Option<&Url>,
    ) -> Self {
        let public = public_url.map_or("", Url::as_str).trim_end_matches('/');
        Self {
            files,
            links,
            clock,
            base: format!("{public}{PATH}"),
        }
    }

    /// Whose file a link is for, and what for.
    pub(crate) fn check(
        &self,
        link: &str,
        attachment: &AttachmentId,
    ) -> Result<(Purpose, Scope), LinkError> {
        self.links.check(link, attachment, self.now())
    }

    fn address(&self, purpose: Purpose, scope: &Scope, attachment: &AttachmentId) -> String {
        let link = self.links.sign(purpose, scope, attachment, self.now());
        let (base, id) = (&self.base, attachment.as_str());
        format!("{base}/{id}?link={link}")
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

#[async_trait]
impl Uploads for Attachments {
    async fn create(
        &self,
        upload: NewUpload,
        cx: &RequestContext,
    ) -> Result<Attachment, ChatError> {
        let announced = Announced {
            id: upload.id,
            name: upload.name,
            media_type: upload.mime_type,
            size: Some(upload.size),
        };
        let announced = self.files.announce(&cx.scope(), announced).await;
        announced.map_err(|error| refused(error, "params"))
    }

    fn invite(&self, attachment: &mut Attachment, scope: &Scope) {
        let descriptor = UploadDescriptor {
            url: self.address(Purpose::Upload, scope, attachment.id()),
            method: UploadMethod::Post,
            headers: [].into(),
            extra: Map::new(),
        };
        attachment.set_upload_descriptor(Some(descriptor));
    }

    fn show(&self, attachment: &mut Attachment, scope: &Scope) {
        if let Attachment::Image(image) = attachment {
            image.preview_url = self.address(Purpose::Preview, scope, &image.id);
        }
        let download = self.address(Purpose::Download, scope, attachment.id());
        attachment
            .extra_mut()
            .insert(DOWNLOAD_URL.to_owned(), download.into());
    }

    async fn admit(&self, attachment: &Attachment, scope: &Scope) -> Result<(), ChatError> {
        const FIELD: &str = "params.input.attachments";
        let is_there = self.files.is_there(scope, attachment.id()).await;
        if is_there.map_err(|error| refused(error, FIELD))? {
            return Ok(());
        }
        Err(ChatError::Unprocessable {
            field: FIELD.to_owned(),
            message: format!("{} was not uploaded yet", attachment.id()),
        })
    }

    async fn read(
        &self,
        attachment: &AttachmentId,
        scope: &Scope,
        most: usize,
    ) -> Result<Option<UploadedFile>, ChatError> {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        let read = self.files.read(scope, attachment, most).await;
        let read = read.map_err(|error| refused(error, "attachment"))?;
        Ok(read.map(|(media_type, bytes)| UploadedFile { media_type, bytes }))
    }

    /// What the store knows of the bytes goes with the attachment, and the bytes with the next sweep.
    async fn delete(&self, _: &Attachment, _: &RequestContext) -> Result<(), ChatError> {
        Ok(())
    }
}

fn refused(error: FileError, field: &str) -> ChatError {
    match error {
        FileError::TooLarge { .. }
        | FileError::Unsupported { .. }
        | FileError::Unusable { .. }
        | FileError::Broken { .. } => ChatError::Unprocessable {
            field: field.to_owned(),
            message: error.to_string(),
        },
        FileError::Conflict { message } => ChatError::Conflict { message },
        FileError::TooMany { message } => ChatError::TooMany {
            message,
            retry_after: WAIT,
        },
        FileError::Unavailable { detail } => ChatError::Unavailable { detail },
        FileError::Internal { detail } => ChatError::Internal { detail },
    }
}
