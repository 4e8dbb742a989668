//! What is known about attachments' bytes. A trigger notes the objects of files that are deleted.

use std::time::Duration;

use async_trait::async_trait;
use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{Attachment, AttachmentId};
use frontdesk_store::{FileUpkeep, Files, Kept, ObjectName, Result, StoredFile, form};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::SqliteStore;
use crate::attachments::AttachmentRow;
use crate::fault::fault;
use crate::row;
use crate::script::Script;
use crate::writer::Job;

#[async_trait]
impl Files for SqliteStore {
    async fn draft_object(
        &self,
        scope: &Scope,
        object: &ObjectName,
        length: Duration,
    ) -> Result<()> {
        self.write(DraftObject {
            scope: scope.clone(),
            object: object.clone(),
            length,
        })
        .await
    }

    async fn keep_file(
        &self,
        scope: &Scope,
        attachment: Attachment,
        file: StoredFile,
    ) -> Result<Kept> {
        self.write(KeepFile {
            scope: scope.clone(),
            attachment: AttachmentRow::new(&attachment)?,
            file,
        })
        .await
    }

    async fn file(&self, scope: &Scope, attachment: &AttachmentId) -> Result<Option<StoredFile>> {
        let found: Option<FileRow> = sqlx::query_as(
            "select object, size, media_type, sha256, preview_type from files
             where tenant_id = ?1 and user_id = ?2 and attachment_id = ?3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(attachment.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        found.map(FileRow::read).transpose()
    }

    async fn unsent_attachments(&self, scope: &Scope) -> Result<u64> {
        let count: i64 = sqlx::query_scalar(
            "select count(*) from attachments
             where tenant_id = ?1 and user_id = ?2 and thread_id is null",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .fetch_one(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        row::number(count)
    }
}

#[async_trait]
impl FileUpkeep for SqliteStore {
    async fn drop_unsent(&self, older_than: Duration, limit: u32) -> Result<u64> {
        self.write(DropUnsent(older_than, limit)).await
    }

    async fn due_objects(&self, limit: u32) -> Result<Vec<(Scope, ObjectName)>> {
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "select tenant_id, user_id, object from leftover_objects
             where due_at <= cast(unixepoch('subsec') * 1000000 as integer)
             order by due_at, tenant_id, user_id, object
             limit ?1",
        )
        .bind(limit)
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        let corrupt = |error| row::corrupt("owner of an object", error);
        let owned = |(tenant, user, object): (String, String, String)| {
            let scope = Scope {
                tenant: TenantId::new(tenant).map_err(corrupt)?,
                user: UserId::new(user).map_err(corrupt)?,
            };
            Ok((scope, ObjectName::new(object)))
        };
        rows.into_iter().map(owned).collect()
    }

    async fn forget_objects(&self, objects: &[(Scope, ObjectName)]) -> Result<()> {
        self.write(ForgetObjects(objects.to_vec())).await
    }
}

struct DraftObject {
    scope: Scope,
    object: ObjectName,
    length: Duration,
}

impl Job for DraftObject {
    type Output = ();

    async fn run(&self, script: &mut Script<'_>) -> Result<()> {
        script
            .add(
                "select 1 from files where tenant_id = ? and user_id = ? and object = ?",
                "object",
                self.object.as_str(),
            )
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(self.object.as_str());
        if script.row().await?.is_some() {
            return Err(form::taken("object", self.object.as_str()));
        }
        script
            .add(
                "insert into leftover_objects (tenant_id, user_id, object, due_at)
                 values (?, ?, ?, cast(unixepoch('subsec') * 1000000 as integer) + ?)",
                "object",
                self.object.as_str(),
            )
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(self.object.as_str())
            .bind(row::length(self.length));
        Ok(())
    }
}

struct KeepFile {
    scope: Scope,
    attachment: AttachmentRow,
    file: StoredFile,
}

impl KeepFile {
    /// The file that the attachment has.
    async fn there(&self, script: &mut Script<'_>) -> Result<Option<StoredFile>> {
        script
            .add(
                "select object, size, media_type, sha256, preview_type from files
                 where tenant_id = ? and user_id = ? and attachment_id = ?",
                "file",
                self.attachment.id.as_str(),
            )
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(self.attachment.id.as_str());
        let row = script.row().await?;
        row.map(|row| FileRow::from_row(&row).map_err(fault)?.read())
            .transpose()
    }

    /// Takes the draft's note away, if the attachment is there to have it.
    async fn take_draft(&self, script: &mut Script<'_>) -> Result<bool> {
        script
            .add(
                "delete from leftover_objects
                 where tenant_id = ? and user_id = ? and object = ? and exists (
                     select 1 from attachments
                     where tenant_id = ? and user_id = ? and id = ? and thread_id is null)
                 returning 1",
                "object",
                self.file.object.as_str(),
            )
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(self.file.object.as_str())
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(self.attachment.id.as_str());
        Ok(script.row().await?.is_some())
    }
}

impl Job for KeepFile {
    type Output = Kept;

    async fn run(&self, script: &mut Script<'_>) -> Result<Kept> {
        if let Some(there) = self.there(script).await? {
            return Ok(Kept::Already(there));
        }
        if self.attachment.thread.is_some() || !self.take_draft(script).await? {
            return Ok(Kept::Gone);
        }
        self.attachment.change(&self.scope, script);
        script
            .add(
                "insert into files (tenant_id, user_id, attachment_id, object, size, media_type,
                     sha256, preview_type)
                 values (?, ?, ?, ?, ?, ?, ?, ?)",
                "file",
                self.attachment.id.as_str(),
            )
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(self.attachment.id.as_str())
            .bind(self.file.object.as_str())
            .bind(row::integer(self.file.size))
            .bind(self.file.media_type.as_str())
            .bind(self.file.sha256.to_vec())
            .bind(self.file.preview_type.as_deref());
        Ok(Kept::Stored)
    }
}

struct DropUnsent(Duration, u32);

impl Job for DropUnsent {
    type Output = u64;

