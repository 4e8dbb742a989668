//! What a follow-up message reads before its turn begins and before it is answered, one statement each.

use frontdesk_identity::Scope;
use frontdesk_protocol::ThreadId;
use frontdesk_store::limit::page_limit;
use frontdesk_store::{Entered, Result, Step, StoredItem, TurnId};

use crate::PostgresStore;
use crate::items::stored_item_of;
use crate::row;
use crate::steps::step_of;
use crate::text::{read, stored};
use crate::threads;
use crate::turns::turn_beside;

impl PostgresStore {
    /// A thread with the turn that runs in it, its latest time and its newest turn.
    pub(crate) async fn entered(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Option<Entered>> {
        let statement = sqlx::query(ENTERED)
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(stored(thread.as_str()));
        let Some(found) = self.row(statement).await? else {
            return Ok(None);
        };
        let running: Option<&str> = row::column(&found, "turn_id")?;
        let running = running.map(|_| turn_beside(&found, "turn_")).transpose()?;
        let newest: Option<i64> = row::column(&found, "newest")?;
        let last_turn: Option<String> = row::column(&found, "last_turn")?;
        Ok(Some(Entered {
            thread: threads::read(&found)?,
            running,
            newest: newest.map(row::time).transpose()?,
            last_turn: last_turn.map(|id| TurnId::new(read(id))),
        }))
    }

    /// The newest items of a thread, oldest first, with the steps of their turns.
    pub(crate) async fn past_of(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        limit: u32,
    ) -> Result<(Vec<StoredItem>, Vec<Step>)> {
        let statement = sqlx::query(PAST)
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(stored(thread.as_str()))
            .bind(i64::from(page_limit(limit)));
        let (mut items, mut steps) = (Vec::new(), Vec::new());
        for row in self.rows(statement).await? {
            if row::column(&row, "is_step")? {
                steps.push(step_of(&row)?);
            } else {
                items.push(stored_item_of(&row)?);
            }
        }
        Ok((items, steps))
    }
}

const ENTERED: &str = "
select threads.id, threads.created_at, threads.title, threads.status::text,
    threads.image_domains::text, threads.metadata::text, threads.extra::text,
    turns.id as turn_id, turns.thread_id as turn_thread_id, turns.status as turn_status,
    turns.attempt as turn_attempt, turns.created_at as turn_created_at,
    turns.ended_at as turn_ended_at, turns.request_key as turn_request_key,
    turns.request_body as turn_request_body,
    greatest(
        (select max(created_at) from items
            where tenant_id = $1 and user_id = $2 and thread_id = $3),
        last.created_at
    ) as newest,
    last.id as last_turn
from threads
    left join turns on turns.tenant_id = $1 and turns.user_id = $2
        and turns.thread_id = threads.id and turns.status = 'running'
    left join lateral (
        select created_at, id from turns
        where tenant_id = $1 and user_id = $2 and thread_id = $3
        order by created_at desc, id desc
        limit 1
    ) as last on true
where threads.tenant_id = $1 and threads.user_id = $2 and threads.id = $3";

/// Places count from the newest item.
const PAST: &str = "
with newest as (
    select turn_id, created_at, id, coalesce(as_written::text, item::text) as item
    from items
    where tenant_id = $1 and user_id = $2 and thread_id = $3
    order by created_at desc, id desc
    limit $4
), recent as materialized (
    select turn_id, created_at, item, row_number() over (order by created_at desc, id desc) as place
    from newest
), wrote as (
    select turn_id, max(place) as place from recent where turn_id is not null group by turn_id
)
select false as is_step, place, turn_id, created_at, item,
    null::bigint as number, null::integer as version, null::text as data
from recent
union all
select true, wrote.place, steps.turn_id, null, null, steps.number, steps.version, steps.data
from wrote
    join turns on turns.id = wrote.turn_id
        and turns.tenant_id = $1 and turns.user_id = $2 and turns.thread_id = $3
    join steps on steps.turn_id = turns.id
        and steps.tenant_id = $1 and steps.user_id = $2
order by is_step, place desc, number";
