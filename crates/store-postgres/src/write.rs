//! The writes of a running turn: one statement. Everything in it asks the fence.

use frontdesk_identity::Scope;
use frontdesk_store::{Result, StoreError, TurnEnd, TurnKey, TurnWrite, UtcDay, Written, form};

use crate::PostgresStore;
use crate::cut::Removal;
use crate::fault::{Fault, Tried};
use crate::items::ItemRows;
use crate::logs::LogRows;
use crate::row;
use crate::steps::StepRows;
use crate::store::Statement;
use crate::text::stored;
use crate::threads::PatchRow;

pub(crate) struct Write<'s> {
    scope: &'s Scope,
    key: &'s TurnKey,
    put: ItemRows,
    removal: Removal,
    steps: StepRows,
    changes_thread: bool,
    thread: PatchRow,
    log: LogRows,
    end: Option<TurnEnd>,
}

impl<'s> Write<'s> {
    pub(crate) fn new(scope: &'s Scope, key: &'s TurnKey, write: TurnWrite) -> Result<Self> {
        form::check_write(key, &write)?;
        let put = ItemRows::new(scope, &key.thread, &write.put)?;
        let patch = write
            .thread
            .map(|patch| PatchRow::new(scope, &key.thread, patch));
        Ok(Self {
            scope,
            key,
            removal: Removal::new(&write.remove, &put),
            put,
            steps: StepRows::new(key, &write.steps)?,
            changes_thread: patch.is_some(),
            thread: patch.transpose()?.unwrap_or_default(),
            log: LogRows::new(&write.log),
            end: write.end,
        })
    }

    pub(crate) async fn run(&self, store: &PostgresStore) -> Result<Written> {
        let _alone = if self.end.is_some_and(|end| end.tokens > 0) {
            let most = store.pool.patience();
            store.counting.alone(self.scope, most).await
        } else {
            None
        };
        let mut attempts = 1;
        loop {
            match self.run_once(store).await {
                Ok(true) => return Ok(Written::Stored),
                Ok(false) => return Ok(Written::Gone),
                Err(fault) if fault.may_pass(attempts) => attempts += 1,
                Err(fault) => return Err(self.refused(fault)),
            }
        }
    }

    /// Writes, and says whether the fence was passed.
    async fn run_once(&self, store: &PostgresStore) -> Tried<bool> {
        if !self.removal.goes_first() {
            return Ok(store.row(self.statement()).await?.is_some());
        }
        let mut transaction = store.begin().await?;
        let remove = self.removal.first(self.scope, &self.key.thread);
        let passed = transaction.row(self.fence()).await?.is_some();
        if passed {
            transaction.run(remove).await?;
            transaction.row(self.statement()).await?;
            transaction.commit().await?;
        } else {
            transaction.roll_back().await?;
        }
        Ok(passed)
    }

    /// The fence alone: a row if the turn runs under the key's attempt, and a lock that keeps it so.
    fn fence(&self) -> Statement<'_> {
        sqlx::query(
            "with thread as (
                 select 1 from threads
                 where tenant_id = $1 and user_id = $2 and id = $3
                 for key share
             )
             select 1 from turns
             where tenant_id = $1 and user_id = $2 and id = $4 and thread_id = $3
                 and attempt = $5 and status = 'running' and exists (select from thread)
             for no key update",
        )
        .bind(self.scope.tenant.as_str())
        .bind(self.scope.user.as_str())
        .bind(stored(self.key.thread.as_str()))
        .bind(stored(self.key.turn.as_str()))
        .bind(i64::from(self.key.attempt))
    }

    fn statement(&self) -> Statement<'_> {
        let end = self.end.as_ref();
        // A turn ends once, so its tokens are added once.
        let tokens = end.map_or(0, |end| row::integer(form::counted_tokens(end.tokens)));
        let thread = &self.thread;
        sqlx::query(WRITE)
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(stored(self.key.thread.as_str()))
            .bind(stored(self.key.turn.as_str()))
            .bind(i64::from(self.key.attempt))
            .bind(self.removal.beside())
            .bind(&self.put.ids)
            .bind(&self.put.created_at)
            .bind(&self.put.items)
            .bind(&self.put.as_written)
            .bind(&self.steps.numbers)
            .bind(&self.steps.versions)
            .bind(&self.steps.data)
            .bind(self.changes_thread)
            .bind(thread.changes_title)
            .bind(thread.whatever_title)
            .bind(thread.title_was.as_deref())
            .bind(thread.title.as_deref())
            .bind(thread.status.as_deref())
            .bind(thread.metadata.as_deref())
            .bind(thread.changes_domains)
            .bind(thread.image_domains.as_deref())
            .bind(&self.log.first)
            .bind(&self.log.last)
            .bind(self.log.events())
            .bind(end.map(|end| end.status.as_str()))
            .bind(end.map(|end| end.at.as_microsecond()))
            .bind(end.map(|end| UtcDay::of(end.at).number()))
            .bind(tokens)
            .bind(&self.put.words)
            .bind(thread.words.as_str())
    }

    /// The failure of the write, where an id is taken.
    fn refused(&self, fault: Fault) -> StoreError {
        match fault.refused_by() {
            Some("items") => self.put.refused(fault),
            _ => fault.of_write("step of turn", self.key.turn.as_str()),
        }
    }
}