    async fn run(&self, script: &mut Script<'_>) -> Result<u64> {
        script
            .add(
                "delete from attachments where rowid in (
                     select rowid from attachments
                     where thread_id is null
                         and created_at <= cast(unixepoch('subsec') * 1000000 as integer) - ?
                     order by created_at
                     limit ?)",
                "attachment",
                "",
            )
            .bind(row::length(self.0))
            .bind(self.1);
        Ok(script.send().await?.changed)
    }
}

struct ForgetObjects(Vec<(Scope, ObjectName)>);

impl Job for ForgetObjects {
    type Output = ();

    async fn run(&self, script: &mut Script<'_>) -> Result<()> {
        for (scope, object) in &self.0 {
            script
                .add(
                    "delete from leftover_objects
                     where tenant_id = ? and user_id = ? and object = ?",
                    "object",
                    object.as_str(),
                )
                .bind(scope.tenant.as_str())
                .bind(scope.user.as_str())
                .bind(object.as_str());
            script.relieve().await?;
        }
        Ok(())
    }
}

pub(crate) struct FileRow {
    object: String,
    size: i64,
    media_type: String,
    sha256: Vec<u8>,
    preview_type: Option<String>,
}

impl FromRow<'_, SqliteRow> for FileRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            object: row.try_get("object")?,
            size: row.try_get("size")?,
            media_type: row.try_get("media_type")?,
            sha256: row.try_get("sha256")?,
            preview_type: row.try_get("preview_type")?,
        })
    }
}

impl FileRow {
    pub(crate) fn read(self) -> Result<StoredFile> {
        let wrong = |bytes: Vec<u8>| row::corrupt("SHA-256 of a file", bytes.len());
        Ok(StoredFile {
            object: ObjectName::new(self.object),
            size: row::number(self.size)?,
            media_type: self.media_type,
            sha256: self.sha256.try_into().map_err(wrong)?,
            preview_type: self.preview_type,
        })
    }
}
