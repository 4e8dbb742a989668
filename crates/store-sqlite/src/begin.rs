//! The beginning of a turn. All that can refuse it comes before the first change.

use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, ThreadId};
use frontdesk_store::{
    After, Began, BeginTurn, Continuation, Lease, Result, Trim, TurnId, TurnRecord, form,
};
use sqlx::{FromRow, Row};

use crate::attachments::{self, AttachmentRow};
use crate::fault::fault;
use crate::items::{self, ItemRow};
use crate::script::Script;
use crate::threads::ThreadRow;
use crate::turns::TurnRow;
use crate::writer::Job;
use crate::{row, turns};

pub(crate) struct Begin {
    scope: Scope,
    turn: TurnRecord,
    new_thread: Option<ThreadRow>,
    after: After,
    trim: Option<Trim>,
    put: Vec<ItemRow>,
    remove: Vec<ItemId>,
    attachments: Vec<AttachmentRow>,
    lease: Lease,
    continuation: Option<Continuation>,
}

impl Begin {
    pub(crate) fn new(scope: &Scope, begin: BeginTurn) -> Result<Self> {
        form::check_begin(&begin)?;
        let thread = begin.turn.thread_id.clone();
        Ok(Self {
            scope: scope.clone(),
            turn: begin.turn,
            new_thread: begin.new_thread.as_ref().map(ThreadRow::new).transpose()?,
            after: begin.after,
            trim: begin.trim,
            put: ItemRow::all(&thread, &begin.put)?,
            remove: begin.remove,
            attachments: AttachmentRow::linked(&thread, begin.attachments)?,
            lease: begin.lease,
            continuation: begin.continuation,
        })
    }

    fn thread(&self) -> &ThreadId {
        &self.turn.thread_id
    }
}

impl Job for Begin {
    type Output = Began;

    async fn run(&self, script: &mut Script<'_>) -> Result<Began> {
        let (scope, thread) = (&self.scope, self.thread());
        if let Some(there) = turns::of_request(scope, &self.turn, script).await? {
            return Ok(Began::Repeated(there));
        }
        if let Some(new) = &self.new_thread {
            if self.trim.is_some() {
                return Ok(Began::NoItem);
            }
            new.insert(scope, script);
        } else if let Some(refused) = refusal(scope, thread, &self.after, script).await? {
            return Ok(refused);
        }
        let (removed, named) = match &self.trim {
            Some(cut) => match trim(scope, thread, cut, script).await? {
                Some(trimmed) => trimmed,
                None => return Ok(Began::NoItem),
            },
            None => (Vec::new(), Vec::new()),
        };
        for item in &self.remove {
            items::remove(scope, thread, item, script);
            script.relieve().await?;
        }
        for item in &self.put {
            item.put(scope, thread, Some(&self.turn.id), script);
            script.relieve().await?;
        }
        for attachment in &self.attachments {
            attachment.put(scope, script);
            script.relieve().await?;
        }
        if !named.is_empty() {
            attachments::delete_unnamed(scope, thread, &named, script)?;
        }
        insert(
            scope,
            &self.turn,
            &self.lease,
            self.continuation.as_ref(),
            script,
        );
        Ok(Began::Started { removed })
    }
}

