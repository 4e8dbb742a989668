//! Projects.

use async_trait::async_trait;
use frontdesk_identity::Scope;

use super::Sqlite;
use crate::store::record::project;
use crate::store::wish::{Deletion, Named, State, key};
use crate::store::{ProjectRows, room_for_a_project, taken};
use crate::{Project, ProjectId, TaskflowError};

/// What [`project`] reads, in `select` and `returning` alike.
macro_rules! columns {
    () => {
        "number, name, archived_at, created_at, updated_at, \
         (select count(*) from tasks where tasks.tenant = projects.tenant and tasks.user_id = projects.user_id \
         and tasks.project = projects.number and tasks.status <> 'done') as unfinished, \
         (select count(*) from tasks where tasks.tenant = projects.tenant and tasks.user_id = projects.user_id \
         and tasks.project = projects.number and tasks.status = 'done') as done"
    };
}

#[async_trait]
impl ProjectRows for Sqlite {
    async fn add_project(&self, owner: &Scope, name: &str) -> Result<Project, TaskflowError> {
        let mut transaction = self.writer.begin_with("begin immediate").await?;
        let count: i64 =
            sqlx::query_scalar("select count(*) from projects where tenant = ?1 and user_id = ?2")
                .bind(owner.tenant.as_str())
                .bind(owner.user.as_str())
                .fetch_one(&mut *transaction)
                .await?;
        room_for_a_project(count)?;
        let number: i64 = sqlx::query_scalar(
            "insert into numbers (tenant, user_id, last, last_project) values (?1, ?2, 0, 1) \
             on conflict (tenant, user_id) do update set last_project = last_project + 1 returning last_project",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .fetch_one(&mut *transaction)
        .await?;
        let row = sqlx::query(concat!(
            "insert into projects (tenant, user_id, number, name, name_key, created_at, updated_at) \
             values (?1, ?2, ?3, ?4, ?5, ?6, ?6) returning ",
            columns!()
        ))
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(number)
        .bind(name)
        .bind(key(name))
        .bind(self.now())
        .fetch_one(&mut *transaction)
        .await
        .map_err(|error| taken(error, name))?;
        transaction.commit().await?;
        project(&row)
    }

    async fn project(
        &self,
        owner: &Scope,
        named: &Named,
    ) -> Result<Option<Project>, TaskflowError> {
        let (number, key) = named.number_and_key();
        let row = sqlx::query(concat!(
            "select ",
            columns!(),
            " from projects where tenant = ?1 and user_id = ?2 and (number = ?3 or name_key = ?4)"
        ))
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(number)
        .bind(key)
        .fetch_optional(&self.reader)
        .await?;
        row.as_ref().map(project).transpose()
    }

    async fn list_projects(
        &self,
        owner: &Scope,
        state: Option<State>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Project>, TaskflowError> {
        let rows = sqlx::query(concat!(
            "select ",
            columns!(),
            " from projects where tenant = ?1 and user_id = ?2 and number > ?3 \
             and (?4 is null or (archived_at is not null) = ?4) order by number limit ?5"
        ))
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(after)
        .bind(state.map(|state| state == State::Archived))
        .bind(limit)
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(project).collect()
    }

    async fn count_projects(
        &self,
        owner: &Scope,
        state: Option<State>,
    ) -> Result<i64, TaskflowError> {
        let count = sqlx::query_scalar(
            "select count(*) from projects where tenant = ?1 and user_id = ?2 \
             and (?3 is null or (archived_at is not null) = ?3)",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(state.map(|state| state == State::Archived))
        .fetch_one(&self.reader)
        .await?;
        Ok(count)
    }

    async fn project_names(
        &self,
        owner: &Scope,
        beginning: &str,
        limit: u32,
    ) -> Result<Vec<String>, TaskflowError> {
        let beginning = key(beginning);
        let names = sqlx::query_scalar(
            "select name from projects where tenant = ?1 and user_id = ?2 and archived_at is null \
             and substr(name_key, 1, length(?3)) = ?3 order by name_key limit ?4",
        )
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(beginning)
        .bind(limit)
        .fetch_all(&self.reader)
        .await?;
        Ok(names)
    }

    async fn rename_project(
        &self,
        owner: &Scope,
        id: ProjectId,
        name: &str,
    ) -> Result<Option<Project>, TaskflowError> {
        let row = sqlx::query(concat!(
            "update projects set name = ?4, name_key = ?5, updated_at = ?6 \
             where tenant = ?1 and user_id = ?2 and number = ?3 returning ",
            columns!()
        ))
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(id.0)
        .bind(name)
        .bind(key(name))
        .bind(self.now())
        .fetch_optional(&self.writer)
        .await
        .map_err(|error| taken(error, name))?;
        row.as_ref().map(project).transpose()
    }

    async fn place_project(
        &self,
        owner: &Scope,
        id: ProjectId,
        state: State,
    ) -> Result<Option<Project>, TaskflowError> {
        let row = sqlx::query(concat!(
            "update projects set archived_at = case when ?4 then coalesce(archived_at, ?5) end, updated_at = ?5 \
             where tenant = ?1 and user_id = ?2 and number = ?3 returning ",
            columns!()
        ))
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(id.0)
        .bind(state == State::Archived)
        .bind(self.now())
        .fetch_optional(&self.writer)
        .await?;
        row.as_ref().map(project).transpose()
    }

    async fn delete_project(
        &self,
        owner: &Scope,
        id: ProjectId,
        agreed: i64,
    ) -> Result<Deletion, TaskflowError> {
        let mut transaction = self.writer.begin_with("begin immediate").await?;
        let row = sqlx::query(concat!(
            "delete from projects where tenant = ?1 and user_id = ?2 and number = ?3 returning ",
            columns!()
        ))
        .bind(owner.tenant.as_str())
        .bind(owner.user.as_str())
        .bind(id.0)
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else {
            return Ok(Deletion::Missing);
        };
        let deleted = project(&row)?;
        if deleted.tasks() > agreed {
            return Ok(Deletion::Grown);
        }
        sqlx::query("delete from tasks where tenant = ?1 and user_id = ?2 and project = ?3")
            .bind(owner.tenant.as_str())
            .bind(owner.user.as_str())
            .bind(id.0)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Deletion::Deleted(deleted))
    }
}
