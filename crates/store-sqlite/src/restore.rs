//! Storing what an archive has, where it isn't there yet. Nothing that is there is changed.

use frontdesk_identity::{Scope, UserId};
use frontdesk_protocol::{Attachment, ThreadId, Timestamp};
use frontdesk_store::words::text_of;
use frontdesk_store::{
    ApiKey, Entry, ItemFeedback, Result, SealedConnection, Step, StoredFile, StoredItem, TurnId,
    TurnRecord, UtcDay, form,
};

use crate::feedback::kind_of;
use crate::script::Script;
use crate::threads::ThreadRow;
use crate::writer::Job;
use crate::{row, search, turns};

pub(crate) struct Restore(pub(crate) Vec<Entry>);

impl Job for Restore {
    type Output = u64;

    async fn run(&self, script: &mut Script<'_>) -> Result<u64> {
        let mut stored = 0;
        for entry in &self.0 {
            let is_new = match entry {
                Entry::Thread(scope, thread) => {
                    ThreadRow::new(thread)?.restore(scope, script);
                    let is_new = script.send().await?.changed > 0;
                    if is_new {
                        let title = thread.title.as_deref();
                        search::put_title(scope, thread.id.as_str(), title, script);
                    }
                    is_new
                }
                Entry::Item(scope, stored) => {
                    item(scope, stored, script)?;
                    let is_new = script.send().await?.changed > 0;
                    if is_new {
                        let item = &stored.item;
                        let text = text_of(item);
                        search::put_item(scope, item.thread_id(), item.id(), &text, script);
                    }
                    is_new
                }
                Entry::Attachment(scope, attachment, kept) => {
                    attached(scope, attachment, script)?;
                    let is_new = script.send().await?.changed > 0;
                    if let (true, Some(kept)) = (is_new, kept) {
                        file(scope, attachment, kept, script);
                    }
                    is_new
                }
                other => {
                    alone(other, script);
                    script.send().await?.changed > 0
                }
            };
            stored += u64::from(is_new);
        }
        Ok(stored)
    }
}

/// An entry that is one row.
fn alone(entry: &Entry, script: &mut Script<'_>) {
    match entry {
        Entry::Turn(scope, record) => turn(scope, record, script),
        Entry::Step(scope, written) => step(scope, written, script),
        Entry::Feedback(scope, given) => feedback(scope, given, script),
        Entry::Connection(scope, sealed) => connection(scope, sealed, script),
        Entry::Usage(scope, day, tokens) => usage(scope, *day, *tokens, script),
        Entry::Key(record) => key(record, script),
        Entry::Thread(..) | Entry::Item(..) | Entry::Attachment(..) => {}
    }
}

fn turn(scope: &Scope, turn: &TurnRecord, script: &mut Script<'_>) {
    script
        .add(
            "insert into turns (tenant_id, user_id, id, thread_id, status, attempt, created_at,
                 ended_at, request_key, request_body)
             select tenant_id, user_id, ?, id, ?, ?, ?, ?, ?, ? from threads
             where tenant_id = ? and user_id = ? and id = ?
             on conflict do nothing",
            "turn",
            turn.id.as_str(),
        )
        .bind(turn.id.as_str())
        .bind(turn.status.as_str())
        .bind(i64::from(turn.attempt))
        .bind(turn.created_at.as_microsecond())
        .bind(turn.ended_at.map(Timestamp::as_microsecond))
        .bind(turns::key_of(turn.request.as_ref()))
        .bind(turn.request.map(|request| request.body.to_vec()))
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(turn.thread_id.as_str());
}

fn step(scope: &Scope, step: &Step, script: &mut Script<'_>) {
    script
        .add(
            "insert into steps (tenant_id, user_id, turn_id, number, version, data)
             select tenant_id, user_id, id, ?, ?, ? from turns
             where tenant_id = ? and user_id = ? and id = ?
             on conflict do nothing",
            "step of turn",
            step.turn.as_str(),
        )
        .bind(i64::from(step.number))
        .bind(i64::from(step.version))
        .bind(step.data.get())
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(step.turn.as_str());
}

