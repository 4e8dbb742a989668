//! Lists of tasks, a page at a time. A page begins after a task, not at an offset, so what comes or goes meanwhile
//! moves nothing, and the number decides where all else is equal.

use frontdesk_identity::Scope;

use super::Tasks;
use super::tasks::columns;
use crate::record::task;
use crate::{ProjectId, Task, TaskId, TaskflowError};

/// Sorts tasks without a day behind all others.
const NO_DAY: &str = "9999-99-99";

/// Which tasks are listed.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// A status, or `unfinished` for all but done.
    pub(crate) status: Option<&'static str>,
    /// A text that the title or the notes have.
    pub(crate) search: Option<String>,
    /// The project; where none is named, tasks of archived projects are left out.
    pub(crate) project: Option<ProjectId>,
    /// Whoever does it; an empty text for nobody.
    pub(crate) assignee: Option<String>,
    /// The last day on which it may be due.
    pub(crate) due_by: Option<String>,
}

/// In which order tasks are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// By number.
    Oldest,
    /// By the day on which they are due; those without one come last.
    Due,
    /// By when they were changed, the newest change first.
    Changed,
}

/// The task after which a page begins, by what its order sorts by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum After {
    Number(i64),
    Due(String, i64),
    Changed(i64, i64),
}

/// Whether a task fits a filter. `?3` to `?7` are the filter's.
macro_rules! fits {
    () => {
        "tenant = ?1 and user_id = ?2 \
         and (?3 is null or status = ?3 or (?3 = 'unfinished' and status <> 'done')) \
         and (?4 is null or title like ?4 escape '\\' or notes like ?4 escape '\\') \
         and (?5 is null or project = ?5) \
         and (?5 is not null or project is null or not exists (select 1 from projects \
             where projects.tenant = ?1 and projects.user_id = ?2 \
             and projects.number = tasks.project and projects.archived_at is not null)) \
         and (?6 is null or assignee = ?6 collate nocase or (?6 = '' and assignee is null)) \
         and (?7 is null or due <= ?7)"
    };
}

const BY_NUMBER: &str = concat!(
    "select ",
    columns!(),
    " from tasks where ",
    fits!(),
    " and ?8 is not null and number > ?9 order by number limit ?10"
);
const BY_DUE: &str = concat!(
    "select ",
    columns!(),
    " from tasks where ",
    fits!(),
    " and (coalesce(due, '9999-99-99'), number) > (?8, ?9) order by coalesce(due, '9999-99-99'), number limit ?10"
);
const BY_CHANGE: &str = concat!(
    "select ",
    columns!(),
    " from tasks where ",
    fits!(),
    " and (updated_at, number) < (cast(?8 as integer), ?9) order by updated_at desc, number desc limit ?10"
);

impl Tasks {
    /// The first `limit` tasks that come after one.
    pub(crate) async fn list(
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
            .bind(limit)
            .fetch_all(&self.reader)
            .await?;
        rows.iter().map(task).collect()
    }

    pub(crate) async fn count(&self, owner: &Scope, filter: &Filter) -> Result<i64, TaskflowError> {
        let count = sqlx::query_scalar(concat!("select count(*) from tasks where ", fits!()))
            .bind(owner.tenant.as_str())
            .bind(owner.user.as_str())
            .bind(filter.status)
            .bind(filter.pattern())
            .bind(filter.project.map(|project| project.0))
            .bind(&filter.assignee)
            .bind(&filter.due_by)
            .fetch_one(&self.reader)
            .await?;
        Ok(count)
    }
}

impl After {
    /// Before every task.
    pub(crate) fn start(order: Order) -> Self {
        match order {
            Order::Oldest => Self::Number(0),
            Order::Due => Self::Due(String::new(), 0),
            Order::Changed => Self::Changed(i64::MAX, i64::MAX),
        }
    }

    /// After this task.
    pub(crate) fn task(order: Order, task: &Task) -> Option<Self> {
        let TaskId(number) = task.id;
        Some(match order {
            Order::Oldest => Self::Number(number),
            Order::Due => Self::Due(
                task.due.clone().unwrap_or_else(|| NO_DAY.to_owned()),
                number,
            ),
            Order::Changed => {
                let changed: jiff::Timestamp = task.updated_at.parse().ok()?;
                Self::Changed(changed.as_microsecond(), number)
            }
        })
    }

    /// Reads what [`After::cursor`] wrote for the same order.
    pub(crate) fn parse(order: Order, cursor: &str) -> Option<Self> {
        match order {
            Order::Oldest => cursor.parse().ok().map(Self::Number),
            Order::Due => {
                let (due, number) = cursor.split_once('/')?;
                let fits = due == NO_DAY || due.parse::<jiff::civil::Date>().is_ok();
                fits.then_some(Self::Due(due.to_owned(), number.parse().ok()?))
            }
            Order::Changed => {
                let (micros, number) = cursor.split_once('/')?;
                Some(Self::Changed(micros.parse().ok()?, number.parse().ok()?))
            }
        }
    }

    pub(crate) fn cursor(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Due(due, number) => format!("{due}/{number}"),
            Self::Changed(micros, number) => format!("{micros}/{number}"),
        }
    }
}

impl Filter {
    fn pattern(&self) -> Option<String> {
        self.search.as_ref().map(|text| {
            let text = text
                .replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_");
            format!("%{text}%")
        })
    }
}
