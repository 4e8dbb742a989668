//! What a follow-up message reads before its turn begins and before it is answered, one statement each.

use frontdesk_identity::Scope;
use frontdesk_protocol::ThreadId;
use frontdesk_store::limit::page_limit;
use frontdesk_store::{Entered, Result, Step, StoredItem, TurnId};
use serde_json::value::RawValue;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::SqliteStore;
use crate::fault::fault;
use crate::items;
use crate::row;
use crate::threads::ThreadRow;
use crate::turns::TurnRow;

impl SqliteStore {
    /// A thread with the turn that runs in it, its latest time and its newest turn.
    pub(crate) async fn entered(
        &self,
        scope: &Scope,
        thread: &ThreadId,
    ) -> Result<Option<Entered>> {
        let found = sqlx::query(ENTERED)
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(thread.as_str())
            .fetch_optional(&mut *self.reader().await?)
            .await
            .map_err(fault)?;
        let Some(found) = found else {
            return Ok(None);
        };
        let thread = ThreadRow::from_row(&found).map_err(fault)?.read()?;
        let running: Option<&str> = found.try_get("turn_id").map_err(fault)?;
        let running = running.map(|_| TurnRow::beside(&found, "turn_"));
        let running = running.transpose().map_err(fault)?;
        let newest: Option<i64> = found.try_get("newest").map_err(fault)?;
        let last_turn: Option<String> = found.try_get("last_turn").map_err(fault)?;
        Ok(Some(Entered {
            thread,
            running: running.map(TurnRow::read).transpose()?,
            newest: newest.map(row::time).transpose()?,
            last_turn: last_turn.map(TurnId::new),
        }))
    }

    /// The newest items of a thread, oldest first, with the steps of their turns.
    pub(crate) async fn past_of(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        limit: u32,
    ) -> Result<(Vec<StoredItem>, Vec<Step>)> {
        let rows: Vec<PastRow> = sqlx::query_as(PAST)
            .bind(scope.tenant.as_str())
            .bind(scope.user.as_str())
            .bind(thread.as_str())
            .bind(i64::from(page_limit(limit)))
            .fetch_all(&mut *self.reader().await?)
            .await
            .map_err(fault)?;
        let (mut items, mut steps) = (Vec::new(), Vec::new());
        for row in rows {
            match row {
                PastRow::Item { turn, time, json } => items.push(StoredItem {
                    item: items::read(time, &json)?,
                    turn: turn.map(TurnId::new),
                }),
                PastRow::Step {
                    turn,
                    number,
                    version,
                    data,
                } => steps.push(Step {
                    turn: TurnId::new(turn),
                    number: row::number(number)?,
                    version: row::number(version)?,
                    data: RawValue::from_string(data)
                        .map_err(|error| row::corrupt("step", error))?,
                }),
            }
        }
        Ok((items, steps))
    }
}

enum PastRow {
    Item {
        turn: Option<String>,
        time: i64,
        json: String,
    },
    Step {
        turn: String,
        number: i64,
        version: i64,
        data: String,
    },
}

impl FromRow<'_, SqliteRow> for PastRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        if row.try_get("is_step")? {
            Ok(Self::Step {
                turn: row.try_get("turn_id")?,
                number: row.try_get("number")?,
                version: row.try_get("version")?,
                data: row.try_get("content")?,
            })
        } else {
            Ok(Self::Item {
                turn: row.try_get("turn_id")?,
                time: row.try_get("created_at")?,
                json: row.try_get("content")?,
            })
        }
    }
}

const ENTERED: &str = "
select threads.id, threads.created_at, threads.title, threads.status, threads.image_domains,
    threads.metadata, threads.extra,
    turns.id as turn_id, turns.thread_id as turn_thread_id, turns.status as turn_status,
    turns.attempt as turn_attempt, turns.created_at as turn_created_at,
    turns.ended_at as turn_ended_at, turns.request_key as turn_request_key,
    turns.request_body as turn_request_body,
    (select max(latest) from (
        select max(created_at) as latest from items
            where tenant_id = ?1 and user_id = ?2 and thread_id = ?3
        union all
        select max(created_at) from turns
            where tenant_id = ?1 and user_id = ?2 and thread_id = ?3
    )) as newest,
    (select id from turns
        where tenant_id = ?1 and user_id = ?2 and thread_id = ?3
        order by created_at desc, id desc
        limit 1) as last_turn
from threads
    left join turns on turns.tenant_id = ?1 and turns.user_id = ?2
        and turns.thread_id = threads.id and turns.status = 'running'
where threads.tenant_id = ?1 and threads.user_id = ?2 and threads.id = ?3";

/// Places count from the newest item.
const PAST: &str = "
with newest as (
    select turn_id, created_at, id, item
    from items
    where tenant_id = ?1 and user_id = ?2 and thread_id = ?3
    order by created_at desc, id desc
    limit ?4
), recent as materialized (
    select turn_id, created_at, item, row_number() over (order by created_at desc, id desc) as place
    from newest
), wrote as (
    select turn_id, max(place) as place from recent where turn_id is not null group by turn_id
)
select 0 as is_step, place, turn_id, created_at, item as content, null as number, null as version
from recent
union all
select 1, wrote.place, steps.turn_id, null, steps.data, steps.number, steps.version
from wrote
    cross join turns on turns.id = wrote.turn_id
    cross join steps on steps.turn_id = turns.id
where turns.tenant_id = ?1 and turns.user_id = ?2 and turns.thread_id = ?3
    and steps.tenant_id = ?1 and steps.user_id = ?2
order by is_step, place desc, number";
