//! Rows of either store, and what is read from them.

use jiff::Timestamp;
use sqlx::{ColumnIndex, Decode, Row, Type};

use crate::{Priority, Project, ProjectId, ProjectName, Status, Task, TaskId, TaskflowError};

pub(super) fn task<'r, R: Row>(row: &'r R) -> Result<Task, TaskflowError>
where
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    &'r str: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    let number: i64 = row.try_get("number")?;
    let corrupt = |field: &str| TaskflowError::Corrupt(format!("{field} of task {number}"));
    let status: &str = row.try_get("status")?;
    let priority: &str = row.try_get("priority")?;
    let project: Option<i64> = row.try_get("project")?;
    let project = match project {
        None => None,
        Some(id) => Some(ProjectName {
            id: ProjectId(id),
            name: row
                .try_get::<Option<String>, _>("project_name")?
                .ok_or_else(|| corrupt("project"))?,
        }),
    };
    Ok(Task {
        id: TaskId(number),
        title: row.try_get("title")?,
        notes: row.try_get("notes")?,
        status: Status::parse(status).ok_or_else(|| corrupt("status"))?,
        priority: Priority::parse(priority).ok_or_else(|| corrupt("priority"))?,
        due: row.try_get("due")?,
        project,
        assignee: row.try_get("assignee")?,
        created_at: time(row.try_get("created_at")?).ok_or_else(|| corrupt("created_at"))?,
        updated_at: time(row.try_get("updated_at")?).ok_or_else(|| corrupt("updated_at"))?,
    })
}

pub(super) fn project<'r, R: Row>(row: &'r R) -> Result<Project, TaskflowError>
where
    &'static str: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    let number: i64 = row.try_get("number")?;
    let corrupt = |field: &str| TaskflowError::Corrupt(format!("{field} of project {number}"));
    Ok(Project {
        id: ProjectId(number),
        name: row.try_get("name")?,
        archived: row.try_get::<Option<i64>, _>("archived_at")?.is_some(),
        unfinished: row.try_get("unfinished")?,
        done: row.try_get("done")?,
        created_at: time(row.try_get("created_at")?).ok_or_else(|| corrupt("created_at"))?,
        updated_at: time(row.try_get("updated_at")?).ok_or_else(|| corrupt("updated_at"))?,
    })
}

fn time(micros: i64) -> Option<String> {
    Timestamp::from_microsecond(micros)
        .ok()
        .map(|time| time.to_string())
}
