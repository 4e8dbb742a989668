//! Storing what an archive has, where it isn't there yet. Nothing that is there is changed.

use frontdesk_identity::{Scope, UserId};
use frontdesk_protocol::{Attachment, ThreadMetadata, Timestamp};
use frontdesk_store::words::text_of;
use frontdesk_store::{
    ApiKey, Entry, ItemFeedback, Result, SealedConnection, Step, StoredFile, StoredItem,
    TurnRecord, UtcDay, form,
};

use crate::PostgresStore;
use crate::feedback::kind_of;
use crate::row;
use crate::search::words_of;
use crate::store::Statement;
use crate::text::{Json, stored};
use crate::threads::ThreadRow;

impl PostgresStore {
    /// Restores entries in one transaction, and says of how many anything was stored.
    pub(crate) async fn restore_some(&self, entries: &[Entry]) -> Result<u64> {
        let mut transaction = self.begin().await?;
        let mut restored = 0;
        for entry in entries {
            let is_new = transaction.run(statement(entry)?).await? > 0;
            if let (true, Entry::Attachment(scope, attachment, Some(kept))) = (is_new, entry) {
                transaction.run(file(scope, attachment, kept)).await?;
            }
            restored += u64::from(is_new);
        }
        transaction.commit().await?;
        Ok(restored)
    }
}

fn statement(entry: &Entry) -> Result<Statement<'_>> {
    Ok(match entry {
        Entry::Thread(scope, there) => thread(scope, there)?,
        Entry::Turn(scope, record) => turn(scope, record),
        Entry::Step(scope, written) => step(scope, written),
        Entry::Item(scope, there) => item(scope, there)?,
        Entry::Feedback(scope, given) => feedback(scope, given),
        Entry::Attachment(scope, there, _) => attachment(scope, there)?,
        Entry::Connection(scope, sealed) => connection(scope, sealed),
        Entry::Usage(scope, day, tokens) => usage(scope, *day, *tokens),
        Entry::Key(record) => key(record),
    })
}

fn thread<'q>(scope: &'q Scope, thread: &'q ThreadMetadata) -> Result<Statement<'q>> {
    let new = ThreadRow::new(scope, thread)?;
    Ok(sqlx::query(
        "insert into threads (tenant_id, user_id, id, created_at, title, status,
             image_domains, metadata, extra, words)
         values ($1, $2, $3, $4, $5, $6::json, $7::json, $8::json, $9::json,
             array_to_tsvector(string_to_array($10, ' ')))
         on conflict do nothing",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(stored(thread.id.as_str()))
    .bind(new.created_at)
    .bind(new.title)
    .bind(new.status)
    .bind(new.image_domains)
    .bind(new.metadata)
    .bind(new.extra)
    .bind(new.words))
}

fn turn<'q>(scope: &'q Scope, turn: &'q TurnRecord) -> Statement<'q> {
    let request = turn.request.as_ref();
    sqlx::query(
        "insert into turns (tenant_id, user_id, id, thread_id, status, attempt, created_at,
             ended_at, request_key, request_body)
         select tenant_id, user_id, $4, id, $5, $6, $7, $8, $9, $10 from threads
         where tenant_id = $1 and user_id = $2 and id = $3
         on conflict do nothing",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(stored(turn.thread_id.as_str()))
    .bind(stored(turn.id.as_str()))
    .bind(turn.status.as_str())
    .bind(i64::from(turn.attempt))
    .bind(turn.created_at.as_microsecond())
    .bind(turn.ended_at.map(Timestamp::as_microsecond))
    .bind(request.and_then(|request| request.key.as_ref().map(<[u8; 32]>::as_slice)))
    .bind(request.map(|request| request.body.as_slice()))
}

