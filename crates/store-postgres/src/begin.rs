//! The beginning of a turn: one statement, unless something has to go before.

use frontdesk_identity::Scope;
use frontdesk_protocol::ThreadId;
use frontdesk_store::{
    After, Began, BeginTurn, Continuation, Lease, Result, StoreError, Trim, TurnId, TurnRecord,
    form,
};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::attachments::AttachmentRows;
use crate::cut::{self, Removal, Trimmed};
use crate::fault::{Fault, Tried};
use crate::items::ItemRows;
use crate::row;
use crate::store::Statement;
use crate::text::stored;
use crate::threads::ThreadRow;
use crate::turns::turn_of;

pub(crate) struct Begin<'s> {
    scope: &'s Scope,
    turn: TurnRecord,
    new_thread: Option<ThreadRow>,
    after: After,
    trim: Option<Trim>,
    put: ItemRows,
    removal: Removal,
    attachments: AttachmentRows,
    lease: Lease,
    continuation: Option<Continuation>,
}

impl<'s> Begin<'s> {
    pub(crate) fn new(scope: &'s Scope, begin: BeginTurn) -> Result<Self> {
        form::check_begin(&begin)?;
        let thread = begin.turn.thread_id.clone();
        let new_thread = begin.new_thread.as_ref();
        let new_thread = new_thread.map(|thread| ThreadRow::new(scope, thread));
        let put = ItemRows::new(scope, &thread, &begin.put)?;
        Ok(Self {
            scope,
            turn: begin.turn,
            new_thread: new_thread.transpose()?,
            after: begin.after,
            trim: begin.trim,
            removal: Removal::new(&begin.remove, &put),
            put,
            attachments: AttachmentRows::linked(&thread, begin.attachments)?,
            lease: begin.lease,
            continuation: begin.continuation,
        })
    }

    pub(crate) async fn run(&self, store: &PostgresStore) -> Result<Began> {
        let mut attempts = 1;
        loop {
            match self.run_once(store).await? {
                Ok(began) => return Ok(began),
                Err(fault) if fault.may_pass(attempts) => attempts += 1,
                Err(fault) => return Err(self.refused(fault)),
            }
        }
    }

    async fn run_once(&self, store: &PostgresStore) -> Result<Tried<Began>> {
        if self.trim.is_some() || self.removal.goes_first() {
            return self.run_after_cut(store).await;
        }
        match store.row(self.statement()).await {
            Ok(row) => began(row.as_ref()).map(Ok),
            Err(fault) => Ok(Err(fault)),
        }
    }

    /// Begins after something was removed, in a transaction of both.
    async fn run_after_cut(&self, store: &PostgresStore) -> Result<Tried<Began>> {
        let mut is_cut = true;
        let outcome = async {
            let mut transaction = store.begin().await?;
            let trimmed = match &self.trim {
                Some(trim) => cut::trim(&mut transaction, self.scope, self.thread(), trim).await?,
                None => Some(Trimmed::default()),
            };
            is_cut = trimmed.is_some();
            if self.removal.goes_first() {
                let remove = self.removal.first(self.scope, self.thread());
                transaction.run(remove).await?;
            }
            let row = transaction.row(self.statement()).await?;
            if let Some(trimmed) = &trimmed {
                let thread = self.thread();
                trimmed
                    .delete_unnamed(&mut transaction, self.scope, thread)
                    .await?;
            }
            Tried::Ok((transaction, trimmed, row))
        };
        let (transaction, trimmed, row) = match outcome.await {
            Ok(outcome) => outcome,
            // Nothing would have been put, so it doesn't matter whose the ids are.
            Err(fault) if !is_cut && fault.refused_by().is_some() => return Ok(Ok(Began::NoItem)),
            Err(fault) => return Ok(Err(fault)),
        };
        let began = match (began(row.as_ref())?, trimmed) {
            (Began::Started { .. }, Some(trimmed)) => Began::Started {
                removed: trimmed.items,
            },
            (Began::Started { .. }, None) => Began::NoItem,
            (refused, _) => refused,
        };
        let ended = match &began {
            Began::Started { .. } => transaction.commit().await,
            _ => transaction.roll_back().await,
        };
        Ok(ended.map(|()| began))
    }

    fn thread(&self) -> &ThreadId {
        &self.turn.thread_id
    }

