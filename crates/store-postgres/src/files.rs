//! What is known about attachments' bytes. A trigger notes the objects of files that are deleted.

use std::time::Duration;

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{Attachment, AttachmentId};
use frontdesk_store::{FileUpkeep, Files, Kept, ObjectName, Result, StoredFile, form};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::row;
use crate::store::Statement;
use crate::text::{Json, stored};

#[async_trait]
impl Files for PostgresStore {
    async fn draft_object(
        &self,
        scope: &Scope,
        object: &ObjectName,
        length: Duration,
    ) -> Result<()> {
        let statement = sqlx::query(
            "insert into leftover_objects (tenant_id, user_id, object, due_at)
             select $1, $2, $3, clock_timestamp() + $4 * interval '1 microsecond'
             where not exists (
                 select from files where tenant_id = $1 and user_id = $2 and object = $3)",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(object.as_str()))
        .bind(row::length(length));
        let noted = self.run(statement).await;
        match noted.map_err(|fault| fault.of_write("object", object.as_str()))? {
            0 => Err(form::taken("object", object.as_str())),
            _ => Ok(()),
        }
    }

    async fn keep_file(
        &self,
        scope: &Scope,
        attachment: Attachment,
        file: StoredFile,
    ) -> Result<Kept> {
        let json = Json::new(form::attachment_json(&attachment)?);
        let mut attempts = 1;
        let row = loop {
            match self.row(keep(scope, &attachment, &json, &file)).await {
                Ok(row) => break row,
                Err(fault) if fault.may_pass(attempts) => attempts += 1,
                Err(fault) => return Err(fault.of_write("object", file.object.as_str())),
            }
        };
        let Some(row) = row else {
            return Ok(Kept::Gone);
        };
        if row::column(&row, "is_kept")? {
            return Ok(Kept::Stored);
        }
        Ok(Kept::Already(file_of(&row)?))
    }

    async fn file(&self, scope: &Scope, attachment: &AttachmentId) -> Result<Option<StoredFile>> {
        let statement = sqlx::query(
            "select object, size, media_type, sha256, preview_type from files
             where tenant_id = $1 and user_id = $2 and attachment_id = $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(attachment.as_str()));
        let found = self.row(statement).await?;
        found.as_ref().map(file_of).transpose()
    }

    async fn unsent_attachments(&self, scope: &Scope) -> Result<u64> {
        let statement = sqlx::query(
            "select count(*) as unsent from attachments
             where tenant_id = $1 and user_id = $2 and thread_id is null",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str());
        match self.row(statement).await? {
            Some(row) => row::number(row::column(&row, "unsent")?),
            None => Ok(0),
        }
    }
}

/// Gives an attachment its bytes. A row says that it has them now, or which ones it had; none that it can't.
fn keep<'q>(
    scope: &'q Scope,
    attachment: &'q Attachment,
    json: &'q Json,
    file: &'q StoredFile,
) -> Statement<'q> {
    sqlx::query(
        "with there as (
             select object, size, media_type, sha256, preview_type from files
             where tenant_id = $1 and user_id = $2 and attachment_id = $3
         ), unsent as (
             select 1 from attachments
             where tenant_id = $1 and user_id = $2 and id = $3 and thread_id is null
                 and $4 and not exists (select from there)
             for no key update
         ), drafted as (
             delete from leftover_objects using unsent
             where tenant_id = $1 and user_id = $2 and object = $5
             returning 1
         ), changed as (
             update attachments set attachment = $6::jsonb, as_written = $7::json
             from drafted
             where tenant_id = $1 and user_id = $2 and id = $3
         ), kept as (
             insert into files (tenant_id, user_id, attachment_id, object, size, media_type,
                 sha256, preview_type)
             select $1, $2, $3, $5, $8, $9, $10, $11 from drafted
         )
         select false as is_kept, object, size, media_type, sha256, preview_type from there
         union all
         select true, null, null, null, null, null from drafted",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(stored(attachment.id().as_str()))
    .bind(attachment.thread_id().is_none())
    .bind(stored(file.object.as_str()))
    .bind(json.binary.as_str())
    .bind(json.as_written.as_deref())
    .bind(row::integer(file.size))
    .bind(stored(&file.media_type))
    .bind(file.sha256.as_slice())
    .bind(file.preview_type.as_deref().map(stored))
}

pub(crate) fn file_of(row: &PgRow) -> Result<StoredFile> {
    let sha256: &[u8] = row::column(row, "sha256")?;
    let preview_type: Option<String> = row::column(row, "preview_type")?;
    Ok(StoredFile {
        object: ObjectName::new(row::text(row, "object")?),
        size: row::number(row::column(row, "size")?)?,
        media_type: row::text(row, "media_type")?,
        sha256: <[u8; 32]>::try_from(sha256)
            .map_err(|error| row::corrupt("SHA-256 of a file", error))?,
        preview_type: preview_type.map(crate::text::read),
    })
}

#[async_trait]
impl FileUpkeep for PostgresStore {
    async fn drop_unsent(&self, older_than: Duration, limit: u32) -> Result<u64> {
        // One that is being sent or dropped elsewhere is left to them.
        let statement = sqlx::query(
            "delete from attachments where (tenant_id, user_id, id) in (
                 select tenant_id, user_id, id from attachments
                 where thread_id is null
                     and created_at <= clock_timestamp() - $1 * interval '1 microsecond'
                 order by created_at
                 limit $2
                 for update skip locked)",
        )
        .bind(row::length(older_than))
        .bind(i64::from(limit));
        Ok(self.run(statement).await?)
    }

    async fn due_objects(&self, limit: u32) -> Result<Vec<(Scope, ObjectName)>> {
        let statement = sqlx::query(
            "select tenant_id, user_id, object from leftover_objects
             where due_at <= clock_timestamp()
             order by due_at, tenant_id, user_id, object
             limit $1",
        )
        .bind(i64::from(limit));
        let rows = self.rows(statement).await?;
        let due = rows.iter().map(|row| {
            let object = ObjectName::new(row::text(row, "object")?);
            Ok((row::scope(row)?, object))
        });
        due.collect()
    }

    async fn forget_objects(&self, objects: &[(Scope, ObjectName)]) -> Result<()> {
        let owners = || objects.iter().map(|(scope, _)| scope);
        let tenants: Vec<&str> = owners().map(|scope| scope.tenant.as_str()).collect();
        let users: Vec<&str> = owners().map(|scope| scope.user.as_str()).collect();
        let names = objects.iter().map(|(_, object)| stored(object.as_str()));
        let statement = sqlx::query(
            "delete from leftover_objects
             using unnest($1::text[], $2::text[], $3::text[]) as gone (tenant_id, user_id, object)
             where leftover_objects.tenant_id = gone.tenant_id
                 and leftover_objects.user_id = gone.user_id
                 and leftover_objects.object = gone.object",
        )
        .bind(tenants)
        .bind(users)
        .bind(names.collect::<Vec<_>>());
        self.run(statement).await?;
        Ok(())
    }
}