fn step<'q>(scope: &'q Scope, step: &'q Step) -> Statement<'q> {
    sqlx::query(
        "insert into steps (tenant_id, user_id, turn_id, number, version, data)
         select tenant_id, user_id, id, $4, $5, $6 from turns
         where tenant_id = $1 and user_id = $2 and id = $3
         on conflict do nothing",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(stored(step.turn.as_str()))
    .bind(i64::from(step.number))
    .bind(i32::from(step.version))
    .bind(step.data.get())
}

fn item<'q>(scope: &'q Scope, there: &'q StoredItem) -> Result<Statement<'q>> {
    let item = &there.item;
    let json = Json::new(form::item_json(item.thread_id(), item)?);
    Ok(sqlx::query(
        "insert into items (tenant_id, user_id, id, thread_id, turn_id, created_at, item,
             as_written, words)
         select tenant_id, user_id, $4, id, $5, $6, $7::jsonb, $8::json,
             array_to_tsvector(string_to_array($9, ' '))
         from threads
         where tenant_id = $1 and user_id = $2 and id = $3
         on conflict do nothing",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(stored(item.thread_id().as_str()))
    .bind(stored(item.id().as_str()))
    .bind(there.turn.as_ref().map(|turn| stored(turn.as_str())))
    .bind(item.created_at().as_microsecond())
    .bind(json.binary)
    .bind(json.as_written)
    .bind(words_of(scope, &text_of(item))))
}

fn feedback<'q>(scope: &'q Scope, given: &'q ItemFeedback) -> Statement<'q> {
    sqlx::query(
        "insert into feedback (tenant_id, user_id, item_id, thread_id, kind, given_at)
         select tenant_id, user_id, id, thread_id, $5, $6 from items
         where tenant_id = $1 and user_id = $2 and id = $3 and thread_id = $4
         on conflict do nothing",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(stored(given.item.as_str()))
    .bind(stored(given.thread.as_str()))
    .bind(kind_of(given.kind))
    .bind(given.at.as_microsecond())
}

fn attachment<'q>(scope: &'q Scope, attachment: &'q Attachment) -> Result<Statement<'q>> {
    let json = Json::new(form::attachment_json(attachment)?);
    Ok(sqlx::query(
        "insert into attachments (tenant_id, user_id, id, thread_id, attachment, as_written)
         select $1, $2, $3, $4, $5::jsonb, $6::json
         where $4::text is null or exists (
             select from threads where tenant_id = $1 and user_id = $2 and id = $4)
         on conflict do nothing",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(stored(attachment.id().as_str()))
    .bind(attachment.thread_id().map(|thread| stored(thread.as_str())))
    .bind(json.binary)
    .bind(json.as_written))
}

/// What is known of the bytes of an attachment that was just restored: they are no leftover any more.
fn file<'q>(scope: &'q Scope, attachment: &'q Attachment, file: &'q StoredFile) -> Statement<'q> {
    sqlx::query(
        "with needed as (
             delete from leftover_objects
             where tenant_id = $1 and user_id = $2 and object = $4
         )
         insert into files (tenant_id, user_id, attachment_id, object, size, media_type,
             sha256, preview_type)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict do nothing",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(stored(attachment.id().as_str()))
    .bind(stored(file.object.as_str()))
    .bind(row::integer(file.size))
    .bind(stored(&file.media_type))
    .bind(file.sha256.as_slice())
    .bind(file.preview_type.as_deref().map(stored))
}

fn connection<'q>(scope: &'q Scope, connection: &'q SealedConnection) -> Statement<'q> {
    sqlx::query(
        "insert into connections (tenant_id, user_id, server, sealed, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(stored(&connection.server))
    .bind(connection.sealed.as_slice())
    .bind(connection.created_at.as_microsecond())
    .bind(connection.updated_at.as_microsecond())
}

fn usage(scope: &Scope, day: UtcDay, tokens: u64) -> Statement<'_> {
    sqlx::query(
        "insert into usage (tenant_id, user_id, day, tokens)
         values ($1, $2, $3, $4)
         on conflict do nothing",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(day.number())
    .bind(row::integer(tokens))
}

fn key(key: &ApiKey) -> Statement<'_> {
    sqlx::query(
        "insert into api_keys
             (id, tenant_id, user_id, hash, label, created_at, expires_at, revoked_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict do nothing",
    )
    .bind(stored(key.id.as_str()))
    .bind(key.tenant.as_str())
    .bind(key.user.as_ref().map(UserId::as_str))
    .bind(key.hash.as_slice())
    .bind(stored(&key.label))
    .bind(key.created_at.as_microsecond())
    .bind(key.expires_at.map(Timestamp::as_microsecond))
    .bind(key.revoked_at.map(Timestamp::as_microsecond))
}