/// PostgreSQL performs the parts that nothing reads from the last to the first: what other ends of the owner's turns wait for
/// comes first here, so that they wait no longer than for its commit.
const WRITE: &str = "
with thread as (
    select 1 from threads
    where tenant_id = $1 and user_id = $2 and id = $3
    for key share
), fence as (
    select 1 from turns
    where tenant_id = $1 and user_id = $2 and id = $4 and thread_id = $3 and attempt = $5
        and status = 'running' and exists (select from thread)
    for no key update
), used as (
    insert into usage (tenant_id, user_id, day, tokens)
    select $1, $2, $28, $29
    from fence
    where $29 > 0
    on conflict (tenant_id, user_id, day) do update
        set tokens = usage.tokens + excluded.tokens
), removed as (
    delete from items using fence
    where tenant_id = $1 and user_id = $2 and thread_id = $3 and id = any($6::text[])
), put as (
    insert into items
        (tenant_id, user_id, id, thread_id, turn_id, created_at, item, as_written, words)
    select $1, $2, new.id, $3, $4, new.created_at, new.item::jsonb, new.as_written::json,
        array_to_tsvector(string_to_array(new.words, ' '))
    from fence, unnest($7::text[], $8::bigint[], $9::text[], $10::text[], $30::text[])
        as new (id, created_at, item, as_written, words)
    on conflict (tenant_id, user_id, id) do update set
        thread_id = case when items.thread_id = excluded.thread_id then items.thread_id end,
        item = excluded.item, as_written = excluded.as_written, words = excluded.words
), stepped as (
    insert into steps (tenant_id, user_id, turn_id, number, version, data)
    select $1, $2, $4, new.number, new.version, new.data
    from fence, unnest($11::bigint[], $12::integer[], $13::text[]) as new (number, version, data)
    on conflict (tenant_id, user_id, turn_id, number) do update set
        data = case when steps.version = excluded.version and steps.data = excluded.data
            then steps.data end
), changed as (
    update threads set
        title = case when $15 and ($16 or title is not distinct from $17) then $18 else title end,
        status = coalesce($19::json, status),
        metadata = coalesce($20::json, metadata),
        image_domains = case when $21 then $22::json else image_domains end,
        words = case when $15 and ($16 or title is not distinct from $17)
            then array_to_tsvector(string_to_array($31, ' ')) else words end
    from fence
    where tenant_id = $1 and user_id = $2 and id = $3 and $14
), logged as (
    insert into turn_logs (tenant_id, user_id, turn_id, attempt, first_seq, last_seq, events)
    select $1, $2, $4, $5, new.first_seq, new.last_seq, new.events
    from fence, unnest($23::bigint[], $24::bigint[], $25::bytea[])
        as new (first_seq, last_seq, events)
    on conflict (tenant_id, user_id, turn_id, attempt, first_seq) do update
        set last_seq = excluded.last_seq, events = excluded.events
        where excluded.last_seq > turn_logs.last_seq
), ended as (
    update turns set status = $26, ended_at = $27,
        continuation_version = null, continuation = null
    from fence
    where tenant_id = $1 and user_id = $2 and id = $4 and $26 is not null
)
select 1 from fence";
