//! Connections to tool servers.

use async_trait::async_trait;
use frontdesk_identity::Scope;
use frontdesk_protocol::Timestamp;
use frontdesk_store::limit::{MAX_CONNECTING, MAX_PAGE};
use frontdesk_store::{Connecting, Connection, Connections, Result, form};

use crate::PostgresStore;
use crate::maintenance::SWEPT_AT_ONCE;
use crate::row;
use crate::text::stored;

#[async_trait]
impl Connections for PostgresStore {
    async fn save_connection(
        &self,
        scope: &Scope,
        server: &str,
        sealed: &[u8],
        at: Timestamp,
    ) -> Result<()> {
        form::check_sealed(server, sealed)?;
        let statement = sqlx::query(
            "insert into connections (tenant_id, user_id, server, sealed, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $5)
             on conflict (tenant_id, user_id, server) do update
                 set sealed = excluded.sealed, updated_at = excluded.updated_at",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(server))
        .bind(sealed)
        .bind(at.as_microsecond());
        self.run(statement).await?;
        Ok(())
    }

    async fn load_connection(&self, scope: &Scope, server: &str) -> Result<Option<Vec<u8>>> {
        let statement = sqlx::query(
            "select sealed from connections
             where tenant_id = $1 and user_id = $2 and server = $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(server));
        let found = self.row(statement).await?;
        found.map(|row| row::column(&row, "sealed")).transpose()
    }

    async fn remove_connection(&self, scope: &Scope, server: &str) -> Result<bool> {
        let statement = sqlx::query(
            "delete from connections where tenant_id = $1 and user_id = $2 and server = $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(server));
        Ok(self.run(statement).await? > 0)
    }

    async fn connections(&self, scope: &Scope) -> Result<Vec<Connection>> {
        let statement = sqlx::query(
            "select server, created_at, updated_at from connections
             where tenant_id = $1 and user_id = $2
             order by server
             limit $3",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(i64::from(MAX_PAGE));
        let rows = self.rows(statement).await?;
        let connections = rows.iter().map(|row| {
            Ok(Connection {
                server: row::text(row, "server")?,
                created_at: row::time(row::column(row, "created_at")?)?,
                updated_at: row::time(row::column(row, "updated_at")?)?,
            })
        });
        connections.collect()
    }

    async fn begin_connecting(&self, scope: &Scope, connecting: Connecting) -> Result<()> {
        form::check_sealed(&connecting.server, &connecting.sealed)?;
        let insert = sqlx::query(
            "insert into connecting (state_hash, tenant_id, user_id, server, sealed, expires_at)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(connecting.state_hash.as_slice())
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(stored(&connecting.server))
        .bind(connecting.sealed.as_slice())
        .bind(connecting.expires_at.as_microsecond());
        let forget = sqlx::query(
            "delete from connecting
             where tenant_id = $1 and user_id = $2 and state_hash in (
                 select state_hash from connecting
                 where tenant_id = $1 and user_id = $2
                 order by expires_at desc, state_hash desc
                 offset $3)",
        )
        .bind(scope.tenant.as_str())
        .bind(scope.user.as_str())
        .bind(i64::try_from(MAX_CONNECTING).unwrap_or(i64::MAX));
        let mut transaction = self.begin().await?;
        let inserted = transaction.run(insert).await;
        inserted.map_err(|fault| fault.of_write("state for", &connecting.server))?;
        transaction.run(forget).await?;
        transaction.commit().await?;
        Ok(())
    }
}

impl PostgresStore {
    /// Forgets some of the ways from which nobody came back in time, and says how many.
    pub(crate) async fn forget_ways(&self, now: Timestamp) -> Result<u64> {
        let statement = sqlx::query(
            "delete from connecting where state_hash in (
                 select state_hash from connecting where expires_at <= $1 limit $2)",
        )
        .bind(now.as_microsecond())
        .bind(row::integer(SWEPT_AT_ONCE));
        Ok(self.run(statement).await?)
    }
}
