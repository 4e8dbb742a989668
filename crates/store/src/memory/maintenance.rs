//! The upkeep of a store in memory.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::{ThreadId, Timestamp};
use tokio::time::Instant;

use super::owner::{Hold, Owner, Thread, Turn, from_now};
use super::turns::put_batch;
use super::{Data, MemoryStore};
use crate::{
    Held, Idle, Lease, LogBatch, Maintenance, ProcessId, Result, TakenOver, TurnId, TurnKey,
    TurnRecord, TurnStatus, form,
};

#[async_trait]
impl Maintenance for MemoryStore {
    async fn append_logs(&self, batches: &[(Scope, LogBatch)]) -> Result<()> {
        for (_, batch) in batches {
            form::check_batch(batch)?;
        }
        let mut data = self.data();
        for (scope, batch) in batches {
            let owner = data.owners.get_mut(scope);
            let turn = owner.and_then(|owner| owner.turns.get_mut(&batch.turn));
            if let Some(turn) = turn.filter(|turn| turn.record.attempt == batch.attempt) {
                put_batch(&mut turn.log, batch.clone());
            }
        }
        Ok(())
    }

    async fn running_turns(&self) -> Result<Vec<(Scope, TurnRecord)>> {
        let mut running = self.data().running(|turn| Some(turn.record.clone()));
        running.sort_by(|(_, a), (_, b)| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(running)
    }

    async fn abandoned_turns(&self, limit: u32) -> Result<Vec<(Scope, TurnRecord)>> {
        let mut abandoned = self.data().running(|turn| {
            let has_run_out = turn.hold.has_run_out();
            has_run_out.then(|| (turn.hold.until, turn.record.clone()))
        });
        abandoned.sort_by(|(_, (a, one)), (_, (b, other))| (a, &one.id).cmp(&(b, &other.id)));
        let first = usize::try_from(limit).unwrap_or(usize::MAX);
        let first = abandoned.into_iter().take(first);
        Ok(first.map(|(scope, (_, record))| (scope, record)).collect())
    }

    async fn take_over(
        &self,
        scope: &Scope,
        turn: &TurnId,
        from_attempt: u32,
        lease: &Lease,
    ) -> Result<Option<TakenOver>> {
        Ok(self.write(scope, |owner| {
            let turn = owner.running(turn)?;
            if turn.record.attempt != from_attempt || !turn.hold.has_run_out() {
                return None;
            }
            turn.record.attempt = from_attempt.checked_add(1)?;
            let is_stop_asked = turn.hold.is_stop_asked;
            turn.hold = Hold {
                is_stop_asked,
                read_until: turn.hold.read_until,
                ..Hold::of(lease)
            };
            Some(TakenOver {
                continuation: turn.continuation.clone(),
                is_stop_asked,
            })
        }))
    }

    async fn renew_leases(&self, lease: &Lease, turns: &[(Scope, TurnKey)]) -> Result<Vec<Held>> {
        let mut data = self.data();
        let mut held = Vec::new();
        for (scope, key) in turns {
            let owner = data.owners.get_mut(scope);
            let turn = owner.and_then(|owner| owner.held(key, &lease.holder));
            if let Some(turn) = turn {
                turn.hold.until = from_now(lease.length);
                held.push(turn.hold.held(&key.turn));
            }
        }
        Ok(held)
    }

    async fn wanted_turns(&self, holder: &ProcessId) -> Result<Vec<Held>> {
        let held = self.data().running(|turn| {
            let held = turn.hold.held(&turn.record.id);
            let is_wanted = held.is_stop_asked || held.is_read_elsewhere;
            (turn.hold.holder == *holder && is_wanted).then_some(held)
        });
        Ok(held.into_iter().map(|(_, held)| held).collect())
    }

    async fn release_turn(&self, scope: &Scope, key: &TurnKey, holder: &ProcessId) -> Result<bool> {
        Ok(self.write(scope, |owner| {
            let Some(turn) = owner.held(key, holder) else {
                return false;
            };
            turn.hold.until = Instant::now();
            true
        }))
    }

    async fn release_all(&self) -> Result<()> {
        let now = Instant::now();
        let mut data = self.data();
        let owners = data.owners.values_mut();
        for turn in owners.flat_map(|owner| owner.turns.values_mut()) {
            turn.hold.until = turn.hold.until.min(now);
        }
        Ok(())
    }

    async fn drop_logs(&self, ended_before: Timestamp) -> Result<u64> {
        let mut dropped = 0;
        let mut data = self.data();
        for turn in data
            .owners
            .values_mut()
            .flat_map(|owner| owner.turns.values_mut())
        {
            let ended = turn
                .record
                .ended_at
                .is_some_and(|ended| ended < ended_before);
            if ended && !turn.log.is_empty() {
                turn.log.clear();
                dropped += 1;
            }
        }
        Ok(dropped)
    }

    async fn sweep(&self, now: Timestamp) -> Result<()> {
        let mut data = self.data();
        let last = form::forgotten_day(now);
        for owner in data.owners.values_mut() {
            owner.tokens.retain(|day, _| *day > last);
        }
        data.connecting.retain(|_, (_, way)| way.expires_at > now);
        Ok(())
    }

    async fn delete_idle_threads(&self, idle: &Idle, limit: u32) -> Result<u64> {
        let mut data = self.data();
        let mut left = limit;
        let scopes = data.owners.keys();
        let scopes = scopes.filter(|scope| idle.tenants.has(&scope.tenant));
        for scope in scopes.cloned().collect::<Vec<Scope>>() {
            data.change(&scope, |owner| {
                let threads: Vec<_> = owner.idle_threads(idle.since);
                for thread in threads {
                    if left > 0 && owner.delete_thread(&thread) {
                        left -= 1;
                    }
                }
            });
        }
        Ok(u64::from(limit - left))
    }

    async fn index_older(&self, _limit: u32) -> Result<u64> {
        Ok(0)
    }

    async fn ping(&self) -> Result<()> {
        Ok(())
    }
}

impl Data {
    /// What is told of each running turn, with its owner.
    fn running<T>(&self, mut tell: impl FnMut(&Turn) -> Option<T>) -> Vec<(Scope, T)> {
        let mut told = Vec::new();
        for (scope, owner) in &self.owners {
            let turns = owner.turns.values();
            let running = turns.filter(|turn| turn.record.status == TurnStatus::Running);
            told.extend(running.filter_map(|turn| Some((scope.clone(), tell(turn)?))));
        }
        told
    }
}

impl Owner {
    /// The threads in which nothing happened since then.
    fn idle_threads(&self, since: Timestamp) -> Vec<ThreadId> {
        let is_idle = |thread: &&Thread| {
            let mut turns = self.turns.values().map(|turn| &turn.record);
            let newest = thread.order.last().map(|(time, _)| *time);
            thread.metadata.created_at < since
                && newest.is_none_or(|time| time < since.as_microsecond())
                && turns.all(|turn| {
                    turn.thread_id != thread.metadata.id
                        || (turn.created_at < since
                            && turn.ended_at.is_some_and(|ended| ended < since))
                })
        };
        let idle = self.threads.values().filter(is_idle);
        idle.map(|thread| thread.metadata.id.clone()).collect()
    }

    /// A turn that runs under this attempt and is held by this process.
    fn held(&mut self, key: &TurnKey, holder: &ProcessId) -> Option<&mut Turn> {
        let turn = self.running(&key.turn)?;
        let is_held = turn.record.attempt == key.attempt && turn.hold.holder == *holder;
        is_held.then_some(turn)
    }
}
