//! Single tasks, and many at once.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use sqlx::PgConnection;

use super::Postgres;
use crate::store::record::task;
use crate::store::wish::{Change, NewTask, Place};
use crate::store::{TaskRows, room_for};
use crate::{Priority, ProjectId, Status, Task, TaskId, TaskflowError};

/// What [`task`] reads, in `select` and `returning` alike.
macro_rules! columns {
    () => {
        "number, title, notes, status, priority, due, project, (select projects.name from projects \
         where projects.tenant = tasks.tenant and projects.user_id = tasks.user_id \
         and projects.number = tasks.project) as project_name, assignee, created_at, updated_at"
    };
}
pub(super) use columns;

#[async_trait]
impl TaskRows for Postgres {
    async fn add(&self, owner: &Scope, new: &[NewTask]) -> Result<Vec<Task>, TaskflowError> {
        let now = self.now();
        let mut transaction = self.begin(owner).await?;
        let count: i64 =
            sqlx::query_scalar("select count(*) from tasks where tenant = $1 and user_id = $2")
                .bind(owner.tenant.as_str())
                .bind(owner.user.as_str())
                .fetch_one(&mut *transaction)
                .await?;
        room_for(new.len(), count)?;
        let mut added = Vec::with_capacity(new.len());
        for new in new {
            if let Some(project) = new.project {
                takes_tasks(&mut transaction, owner, project).await?;
            }
            added.push(insert(&mut transaction, owner, new, now).await?);
        }
        transaction.commit().await?;
        Ok(added)
    }

    async fn get(&self, owner: &Scope, id: TaskId) -> Result<Option<Task>, TaskflowError> {
        let row = sqlx::query(concat!(
            "select ",
            columns!(),
            " from tasks where tenant = $1 and user_id = $2 and number = $3"
        ))
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(id.0)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(task).transpose()
    }

    async fn change(
        &self,
        owner: &Scope,
        id: TaskId,
        change: &Change,
    ) -> Result<Option<Task>, TaskflowError> {
        let mut transaction = self.begin(owner).await?;
        if let Place::MovesTo(project) = change.place {
            takes_tasks(&mut transaction, owner, project).await?;
        }
        let row = sqlx::query(concat!(
            "update tasks set title = coalesce($4, title), notes = coalesce($5, notes), \
             priority = coalesce($6, priority), due = case when $7 is null then due else nullif($7, '') end, \
             status = coalesce($8, status), \
             project = case when $9 is null then project else nullif($9, 0) end, \
             assignee = case when $10 is null then assignee else nullif($10, '') end, updated_at = $11 \
             where tenant = $1 and user_id = $2 and number = $3 returning ",
            columns!()
        ))
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(id.0)
        .bind(&change.title)
        .bind(&change.notes)
        .bind(change.priority.map(Priority::as_str))
        .bind(&change.due)
        .bind(change.status.map(Status::as_str))
        .bind(change.place.number())
        .bind(&change.assignee)
        .bind(self.now())
        .fetch_optional(&mut *transaction)
        .await?;
        let changed = row.as_ref().map(task).transpose()?;
        transaction.commit().await?;
        Ok(changed)
    }

    async fn complete(
        &self,
        owner: &Scope,
        project: ProjectId,
        limit: u32,
    ) -> Result<Vec<TaskId>, TaskflowError> {
        let mut numbers: Vec<i64> = sqlx::query_scalar(
            "update tasks set status = 'done', updated_at = $4 where tenant = $1 and user_id = $2 and number in \
             (select number from tasks where tenant = $1 and user_id = $2 and project = $3 and status <> 'done' \
             order by number limit $5) returning number",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(project.0)
        .bind(self.now())
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        numbers.sort_unstable();
        Ok(numbers.into_iter().map(TaskId).collect())
    }

    async fn delete(&self, owner: &Scope, id: TaskId) -> Result<Option<Task>, TaskflowError> {
        let row = sqlx::query(concat!(
            "delete from tasks where tenant = $1 and user_id = $2 and number = $3 returning ",
            columns!()
        ))
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(id.0)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(task).transpose()
    }
}

async fn insert(
    connection: &mut PgConnection,
    owner: &Scope,
    new: &NewTask,
    now: i64,
) -> Result<Task, TaskflowError> {
    let number: i64 = sqlx::query_scalar(
        "insert into numbers (tenant, user_id, last) values ($1, $2, 1) \
         on conflict (tenant, user_id) do update set last = numbers.last + 1 returning last",
    )
    .bind(owner.tenant.as_str())
    .bind(owner.user.as_str())
    .fetch_one(&mut *connection)
    .await?;
    let row = sqlx::query(concat!(
        "insert into tasks (tenant, user_id, number, title, notes, status, priority, due, project, assignee, \
         created_at, updated_at) values ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, $10) returning ",
        columns!()
    ))
    .bind(owner.tenant.as_str())
    .bind(owner.user.as_str())
    .bind(number)
    .bind(&new.title)
    .bind(&new.notes)
    .bind(new.priority.as_str())
    .bind(&new.due)
    .bind(new.project.map(|project| project.0))
    .bind(&new.assignee)
    .bind(now)
    .fetch_one(connection)
    .await?;
    task(&row)
}

/// Refuses a project that isn't there or is archived, within the transaction that puts a task into it.
async fn takes_tasks(
    connection: &mut PgConnection,
    owner: &Scope,
    id: ProjectId,
) -> Result<(), TaskflowError> {
    let found: Option<(String, Option<i64>)> = sqlx::query_as(
        "select name, archived_at from projects where tenant = $1 and user_id = $2 and number = $3",
    )
    .bind(owner.tenant.as_str())
    .bind(owner.user.as_str())
    .bind(id.0)
    .fetch_optional(connection)
    .await?;
    match found {
        None => Err(TaskflowError::NoProject(id)),
        Some((name, Some(_))) => Err(TaskflowError::Archived(name)),
        Some((_, None)) => Ok(()),
    }
}
