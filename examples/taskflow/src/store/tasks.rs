//! Single tasks, and many at once.

use frontdesk_identity::Scope;
use sqlx::SqliteConnection;

use super::Tasks;
use crate::record::task;
use crate::{Priority, ProjectId, Status, Task, TaskId, TaskflowError};

/// How many tasks a user can have.
const MAX_TASKS: u32 = 10_000;

/// A task that isn't there yet; its texts have been checked.
#[derive(Debug, Clone)]
pub(crate) struct NewTask {
    pub(crate) title: String,
    pub(crate) notes: String,
    pub(crate) priority: Priority,
    pub(crate) due: Option<String>,
    pub(crate) project: Option<ProjectId>,
    pub(crate) assignee: Option<String>,
}

/// What changes about a task; `None` stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) title: Option<String>,
    pub(crate) notes: Option<String>,
    pub(crate) priority: Option<Priority>,
    /// An empty text removes it.
    pub(crate) due: Option<String>,
    pub(crate) status: Option<Status>,
    pub(crate) place: Place,
    /// An empty text removes it.
    pub(crate) assignee: Option<String>,
}

/// What becomes of the project that a task belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Place {
    #[default]
    Stays,
    MovesTo(ProjectId),
    LeavesItsProject,
}

/// What [`task`] reads, in `select` and `returning` alike.
macro_rules! columns {
    () => {
        "number, title, notes, status, priority, due, project, (select projects.name from projects \
         where projects.tenant = tasks.tenant and projects.user_id = tasks.user_id \
         and projects.number = tasks.project) as project_name, assignee, created_at, updated_at"
    };
}
pub(super) use columns;

impl Tasks {
    /// Adds tasks, all or none of them.
    pub(crate) async fn add(
        &self,
        owner: &Scope,
        new: &[NewTask],
    ) -> Result<Vec<Task>, TaskflowError> {
        let now = self.now();
        let mut transaction = self.writer.begin_with("begin immediate").await?;
        let count: i64 =
            sqlx::query_scalar("select count(*) from tasks where tenant = ?1 and user_id = ?2")
                .bind(owner.tenant.as_str())
                .bind(owner.user.as_str())
                .fetch_one(&mut *transaction)
                .await?;
        if count.saturating_add(i64::try_from(new.len()).unwrap_or(i64::MAX)) > i64::from(MAX_TASKS)
        {
            return Err(TaskflowError::Full {
                what: "tasks",
                most: MAX_TASKS,
            });
        }
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

    pub(crate) async fn get(
        &self,
        owner: &Scope,
        id: TaskId,
    ) -> Result<Option<Task>, TaskflowError> {
        let row = sqlx::query(concat!(
            "select ",
            columns!(),
            " from tasks where tenant = ?1 and user_id = ?2 and number = ?3"
        ))
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(id.0)
        .fetch_optional(&self.reader)
        .await?;
        row.as_ref().map(task).transpose()
    }

    pub(crate) async fn change(
        &self,
        owner: &Scope,
        id: TaskId,
        change: &Change,
    ) -> Result<Option<Task>, TaskflowError> {
        let mut transaction = self.writer.begin_with("begin immediate").await?;
        if let Place::MovesTo(project) = change.place {
            takes_tasks(&mut transaction, owner, project).await?;
        }
        let row = sqlx::query(concat!(
            "update tasks set title = coalesce(?4, title), notes = coalesce(?5, notes), \
             priority = coalesce(?6, priority), due = case when ?7 is null then due else nullif(?7, '') end, \
             status = coalesce(?8, status), \
             project = case when ?9 is null then project else nullif(?9, 0) end, \
             assignee = case when ?10 is null then assignee else nullif(?10, '') end, updated_at = ?11 \
             where tenant = ?1 and user_id = ?2 and number = ?3 returning ",
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

    /// Completes the first `limit` tasks of a project that aren't done; tells which.
    pub(crate) async fn complete(
        &self,
        owner: &Scope,
        project: ProjectId,
        limit: u32,
    ) -> Result<Vec<TaskId>, TaskflowError> {
        let numbers: Vec<i64> = sqlx::query_scalar(
            "update tasks set status = 'done', updated_at = ?4 where tenant = ?1 and user_id = ?2 and number in \
             (select number from tasks where tenant = ?1 and user_id = ?2 and project = ?3 and status <> 'done' \
             order by number limit ?5) returning number",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(project.0)
        .bind(self.now())
        .bind(limit)
        .fetch_all(&self.writer)
        .await?;
        Ok(numbers.into_iter().map(TaskId).collect())
    }

    pub(crate) async fn delete(
        &self,
        owner: &Scope,
        id: TaskId,
    ) -> Result<Option<Task>, TaskflowError> {
        let row = sqlx::query(concat!(
            "delete from tasks where tenant = ?1 and user_id = ?2 and number = ?3 returning ",
            columns!()
        ))
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(id.0)
        .fetch_optional(&self.writer)
        .await?;
        row.as_ref().map(task).transpose()
    }
}

impl Place {
    /// As the statement takes it: 0 stands for none.
    fn number(self) -> Option<i64> {
        match self {
            Self::Stays => None,
            Self::MovesTo(project) => Some(project.0),
            Self::LeavesItsProject => Some(0),
        }
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    owner: &Scope,
    new: &NewTask,
    now: i64,
) -> Result<Task, TaskflowError> {
    let number: i64 = sqlx::query_scalar(
        "insert into numbers (tenant, user_id, last) values (?1, ?2, 1) \
         on conflict (tenant, user_id) do update set last = last + 1 returning last",
    )
    .bind(owner.tenant.as_str())
    .bind(owner.user.as_str())
    .fetch_one(&mut *connection)
    .await?;
    let row = sqlx::query(concat!(
        "insert into tasks (tenant, user_id, number, title, notes, status, priority, due, project, assignee, \
         created_at, updated_at) values (?1, ?2, ?3, ?4, ?5, 'open', ?6, ?7, ?8, ?9, ?10, ?10) returning ",
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
    connection: &mut SqliteConnection,
    owner: &Scope,
    id: ProjectId,
) -> Result<(), TaskflowError> {
    let found: Option<(String, Option<i64>)> = sqlx::query_as(
        "select name, archived_at from projects where tenant = ?1 and user_id = ?2 and number = ?3",
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
