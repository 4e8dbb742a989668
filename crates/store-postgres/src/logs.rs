//! Logs of turns.

use std::collections::HashMap;

use bytes::Bytes;
use frontdesk_identity::Scope;
use frontdesk_store::limit::{LOG_PAGE_BATCHES, LOG_PAGE_BYTES};
use frontdesk_store::{EventId, LogBatch, Result, TurnId};

use crate::PostgresStore;
use crate::fault::Tried;
use crate::row;
use crate::text::stored;

/// The most bytes of events in one statement, and one batch more.
const APPENDED_AT_ONCE: usize = 64 * 1024 * 1024;

impl PostgresStore {
    pub(crate) async fn log(
        &self,
        scope: &Scope,
        turn: &TurnId,
        after: Option<EventId>,
    ) -> Result<Vec<LogBatch>> {
        let (attempt, seq) = after.map_or((-1, 0), |after| {
            (i64::from(after.attempt), row::integer(after.seq))
        });
        let statement = sqlx::query(
            "select attempt, first_seq, last_seq, events
             from (
                 select attempt, first_seq, last_seq, events,
                     sum(octet_length(events)) over (
                         order by attempt, first_seq
                         rows between unbounded preceding and 1 preceding
                     ) as bytes_before
                 from (
                     select attempt, first_seq, last_seq, events
                     from turn_logs
                     where tenant_id = $1 and user_id = $2 and turn_id = $3
                         and (attempt, last_seq) > ($4, $5)
                     order by attempt, first_seq
                     limit $6
                 ) as next
             ) as page
             where coalesce(bytes_before, 0) < $7
             order by attempt, first_seq",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(turn.as_str()))
        .bind(attempt)
        .bind(seq)
        .bind(i64::from(LOG_PAGE_BATCHES))
        .bind(i64::try_from(LOG_PAGE_BYTES).unwrap_or(i64::MAX));
        let rows = self.rows(statement).await?;
        let batches = rows.iter().map(|row| {
            Ok(LogBatch {
                turn: turn.clone(),
                attempt: row::number(row::column(row, "attempt")?)?,
                first_seq: row::number(row::column(row, "first_seq")?)?,
                last_seq: row::number(row::column(row, "last_seq")?)?,
                events: Bytes::from(row::column::<Vec<u8>>(row, "events")?),
            })
        });
        batches.collect()
    }

    /// Appends to the logs of any number of turns, in one statement unless it is much.
    pub(crate) async fn append(&self, batches: &[(Scope, LogBatch)]) -> Result<()> {
        let mut bytes = 0;
        let portions = batches.chunk_by(|_, (_, next)| {
            bytes += next.events.len();
            let fits = bytes <= APPENDED_AT_ONCE;
            if !fits {
                bytes = 0;
            }
            fits
        });
        for portion in portions {
            let longest = longest(portion);
            let mut attempts = 1;
            while let Err(fault) = self.append_at_once(&longest).await {
                if !fault.may_pass(attempts) {
                    return Err(fault.into());
                }
                attempts += 1;
            }
        }
        Ok(())
    }

    async fn append_at_once(&self, batches: &[&(Scope, LogBatch)]) -> Tried<()> {
        let column = |of: fn(&(Scope, LogBatch)) -> i64| -> Vec<i64> {
            batches.iter().map(|batch| of(batch)).collect()
        };
        let tenants: Vec<&str> = batches
            .iter()
            .map(|(scope, _)| scope.tenant.as_str())
            .collect();
        let users: Vec<&str> = batches
            .iter()
            .map(|(scope, _)| scope.user.as_str())
            .collect();
        let turns: Vec<_> = batches
            .iter()
            .map(|(_, batch)| stored(batch.turn.as_str()))
            .collect();
        let events: Vec<&[u8]> = batches.iter().map(|(_, batch)| &*batch.events).collect();
        // The turns are locked in one order by all that lock several, so that none waits for another in a circle.
        let statement = sqlx::query(
            "with batch as (
                 select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[],
                     $5::bigint[], $6::bigint[], $7::bytea[])
                     as batch (tenant_id, user_id, turn_id, attempt, first_seq, last_seq, events)
             ), living as (
                 select tenant_id, user_id, id, attempt from turns
                 where (tenant_id, user_id, id) in (select tenant_id, user_id, turn_id from batch)
                 order by tenant_id, user_id, id
                 for share of turns
             )
             insert into turn_logs
                 (tenant_id, user_id, turn_id, attempt, first_seq, last_seq, events)
             select living.tenant_id, living.user_id, living.id, living.attempt,
                 batch.first_seq, batch.last_seq, batch.events
             from living
                 join batch on batch.tenant_id = living.tenant_id
                     and batch.user_id = living.user_id and batch.turn_id = living.id
                     and batch.attempt = living.attempt
             on conflict (tenant_id, user_id, turn_id, attempt, first_seq) do update
                 set last_seq = excluded.last_seq, events = excluded.events
                 where excluded.last_seq > turn_logs.last_seq",
        )
        .bind(tenants)
        .bind(users)
        .bind(turns)
        .bind(column(|(_, batch)| i64::from(batch.attempt)))
        .bind(column(|(_, batch)| row::integer(batch.first_seq)))
        .bind(column(|(_, batch)| row::integer(batch.last_seq)))
        .bind(events);
        self.logs.run(statement).await.map(drop)
    }
}

/// The longest batch from each first event, for a statement can't store two of them.
fn longest(batches: &[(Scope, LogBatch)]) -> Vec<&(Scope, LogBatch)> {
    let mut places = HashMap::new();
    let mut longest: Vec<&(Scope, LogBatch)> = Vec::new();
    for entry in batches {
        let (scope, batch) = entry;
        let first = (scope, &batch.turn, batch.attempt, batch.first_seq);
        let place = *places.entry(first).or_insert(longest.len());
        match longest.get_mut(place) {
            Some(there) if batch.last_seq > there.1.last_seq => *there = entry,
            Some(_) => {}
            None => longest.push(entry),
        }
    }
    longest
}

/// Batches of one turn as they are stored, column by column; each first event once.
#[derive(Debug, Default)]
pub(crate) struct LogRows {
    pub(crate) first: Vec<i64>,
    pub(crate) last: Vec<i64>,
    pub(crate) events: Vec<Bytes>,
}

impl LogRows {
    pub(crate) fn new(batches: &[LogBatch]) -> Self {
        let mut rows = Self::default();
        for batch in batches {
            let (first, last) = (row::integer(batch.first_seq), row::integer(batch.last_seq));
            let place = rows.first.iter().position(|there| *there == first);
            let there = place.and_then(|at| rows.last.get_mut(at).zip(rows.events.get_mut(at)));
            match there {
                Some((there, events)) if last > *there => {
                    *there = last;
                    *events = batch.events.clone();
                }
                Some(_) => {}
                None => {
                    rows.first.push(first);
                    rows.last.push(last);
                    rows.events.push(batch.events.clone());
                }
            }
        }
        rows
    }

    pub(crate) fn events(&self) -> Vec<&[u8]> {
        self.events.iter().map(|events| &**events).collect()
    }
}