/// Why no turn can begin in a thread that should be there.
async fn refusal(
    scope: &Scope,
    thread: &ThreadId,
    after: &After,
    script: &mut Script<'_>,
) -> Result<Option<Began>> {
    script
        .add(
            "select turns.id, turns.thread_id, turns.status, turns.attempt, turns.created_at,
                 turns.ended_at, turns.request_key, turns.request_body,
                 (select id from turns as last
                     where last.tenant_id = threads.tenant_id and last.user_id = threads.user_id
                         and last.thread_id = threads.id
                     order by last.created_at desc, last.id desc
                     limit 1) as last_turn
             from threads
                 left join turns on turns.tenant_id = threads.tenant_id
                     and turns.user_id = threads.user_id
                     and turns.thread_id = threads.id and turns.status = 'running'
             where threads.tenant_id = ? and threads.user_id = ? and threads.id = ?",
            "thread",
            thread.as_str(),
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(thread.as_str());
    let Some(found) = script.row().await? else {
        return Ok(Some(Began::NoThread));
    };
    let running: Option<String> = found.try_get(0).map_err(fault)?;
    if running.is_some() {
        let running = TurnRow::from_row(&found).map_err(fault)?;
        return Ok(Some(Began::Busy(running.read()?)));
    }
    let After::Seen(seen) = after else {
        return Ok(None);
    };
    let last: Option<String> = found.try_get("last_turn").map_err(fault)?;
    let is_overtaken = last.as_deref() != seen.as_ref().map(TurnId::as_str);
    Ok(is_overtaken.then_some(Began::Overtaken))
}

/// Cuts the thread off and tells the removed items and the attachments they named; `None` if the item isn't there.
async fn trim(
    scope: &Scope,
    thread: &ThreadId,
    trim: &Trim,
    script: &mut Script<'_>,
) -> Result<Option<(Vec<ItemId>, Vec<String>)>> {
    let item = trim.item().as_str();
    script.send().await?;
    let Some(time) = items::time_of(scope, thread, item, script.conn()).await? else {
        return Ok(None);
    };
    let named = attachments::named_from(scope, thread, (time, item), script.conn()).await?;
    let ids: Vec<String> = sqlx::query_scalar(
        "select id from items
         where tenant_id = ?1 and user_id = ?2 and thread_id = ?3 and (created_at, id) >= (?4, ?5)
         order by created_at, id",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(thread.as_str())
    .bind(time)
    .bind(item)
    .fetch_all(script.conn())
    .await
    .map_err(fault)?;
    let removed = ids.into_iter().map(ItemId::new);
    let removed: Vec<ItemId> = match trim {
        Trim::From(_) => removed.collect(),
        Trim::After(kept) => removed.filter(|removed| removed != kept).collect(),
    };
    for item in &removed {
        items::remove(scope, thread, item, script);
        script.relieve().await?;
    }
    forget_turns(scope, thread, time, script);
    Ok(Some((removed, named)))
}

/// Deletes the steps and logs of the turns that were created at this time or later.
fn forget_turns(scope: &Scope, thread: &ThreadId, since: i64, script: &mut Script<'_>) {
    let steps = "delete from steps
         where tenant_id = ? and user_id = ? and turn_id in (
             select id from turns
             where tenant_id = ? and user_id = ? and thread_id = ? and created_at >= ?)";
    let logs = "delete from turn_logs
         where tenant_id = ? and user_id = ? and turn_id in (
             select id from turns
             where tenant_id = ? and user_id = ? and thread_id = ? and created_at >= ?)";
    for statement in [steps, logs] {
        script
            .add(statement, "thread", thread.as_str())
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(thread.as_str())
            .bind(since);
    }
}

fn insert(
    scope: &Scope,
    turn: &TurnRecord,
    lease: &Lease,
    continuation: Option<&Continuation>,
    script: &mut Script<'_>,
) {
    script
        .add(
            "insert into turns (tenant_id, user_id, id, thread_id, status, attempt, created_at,
                 request_key, request_body, continuation_version, continuation,
                 holder, leased_until)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
                 cast(unixepoch('subsec') * 1000000 as integer) + ?)",
            "turn",
            turn.id.as_str(),
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(turn.id.as_str())
        .bind(turn.thread_id.as_str())
        .bind(turn.status.as_str())
        .bind(i64::from(turn.attempt))
        .bind(turn.created_at.as_microsecond())
        .bind(turns::key_of(turn.request.as_ref()))
        .bind(turn.request.map(|request| request.body.to_vec()))
        .bind(continuation.map(|kept| i64::from(kept.version)))
        .bind(continuation.map(|kept| kept.data.get()))
        .bind(lease.holder.as_str())
        .bind(row::length(lease.length));
}
