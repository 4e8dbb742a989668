//! Where tasks and projects are kept: in an SQLite file or in a schema of a PostgreSQL database. Every statement
//! carries the owner, and what one store does the other does, too.

mod migrations;
mod page;
mod postgres;
mod record;
mod sqlite;
mod wish;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use frontdesk_clock::Clock;
use frontdesk_identity::{Scope, Secret};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::{Project, ProjectId, Task, TaskId, TaskflowError};

pub(crate) use page::{After, Filter, Order};
pub(crate) use wish::{Change, Deletion, Named, NewTask, Place, State};

/// The schema that tables lie in on PostgreSQL where nothing else is said.
pub const SCHEMA: &str = "taskflow";

/// How many tasks a user can have.
const MAX_TASKS: u32 = 10_000;
/// How many projects a user can have.
const MAX_PROJECTS: u32 = 1_000;

/// Everybody's tasks and projects.
#[derive(Debug, Clone)]
pub struct Tasks {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    more_room: Option<Arc<str>>,
}

/// All that a store can do.
#[async_trait]
pub(crate) trait Store: TaskRows + ProjectRows + Lists + std::fmt::Debug {
    /// Ends all connections; calls that come later fail.
    async fn close(&self);
}

/// Single tasks, and many at once.
#[async_trait]
pub(crate) trait TaskRows: Send + Sync {
    /// Adds tasks, all or none of them.
    async fn add(&self, owner: &Scope, new: &[NewTask]) -> Result<Vec<Task>, TaskflowError>;

    async fn get(&self, owner: &Scope, id: TaskId) -> Result<Option<Task>, TaskflowError>;

    async fn change(
        &self,
        owner: &Scope,
        id: TaskId,
        change: &Change,
    ) -> Result<Option<Task>, TaskflowError>;

    /// Completes the first `limit` tasks of a project that aren't done; tells which.
    async fn complete(
        &self,
        owner: &Scope,
        project: ProjectId,
        limit: u32,
    ) -> Result<Vec<TaskId>, TaskflowError>;

    async fn delete(&self, owner: &Scope, id: TaskId) -> Result<Option<Task>, TaskflowError>;
}

/// Projects.
#[async_trait]
pub(crate) trait ProjectRows: Send + Sync {
    async fn add_project(&self, owner: &Scope, name: &str) -> Result<Project, TaskflowError>;

    async fn project(&self, owner: &Scope, named: &Named)
    -> Result<Option<Project>, TaskflowError>;

    /// The first `limit` projects after a number, by number; `None` lists all, whatever their state.
    async fn list_projects(
        &self,
        owner: &Scope,
        state: Option<State>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Project>, TaskflowError>;

    async fn count_projects(
        &self,
        owner: &Scope,
        state: Option<State>,
    ) -> Result<i64, TaskflowError>;

    /// The names of active projects that begin like this, in whatever case.
    async fn project_names(
        &self,
        owner: &Scope,
        beginning: &str,
        limit: u32,
    ) -> Result<Vec<String>, TaskflowError>;

    async fn rename_project(
        &self,
        owner: &Scope,
        id: ProjectId,
        name: &str,
    ) -> Result<Option<Project>, TaskflowError>;

    /// Puts a project away or takes it back into use.
    async fn place_project(
        &self,
        owner: &Scope,
        id: ProjectId,
        state: State,
    ) -> Result<Option<Project>, TaskflowError>;

    /// Deletes a project with its tasks, unless it has more of them than was agreed to.
    async fn delete_project(
        &self,
        owner: &Scope,
        id: ProjectId,
        agreed: i64,
    ) -> Result<Deletion, TaskflowError>;
}

/// Lists of tasks.
#[async_trait]
pub(crate) trait Lists: Send + Sync {
    /// The first `limit` tasks that come after one.
    async fn list(
        &self,
        owner: &Scope,
        filter: &Filter,
        after: &After,
        limit: u32,
    ) -> Result<Vec<Task>, TaskflowError>;

    async fn count(&self, owner: &Scope, filter: &Filter) -> Result<i64, TaskflowError>;
}

impl Tasks {
    /// Opens the SQLite database in this file, made and brought up to date if need be.
    ///
    /// # Errors
    /// The file can't be opened or its tables can't be brought up to date.
    pub async fn open(file: &Path, clock: Arc<dyn Clock>) -> Result<Self, TaskflowError> {
        let store = sqlite::Sqlite::open(file, Arc::clone(&clock)).await?;
        Ok(Self::over(Arc::new(store), clock))
    }

    /// Opens a schema of a PostgreSQL database, made and brought up to date if need be. The address begins with
    /// `postgres://` or `postgresql://`; any text can name a schema.
    ///
    /// # Errors
    /// The database can't be reached, or the tables can't be brought up to date.
    pub async fn connect(
        url: &Secret,
        schema: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TaskflowError> {
        let store = postgres::Postgres::connect(url, schema, Arc::clone(&clock)).await?;
        Ok(Self::over(Arc::new(store), clock))
    }

    fn over(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            more_room: None,
        }
    }

    /// Names the page where users whose list is full get more room.
    #[must_use]
    pub fn with_more_room_at(self, url: impl Into<Arc<str>>) -> Self {
        Self {
            more_room: Some(url.into()),
            ..self
        }
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// The page where there is more room.
    pub(crate) fn more_room(&self) -> Option<&str> {
        self.more_room.as_deref()
    }

    /// Closes the database; calls that come later fail.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Today's day in UTC.
    pub(crate) fn today(&self) -> Date {
        self.clock.now().to_zoned(TimeZone::UTC).date()
    }
}

/// The time that rows carry: microseconds since the epoch.
fn micros(clock: &dyn Clock) -> i64 {
    clock.now().as_microsecond()
}

/// Refuses more tasks than a user can have.
fn room_for(new: usize, there: i64) -> Result<(), TaskflowError> {
    if there.saturating_add(i64::try_from(new).unwrap_or(i64::MAX)) > i64::from(MAX_TASKS) {
        return Err(TaskflowError::Full {
            what: "tasks",
            most: MAX_TASKS,
        });
    }
    Ok(())
}

/// Refuses more projects than a user can have.
fn room_for_a_project(there: i64) -> Result<(), TaskflowError> {
    if there >= i64::from(MAX_PROJECTS) {
        return Err(TaskflowError::Full {
            what: "projects",
            most: MAX_PROJECTS,
        });
    }
    Ok(())
}

fn taken(error: sqlx::Error, name: &str) -> TaskflowError {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => {
            TaskflowError::NameTaken(name.to_owned())
        }
        _ => error.into(),
    }
}
