//! The beginning of a turn. All that can refuse it comes before the first change.

use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, ThreadId};
use frontdesk_store::{Began, BeginTurn, Result, Trim, TurnId, TurnRecord, form};
use sqlx::SqliteConnection;

use crate::attachments::AttachmentRow;
use crate::fault::fault;
use crate::items::{self, ItemRow};
use crate::threads::ThreadRow;
use crate::writer::Job;

pub(crate) struct Begin {
    scope: Scope,
    turn: TurnRecord,
    new_thread: Option<ThreadRow>,
    trim: Option<Trim>,
    put: Vec<ItemRow>,
    remove: Vec<ItemId>,
    attachments: Vec<AttachmentRow>,
}

impl Begin {
    pub(crate) fn new(scope: &Scope, begin: BeginTurn) -> Result<Self> {
        form::check_begin(&begin)?;
        let thread = begin.turn.thread_id.clone();
        Ok(Self {
            scope: scope.clone(),
            turn: begin.turn,
            new_thread: begin.new_thread.as_ref().map(ThreadRow::new).transpose()?,
            trim: begin.trim,
            put: ItemRow::all(&thread, &begin.put)?,
            remove: begin.remove,
            attachments: AttachmentRow::linked(&thread, begin.attachments)?,
        })
    }

    fn thread(&self) -> &ThreadId {
        &self.turn.thread_id
    }
}

impl Job for Begin {
    type Output = Began;

    async fn run(&self, conn: &mut SqliteConnection) -> Result<Began> {
        let (scope, thread) = (&self.scope, self.thread());
        if let Some(new) = &self.new_thread {
            if self.trim.is_some() {
                return Ok(Began::NoItem);
            }
            new.insert(scope, conn).await?;
        } else if let Some(refused) = refusal(scope, thread, conn).await? {
            return Ok(refused);
        }
        let removed = match &self.trim {
            Some(cut) => match trim(scope, thread, cut, conn).await? {
                Some(removed) => removed,
                None => return Ok(Began::NoItem),
            },
            None => Vec::new(),
        };
        for item in &self.remove {
            items::remove(scope, thread, item, conn).await?;
        }
        for item in &self.put {
            item.put(scope, thread, Some(&self.turn.id), conn).await?;
        }
        for attachment in &self.attachments {
            attachment.put(scope, conn).await?;
        }
        insert(scope, &self.turn, conn).await?;
        Ok(Began::Started { removed })
    }
}

/// Why no turn can begin in a thread that should be there.
async fn refusal(
    scope: &Scope,
    thread: &ThreadId,
    conn: &mut SqliteConnection,
) -> Result<Option<Began>> {
    let found: Option<Option<String>> = sqlx::query_scalar(
        "select turns.id
         from threads
             left join turns on turns.tenant_id = ?1 and turns.user_id = ?2
                 and turns.thread_id = ?3 and turns.status = 'running'
         where threads.tenant_id = ?1 and threads.user_id = ?2 and threads.id = ?3",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(thread.as_str())
    .fetch_optional(conn)
    .await
    .map_err(fault)?;
    Ok(match found {
        None => Some(Began::NoThread),
        Some(Some(running)) => Some(Began::Busy(TurnId::new(running))),
        Some(None) => None,
    })
}

/// Cuts the thread off and tells the removed items; `None` if the item isn't there.
async fn trim(
    scope: &Scope,
    thread: &ThreadId,
    trim: &Trim,
    conn: &mut SqliteConnection,
) -> Result<Option<Vec<ItemId>>> {
    let item = trim.item().as_str();
    let Some(time) = items::time_of(scope, thread, item, conn).await? else {
        return Ok(None);
    };
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
    .fetch_all(&mut *conn)
    .await
    .map_err(fault)?;
    let removed = ids.into_iter().map(ItemId::new);
    let removed: Vec<ItemId> = match trim {
        Trim::From(_) => removed.collect(),
        Trim::After(kept) => removed.filter(|removed| removed != kept).collect(),
    };
    for item in &removed {
        items::remove(scope, thread, item, conn).await?;
    }
    forget_turns(scope, thread, time, conn).await?;
    Ok(Some(removed))
}

/// Deletes the steps and logs of the turns that were created at this time or later.
async fn forget_turns(
    scope: &Scope,
    thread: &ThreadId,
    since: i64,
    conn: &mut SqliteConnection,
) -> Result<()> {
    let steps = "delete from steps
         where tenant_id = ?1 and user_id = ?2 and turn_id in (
             select id from turns
             where tenant_id = ?1 and user_id = ?2 and thread_id = ?3 and created_at >= ?4)";
    let logs = "delete from turn_logs
         where tenant_id = ?1 and user_id = ?2 and turn_id in (
             select id from turns
             where tenant_id = ?1 and user_id = ?2 and thread_id = ?3 and created_at >= ?4)";
    for statement in [steps, logs] {
        sqlx::query(statement)
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(thread.as_str())
            .bind(since)
            .execute(&mut *conn)
            .await
            .map_err(fault)?;
    }
    Ok(())
}

async fn insert(scope: &Scope, turn: &TurnRecord, conn: &mut SqliteConnection) -> Result<()> {
    let done = sqlx::query(
        "insert into turns (id, tenant_id, user_id, thread_id, status, attempt, created_at)
         values (?3, ?1, ?2, ?4, ?5, ?6, ?7)
         on conflict (id) do nothing",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(turn.id.as_str())
    .bind(turn.thread_id.as_str())
    .bind(turn.status.as_str())
    .bind(i64::from(turn.attempt))
    .bind(turn.created_at.as_microsecond())
    .execute(conn)
    .await
    .map_err(fault)?;
    if done.rows_affected() == 0 {
        return Err(form::taken("turn", turn.id.as_str()));
    }
    Ok(())
}
