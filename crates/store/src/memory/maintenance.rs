//! The upkeep of a store in memory.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::Timestamp;

use super::MemoryStore;
use super::turns::put_batch;
use crate::{LogBatch, Maintenance, Result, TurnId, TurnRecord, TurnStatus, form};

#[async_trait]
impl Maintenance for MemoryStore {
    async fn append_logs(&self, batches: &[LogBatch]) -> Result<()> {
        for batch in batches {
            form::check_batch(batch)?;
        }
        let mut data = self.data();
        let data = &mut *data;
        for batch in batches {
            let owner = data.turn_owners.get(&batch.turn);
            let owner = owner.and_then(|owner| data.owners.get_mut(owner));
            let turn = owner.and_then(|owner| owner.turns.get_mut(&batch.turn));
            if let Some(turn) = turn.filter(|turn| turn.record.attempt == batch.attempt) {
                put_batch(&mut turn.log, batch.clone());
            }
        }
        Ok(())
    }

    async fn running_turns(&self) -> Result<Vec<(Scope, TurnRecord)>> {
        let data = self.data();
        let all = data
            .owners
            .iter()
            .flat_map(|(scope, owner)| owner.turns.values().map(move |turn| (scope, &turn.record)));
        let running = all.filter(|(_, record)| record.status == TurnStatus::Running);
        let mut running: Vec<_> = running
            .map(|(scope, record)| (scope.clone(), record.clone()))
            .collect();
        running.sort_by(|(_, a), (_, b)| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(running)
    }

    async fn take_over(&self, scope: &Scope, turn: &TurnId, from_attempt: u32) -> Result<bool> {
        Ok(self.write(scope, |owner| {
            let running = owner.turns.get_mut(turn).filter(|turn| {
                turn.record.status == TurnStatus::Running && turn.record.attempt == from_attempt
            });
            let next = from_attempt.checked_add(1);
            let (Some(turn), Some(next)) = (running, next) else {
                return false;
            };
            turn.record.attempt = next;
            true
        }))
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

    async fn ping(&self) -> Result<()> {
        Ok(())
    }
}
