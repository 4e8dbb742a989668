//! Steps.

use std::collections::BTreeMap;

use frontdesk_identity::Scope;
use frontdesk_protocol::ThreadId;
use frontdesk_store::{Result, Step, TurnId, TurnKey, form};
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::row;
use crate::text::stored;

impl PostgresStore {
    /// The steps of turns of this thread, in the order asked.
    pub(crate) async fn steps_of(
        &self,
        scope: &Scope,
        thread: &ThreadId,
        turns: &[TurnId],
    ) -> Result<Vec<Step>> {
        let ids: Vec<_> = turns.iter().map(|turn| stored(turn.as_str())).collect();
        let statement = sqlx::query(
            "select steps.turn_id, steps.number, steps.version, steps.data
             from unnest($4::text[]) with ordinality as asked (turn_id, place)
                 join turns on turns.id = asked.turn_id
                     and turns.tenant_id = $1 and turns.user_id = $2 and turns.thread_id = $3
                 join steps on steps.turn_id = turns.id
                     and steps.tenant_id = $1 and steps.user_id = $2
             order by asked.place, steps.number",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(thread.as_str()))
        .bind(ids);
        let rows = self.rows(statement).await?;
        rows.iter().map(step_of).collect()
    }
}

/// The step that a row is.
pub(crate) fn step_of(row: &PgRow) -> Result<Step> {
    let data: String = row::column(row, "data")?;
    let version: i32 = row::column(row, "version")?;
    Ok(Step {
        turn: TurnId::new(row::text(row, "turn_id")?),
        number: row::number(row::column(row, "number")?)?,
        version: row::number(i64::from(version))?,
        data: RawValue::from_string(data).map_err(|error| row::corrupt("step", error))?,
    })
}

/// Steps of a turn as they are stored, column by column; each number once.
///
/// They are stored by a statement that leaves a step which is there with other data without any, which fails.
#[derive(Debug, Default)]
pub(crate) struct StepRows {
    pub(crate) numbers: Vec<i64>,
    pub(crate) versions: Vec<i32>,
    pub(crate) data: Vec<String>,
}

impl StepRows {
    pub(crate) fn new(key: &TurnKey, steps: &[Step]) -> Result<Self> {
        let mut numbers = BTreeMap::new();
        let mut rows = Self::default();
        for step in steps {
            match numbers.insert(step.number, step) {
                Some(there) if there == step => {}
                Some(_) => return Err(form::taken("step of turn", key.turn.as_str())),
                None => {
                    rows.numbers.push(i64::from(step.number));
                    rows.versions.push(i32::from(step.version));
                    rows.data.push(step.data.get().to_owned());
                }
            }
        }
        Ok(rows)
    }
}
