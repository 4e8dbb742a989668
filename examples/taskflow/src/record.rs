//! A task's row, and a task read from it.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::{Priority, Status, Task, TaskId, TaskflowError};

pub(crate) fn task(row: &SqliteRow) -> Result<Task, TaskflowError> {
    let number: i64 = row.try_get("number")?;
    let corrupt = |field: &str| TaskflowError::Corrupt(format!("{field} of task {number}"));
    let status: &str = row.try_get("status")?;
    let priority: &str = row.try_get("priority")?;
    Ok(Task {
        id: TaskId(number),
        title: row.try_get("title")?,
        notes: row.try_get("notes")?,
        status: Status::parse(status).ok_or_else(|| corrupt("status"))?,
        priority: Priority::parse(priority).ok_or_else(|| corrupt("priority"))?,
        due: row.try_get("due")?,
        created_at: time(row.try_get("created_at")?).ok_or_else(|| corrupt("created_at"))?,
        updated_at: time(row.try_get("updated_at")?).ok_or_else(|| corrupt("updated_at"))?,
    })
}

fn time(micros: i64) -> Option<String> {
    Timestamp::from_microsecond(micros)
        .ok()
        .map(|time| time.to_string())
}