fn item(scope: &Scope, stored: &StoredItem, script: &mut Script<'_>) -> Result<()> {
    let item = &stored.item;
    script
        .add(
            "insert into items
                 (tenant_id, user_id, id, thread_id, turn_id, created_at, item, indexed)
             select tenant_id, user_id, ?, id, ?, ?, ?, 1 from threads
             where tenant_id = ? and user_id = ? and id = ?
             on conflict do nothing",
            "item",
            item.id().as_str(),
        )
        .bind(item.id().as_str())
        .bind(stored.turn.as_ref().map(TurnId::as_str))
        .bind(item.created_at().as_microsecond())
        .bind(form::item_json(item.thread_id(), item)?)
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(item.thread_id().as_str());
    Ok(())
}

fn feedback(scope: &Scope, given: &ItemFeedback, script: &mut Script<'_>) {
    script
        .add(
            "insert into feedback (tenant_id, user_id, item_id, thread_id, kind, given_at)
             select tenant_id, user_id, id, thread_id, ?, ? from items
             where tenant_id = ? and user_id = ? and id = ? and thread_id = ?
             on conflict do nothing",
            "feedback on",
            given.item.as_str(),
        )
        .bind(kind_of(given.kind))
        .bind(given.at.as_microsecond())
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(given.item.as_str())
        .bind(given.thread.as_str());
}

fn attached(scope: &Scope, attachment: &Attachment, script: &mut Script<'_>) -> Result<()> {
    let thread = attachment.thread_id().map(ThreadId::as_str);
    script
        .add(
            "insert into attachments (tenant_id, user_id, id, thread_id, attachment, created_at)
             select ?, ?, ?, ?, ?, cast(unixepoch('subsec') * 1000000 as integer)
             where ? is null or exists (
                 select 1 from threads where tenant_id = ? and user_id = ? and id = ?)
             on conflict do nothing",
            "attachment",
            attachment.id().as_str(),
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(attachment.id().as_str())
        .bind(thread)
        .bind(form::attachment_json(attachment)?)
        .bind(thread)
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread);
    Ok(())
}

/// What is known of the bytes of an attachment that was just restored: they are no leftover any more.
fn file(scope: &Scope, attachment: &Attachment, file: &StoredFile, script: &mut Script<'_>) {
    script
        .add(
            "insert into files (tenant_id, user_id, attachment_id, object, size, media_type,
                 sha256, preview_type)
             values (?, ?, ?, ?, ?, ?, ?, ?)
             on conflict do nothing",
            "file",
            attachment.id().as_str(),
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(attachment.id().as_str())
        .bind(file.object.as_str())
        .bind(row::integer(file.size))
        .bind(file.media_type.as_str())
        .bind(file.sha256.to_vec())
        .bind(file.preview_type.as_deref());
    script
        .add(
            "delete from leftover_objects where tenant_id = ? and user_id = ? and object = ?",
            "object",
            file.object.as_str(),
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(file.object.as_str());
}

fn connection(scope: &Scope, connection: &SealedConnection, script: &mut Script<'_>) {
    script
        .add(
            "insert into connections
                 (tenant_id, user_id, server, sealed, created_at, updated_at)
             values (?, ?, ?, ?, ?, ?)
             on conflict do nothing",
            "connection",
            &connection.server,
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(connection.server.as_str())
        .bind(connection.sealed.as_slice())
        .bind(connection.created_at.as_microsecond())
        .bind(connection.updated_at.as_microsecond());
}

fn usage(scope: &Scope, day: UtcDay, tokens: u64, script: &mut Script<'_>) {
    script
        .add(
            "insert into usage (tenant_id, user_id, day, tokens)
             values (?, ?, ?, ?)
             on conflict do nothing",
            "usage",
            "",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(day.number())
        .bind(row::integer(tokens));
}

fn key(key: &ApiKey, script: &mut Script<'_>) {
    script
        .add(
            "insert into api_keys
                 (id, tenant_id, user_id, hash, label, created_at, expires_at, revoked_at)
             values (?, ?, ?, ?, ?, ?, ?, ?)
             on conflict do nothing",
            "key",
            key.id.as_str(),
        )
        .bind(key.id.as_str())
        .bind(key.tenant.as_str())
        .bind(key.user.as_ref().map(UserId::as_str))
        .bind(key.hash.as_slice())
        .bind(key.label.as_str())
        .bind(key.created_at.as_microsecond())
        .bind(key.expires_at.map(Timestamp::as_microsecond))
        .bind(key.revoked_at.map(Timestamp::as_microsecond));
}
