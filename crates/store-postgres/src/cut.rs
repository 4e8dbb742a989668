//! What goes before something is stored: the rest of a thread that is cut off, and items that are removed.

use frontdesk_identity::Scope;
use frontdesk_protocol::{ItemId, ThreadId};
use frontdesk_store::Trim;
use sqlx::Row;

use crate::fault::Tried;
use crate::items::ItemRows;
use crate::store::{Statement, Transaction};
use crate::text::{read, stored};

/// Items to remove. One statement can't remove an item and store it anew, so where that is asked for, all are removed
/// by a statement before.
#[derive(Debug, Default)]
pub(crate) struct Removal {
    ids: Vec<String>,
    goes_first: bool,
}

impl Removal {
    pub(crate) fn new(remove: &[ItemId], put: &ItemRows) -> Self {
        let ids = remove.iter().map(|id| stored(id.as_str()).into_owned());
        let ids: Vec<String> = ids.collect();
        Self {
            goes_first: ids.iter().any(|id| put.ids.contains(id)),
            ids,
        }
    }

    /// Whether the items are removed by a statement before.
    pub(crate) fn goes_first(&self) -> bool {
        self.goes_first
    }

    /// What the statement removes that stores items.
    pub(crate) fn beside(&self) -> &[String] {
        if self.goes_first { &[] } else { &self.ids }
    }

    /// The statement before.
    pub(crate) fn first<'q>(&'q self, scope: &'q Scope, thread: &'q ThreadId) -> Statement<'q> {
        sqlx::query(
            "delete from items
             where tenant_id = $1 and user_id = $2 and thread_id = $3 and id = any($4)",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()))
        .bind(&self.ids)
    }
}

/// What was cut off a thread.
#[derive(Debug, Default)]
pub(crate) struct Trimmed {
    /// The removed items, oldest first.
    pub(crate) items: Vec<ItemId>,
    /// The attachments that they named, as they are stored.
    named: Vec<String>,
}

/// Cuts a thread off; `None` if the item isn't there.
///
/// The thread is locked first, as whoever deletes it does, and by a statement of its own: a statement sees what was
/// stored before it, so a turn that ends between the cut and the next beginning would be seen by neither.
pub(crate) async fn trim(
    transaction: &mut Transaction,
    scope: &Scope,
    thread: &ThreadId,
    trim: &Trim,
) -> Tried<Option<Trimmed>> {
    let lock = sqlx::query(
        "select 1 from threads
         where tenant_id = $1 and user_id = $2 and id = $3
         for update",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(stored(thread.as_str()));
    if transaction.row(lock).await?.is_none() {
        return Ok(None);
    }
    let keeps_item = match trim {
        Trim::After(_) => true,
        Trim::From(_) => false,
    };
    let statement = sqlx::query(TRIM)
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()))
        .bind(stored(trim.item().as_str()))
        .bind(keeps_item);
    let Some(row) = transaction.row(statement).await? else {
        return Ok(None);
    };
    let items: Vec<String> = row.try_get("items")?;
    Ok(Some(Trimmed {
        items: items.into_iter().map(|id| ItemId::new(read(id))).collect(),
        named: row.try_get("named")?,
    }))
}

impl Trimmed {
    /// Deletes those of the attachments that belong to the thread and that none of its items names any more.
    pub(crate) async fn delete_unnamed(
        &self,
        transaction: &mut Transaction,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Tried<()> {
        if self.named.is_empty() {
            return Ok(());
        }
        let statement = sqlx::query(
            "delete from attachments
             where tenant_id = $1 and user_id = $2 and thread_id = $3 and id = any($4)
                 and not exists (
                     select from items, jsonb_path_query(item, '$.attachments[*].id') as named
                     where items.tenant_id = $1 and items.user_id = $2 and items.thread_id = $3
                         and named #>> '{}' = attachments.id)",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()))
        .bind(&self.named);
        transaction.run(statement).await.map(drop)
    }
}

const TRIM: &str = "
with cut as (
    select created_at from items
    where tenant_id = $1 and user_id = $2 and thread_id = $3 and id = $4
), removed as (
    delete from items using cut
    where items.tenant_id = $1 and items.user_id = $2 and items.thread_id = $3
        and (items.created_at, items.id) >= (cut.created_at, $4) and not ($5 and items.id = $4)
    returning items.created_at, items.id, items.item
), later as (
    select turns.id from turns, cut
    where turns.tenant_id = $1 and turns.user_id = $2 and turns.thread_id = $3
        and turns.created_at >= cut.created_at
), unstepped as (
    delete from steps using later
    where steps.tenant_id = $1 and steps.user_id = $2 and steps.turn_id = later.id
), unlogged as (
    delete from turn_logs using later
    where turn_logs.tenant_id = $1 and turn_logs.user_id = $2 and turn_logs.turn_id = later.id
)
select
    array(select id from removed order by created_at, id) as items,
    array(
        select distinct named #>> '{}'
        from removed, jsonb_path_query(removed.item, '$.attachments[*].id') as named
        where jsonb_typeof(named) = 'string'
    ) as named
from cut";
