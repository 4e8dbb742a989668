//! Lists of tasks, by the three orders.

use async_trait::async_trait;
use frontdesk_identity::Scope;

use super::Postgres;
use super::tasks::columns;
use crate::store::Lists;
use crate::store::page::{After, Filter};
use crate::store::record::task;
use crate::{Task, TaskflowError};

/// Whether a task fits a filter. `$3` to `$7` are the filter's.
macro_rules! fits {
    () => {
        "tenant = $1 and user_id = $2 \
         and ($3 is null or status = $3 or ($3 = 'unfinished' and status <> 'done')) \
         and ($4 is null or title ilike $4 escape '\\' or notes ilike $4 escape '\\') \
         and ($5 is null or project = $5) \
         and ($5 is not null or project is null or not exists (select 1 from projects \
             where projects.tenant = $1 and projects.user_id = $2 \
             and projects.number = tasks.project and projects.archived_at is not null)) \
         and ($6 is null or lower(assignee) = lower($6) or ($6 = '' and assignee is null)) \
         and ($7 is null or due <= $7)"
    };
}

const BY_NUMBER: &str = concat!(
    "select ",
    columns!(),
    " from tasks where ",
    fits!(),
    " and $8 is not null and number > $9 order by number limit $10"
);
const BY_DUE: &str = concat!(
    "select ",
    columns!(),
    " from tasks where ",
    fits!(),
    " and (coalesce(due, '9999-99-99'), number) > ($8, $9) order by coalesce(due, '9999-99-99'), number limit $10"
);
const BY_CHANGE: &str = concat!(
    "select ",
    columns!(),
    " from tasks where ",
    fits!(),
    " and (updated_at, number) < (cast($8 as bigint), $9) order by updated_at desc, number desc limit $10"
);

#[async_trait]
impl Lists for Postgres {
    async fn list(
        &self,
        owner: &Scope,
        filter: &Filter,
        after: &After,
        limit: u32,
    ) -> Result<Vec<Task>, TaskflowError> {
        let (statement, key, number) = match after {
            After::Number(number) => (BY_NUMBER, String::new(), *number),
            After::Due(due, number) => (BY_DUE, due.clone(), *number),
            After::Changed(micros, number) => (BY_CHANGE, micros.to_string(), *number),
        };
        let rows = sqlx::query(statement)
            .bind(owner.tenant.as_str())
            .bind(owner.user.as_str())
            .bind(filter.status)
            .bind(filter.pattern())
            .bind(filter.project.map(|project| project.0))
            .bind(&filter.assignee)
            .bind(&filter.due_by)
            .bind(key)
            .bind(number)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(task).collect()
    }

    async fn count(&self, owner: &Scope, filter: &Filter) -> Result<i64, TaskflowError> {
        let count = sqlx::query_scalar(concat!("select count(*) from tasks where ", fits!()))
            .bind(owner.tenant.as_str())
            .bind(owner.user.as_str())
            .bind(filter.status)
            .bind(filter.pattern())
            .bind(filter.project.map(|project| project.0))
            .bind(&filter.assignee)
            .bind(&filter.due_by)
            .fetch_one(&self.pool)
            .await?;
        Ok(count)
    }
}