    /// All that can refuse the turn is found before `free`, and everything that changes something asks `free`.
    /// The thread is locked before anything of it, as whoever deletes it does.
    fn statement(&self) -> Statement<'_> {
        let turn = &self.turn;
        let request = turn.request.as_ref();
        let new = self.new_thread.as_ref();
        let continuation = self.continuation.as_ref();
        let (must_follow, seen) = match &self.after {
            After::Any => (false, None),
            After::Seen(seen) => (true, seen.as_ref().map(TurnId::as_str)),
        };
        sqlx::query(BEGIN)
            .bind(self.scope.tenant.as_str())
            .bind(self.scope.user.as_str())
            .bind(stored(self.thread().as_str()))
            .bind(stored(turn.id.as_str()))
            .bind(request.and_then(|request| request.key.as_ref().map(<[u8; 32]>::as_slice)))
            .bind(request.map(|request| request.body.as_slice()))
            .bind(new.is_some())
            .bind(new.map(|new| new.created_at))
            .bind(new.and_then(|new| new.title.as_deref()))
            .bind(new.map(|new| new.status.as_str()))
            .bind(new.and_then(|new| new.image_domains.as_deref()))
            .bind(new.map(|new| new.metadata.as_str()))
            .bind(new.map(|new| new.extra.as_str()))
            .bind(self.removal.beside())
            .bind(&self.put.ids)
            .bind(&self.put.created_at)
            .bind(&self.put.items)
            .bind(&self.put.as_written)
            .bind(&self.attachments.ids)
            .bind(&self.attachments.attachments)
            .bind(&self.attachments.as_written)
            .bind(turn.status.as_str())
            .bind(i64::from(turn.attempt))
            .bind(turn.created_at.as_microsecond())
            .bind(continuation.map(|kept| i32::from(kept.version)))
            .bind(continuation.map(|kept| kept.data.get()))
            .bind(stored(self.lease.holder.as_str()))
            .bind(row::length(self.lease.length))
            .bind(new.map(|new| new.words.as_str()))
            .bind(&self.put.words)
            .bind(must_follow)
            .bind(seen.map(stored))
    }

    /// The failure of the beginning, where an id is taken.
    fn refused(&self, fault: Fault) -> StoreError {
        match (fault.refused_by(), fault.constraint()) {
            (Some("items"), _) => self.put.refused(fault),
            (Some("attachments"), _) => self.attachments.refused(fault),
            (_, Some("turns_pkey")) => fault.of_write("turn", self.turn.id.as_str()),
            _ => fault.of_write("thread", self.thread().as_str()),
        }
    }
}

fn began(row: Option<&PgRow>) -> Result<Began> {
    let Some(row) = row else {
        return Err(StoreError::Failed {
            detail: "the beginning of a turn gave no answer".to_owned(),
        });
    };
    match row::column(row, "outcome")? {
        "started" => Ok(Began::Started {
            removed: Vec::new(),
        }),
        "repeated" => Ok(Began::Repeated(turn_of(row)?)),
        "busy" => Ok(Began::Busy(turn_of(row)?)),
        "overtaken" => Ok(Began::Overtaken),
        _ => Ok(Began::NoThread),
    }
}

const BEGIN: &str = "
with repeated as (
    select id, thread_id, status, attempt, created_at, ended_at, request_key, request_body
    from turns
    where tenant_id = $1 and user_id = $2 and request_key = $5
), running as (
    select id, thread_id, status, attempt, created_at, ended_at, request_key, request_body
    from turns
    where tenant_id = $1 and user_id = $2 and thread_id = $3 and status = 'running' and not $7
), thread as (
    select 1 from threads
    where tenant_id = $1 and user_id = $2 and id = $3 and not $7
    for key share
), overtaken as (
    select 1
    where $31 and not $7 and $32 is distinct from (
        select id from turns
        where tenant_id = $1 and user_id = $2 and thread_id = $3
        order by created_at desc, id desc
        limit 1)
), free as (
    select 1
    where not exists (select from repeated) and not exists (select from running)
        and not exists (select from overtaken)
        and ($7 or exists (select from thread))
), opened as (
    insert into threads
        (tenant_id, user_id, id, created_at, title, status, image_domains, metadata, extra, words)
    select $1, $2, $3, $8, $9, $10::json, $11::json, $12::json, $13::json,
        array_to_tsvector(string_to_array($29, ' '))
    from free
    where $7
), removed as (
    delete from items using free
    where tenant_id = $1 and user_id = $2 and thread_id = $3 and id = any($14::text[])
), put as (
    insert into items
        (tenant_id, user_id, id, thread_id, turn_id, created_at, item, as_written, words)
    select $1, $2, new.id, $3, $4, new.created_at, new.item::jsonb, new.as_written::json,
        array_to_tsvector(string_to_array(new.words, ' '))
    from free, unnest($15::text[], $16::bigint[], $17::text[], $18::text[], $30::text[])
        as new (id, created_at, item, as_written, words)
    on conflict (tenant_id, user_id, id) do update set
        thread_id = case when items.thread_id = excluded.thread_id then items.thread_id end,
        item = excluded.item, as_written = excluded.as_written, words = excluded.words
), attached as (
    insert into attachments (tenant_id, user_id, id, thread_id, attachment, as_written)
    select $1, $2, new.id, $3, new.attachment::jsonb, new.as_written::json
    from free, unnest($19::text[], $20::text[], $21::text[]) as new (id, attachment, as_written)
    on conflict (tenant_id, user_id, id) do update set
        thread_id = excluded.thread_id,
        attachment = case when attachments.thread_id is null
            or attachments.thread_id = excluded.thread_id then excluded.attachment end,
        as_written = excluded.as_written
), started as (
    insert into turns (tenant_id, user_id, id, thread_id, status, attempt, created_at,
        request_key, request_body, continuation_version, continuation, holder, leased_until)
    select $1, $2, $4, $3, $22, $23, $24, $5, $6, $25, $26, $27,
        clock_timestamp() + $28 * interval '1 microsecond'
    from free
)
select
    case when exists (select from repeated) then 'repeated'
        when not $7 and not exists (select from thread) then 'no_thread'
        when exists (select from running) then 'busy'
        when exists (select from overtaken) then 'overtaken'
        else 'started' end as outcome,
    there.id, there.thread_id, there.status, there.attempt, there.created_at, there.ended_at,
    there.request_key, there.request_body
from (select) as answer
    left join (
        select * from repeated
        union all
        select * from running where not exists (select from repeated)
    ) as there on true";
