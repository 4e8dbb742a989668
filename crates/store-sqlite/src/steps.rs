//! Steps.

use frontdesk_identity::Scope;
use frontdesk_protocol::ThreadId;
use frontdesk_store::{Result, Step, TurnId};
use serde_json::value::RawValue;
use sqlx::SqliteConnection;

use crate::fault::fault;
use crate::row;
use crate::script::Script;

pub(crate) async fn of_turns(
    scope: &Scope,
    thread: &ThreadId,
    turns: &[TurnId],
    conn: &mut SqliteConnection,
) -> Result<Vec<Step>> {
    let ids: Vec<&str> = turns.iter().map(TurnId::as_str).collect();
    let rows: Vec<(String, i64, i64, String)> = sqlx::query_as(
        "select steps.turn_id, steps.number, steps.version, steps.data
         from json_each(?4) as asked
             cross join turns on turns.id = asked.value
             cross join steps on steps.turn_id = turns.id
         where turns.tenant_id = ?1 and turns.user_id = ?2 and turns.thread_id = ?3
             and steps.tenant_id = ?1 and steps.user_id = ?2
         order by asked.key, steps.number",
    )
    .bind(scope.tenant.as_str())
    .bind(scope.user.as_str())
    .bind(thread.as_str())
    .bind(row::json("turns", &ids)?)
    .fetch_all(conn)
    .await
    .map_err(fault)?;
    let steps = rows.into_iter().map(|(turn, number, version, data)| {
        Ok(Step {
            turn: TurnId::new(turn),
            number: row::number(number)?,
            version: row::number(version)?,
            data: RawValue::from_string(data).map_err(|error| row::corrupt("step", error))?,
        })
    });
    steps.collect()
}

/// Stores a step. The same one may be there already; a different one may not, and would be left without data.
pub(crate) fn put(scope: &Scope, step: &Step, script: &mut Script<'_>) {
    script
        .add(
            "insert into steps (tenant_id, user_id, turn_id, number, version, data)
             values (?, ?, ?, ?, ?, ?)
             on conflict (turn_id, number) do update set
                 data = iif(steps.version = excluded.version and steps.data = excluded.data,
                     steps.data, null)",
            "step of turn",
            step.turn.as_str(),
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(step.turn.as_str())
        .bind(i64::from(step.number))
        .bind(i64::from(step.version))
        .bind(step.data.get());
}
