//! API keys, and the way back from authorization servers: what is found before it is known who calls.

use async_trait::async_trait;
use frontdesk_identity::{TenantId, UserId};
use frontdesk_protocol::{Page, Timestamp};
use frontdesk_store::limit::page_limit;
use frontdesk_store::{ApiKey, CameBack, KeyId, Keys, PageRequest, Result, form};
use sqlx::postgres::PgRow;

use crate::PostgresStore;
use crate::row;
use crate::text::stored;

#[async_trait]
impl Keys for PostgresStore {
    async fn create_key(&self, key: ApiKey) -> Result<()> {
        form::check_key(&key)?;
        let statement = sqlx::query(
            "insert into api_keys
                 (id, tenant_id, user_id, hash, label, created_at, expires_at, revoked_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(stored(key.id.as_str()))
        .bind(key.tenant.as_str())
        .bind(key.user.as_ref().map(UserId::as_str))
        .bind(key.hash.as_slice())
        .bind(stored(&key.label))
        .bind(key.created_at.as_microsecond())
        .bind(key.expires_at.map(Timestamp::as_microsecond))
        .bind(key.revoked_at.map(Timestamp::as_microsecond));
        let created = self.run(statement).await;
        created.map_err(|fault| fault.of_write("key", key.id.as_str()))?;
        Ok(())
    }

    async fn key(&self, id: &KeyId) -> Result<Option<ApiKey>> {
        let statement = sqlx::query(
            "select id, tenant_id, user_id, hash, label, created_at, expires_at, revoked_at
             from api_keys
             where id = $1",
        )
        .bind(stored(id.as_str()));
        self.row(statement).await?.as_ref().map(read).transpose()
    }

    async fn keys(
        &self,
        tenant: Option<&TenantId>,
        request: &PageRequest,
    ) -> Result<Option<Page<ApiKey>>> {
        let descending = form::newest_first(request.order);
        let (time, id) = match &request.after {
            None => row::outermost(descending),
            Some(after) => match self.time_of_key(tenant, after).await? {
                Some(time) => (time, after.as_str()),
                None => return Ok(None),
            },
        };
        let limit = page_limit(request.limit);
        let keys = if descending {
            self.keys_before(tenant, (time, id), limit + 1).await?
        } else {
            self.keys_behind(tenant, (time, id), limit + 1).await?
        };
        Ok(Some(row::page(keys, limit, |key| key.id.as_str())))
    }

    async fn revoke_key(&self, id: &KeyId, at: Timestamp) -> Result<bool> {
        let statement =
            sqlx::query("update api_keys set revoked_at = coalesce(revoked_at, $1) where id = $2")
                .bind(at.as_microsecond())
                .bind(stored(id.as_str()));
        Ok(self.run(statement).await? > 0)
    }

    async fn take_connecting(
        &self,
        state_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<CameBack>> {
        let statement = sqlx::query(
            "delete from connecting where state_hash = $1
             returning tenant_id, user_id, server, sealed, expires_at",
        )
        .bind(state_hash.as_slice());
        let Some(row) = self.row(statement).await? else {
            return Ok(None);
        };
        let expires_at: i64 = row::column(&row, "expires_at")?;
        if expires_at <= now.as_microsecond() {
            return Ok(None);
        }
        Ok(Some(CameBack {
            scope: row::scope(&row)?,
            server: row::text(&row, "server")?,
            sealed: row::column(&row, "sealed")?,
        }))
    }
}

impl PostgresStore {
    /// The first keys behind a cursor, whether it is there or not.
    pub(crate) async fn keys_behind(
        &self,
        tenant: Option<&TenantId>,
        (time, id): (i64, &str),
        limit: u32,
    ) -> Result<Vec<ApiKey>> {
        let statement = sqlx::query(
            "select id, tenant_id, user_id, hash, label, created_at, expires_at, revoked_at
             from api_keys
             where ($1 is null or tenant_id = $1) and (created_at, id) > ($2, $3)
             order by created_at, id
             limit $4",
        )
        .bind(tenant.map(TenantId::as_str))
        .bind(time)
        .bind(stored(id))
        .bind(i64::from(limit));
        self.rows(statement).await?.iter().map(read).collect()
    }

    /// The last keys before a cursor, the last one first.
    async fn keys_before(
        &self,
        tenant: Option<&TenantId>,
        (time, id): (i64, &str),
        limit: u32,
    ) -> Result<Vec<ApiKey>> {
        let statement = sqlx::query(
            "select id, tenant_id, user_id, hash, label, created_at, expires_at, revoked_at
             from api_keys
             where ($1 is null or tenant_id = $1) and (created_at, id) < ($2, $3)
             order by created_at desc, id desc
             limit $4",
        )
        .bind(tenant.map(TenantId::as_str))
        .bind(time)
        .bind(stored(id))
        .bind(i64::from(limit));
        self.rows(statement).await?.iter().map(read).collect()
    }

    /// The time of a key of one tenant or of any.
    async fn time_of_key(&self, tenant: Option<&TenantId>, id: &str) -> Result<Option<i64>> {
        let statement = sqlx::query(
            "select created_at from api_keys
             where id = $1 and ($2 is null or tenant_id = $2)",
        )
        .bind(stored(id))
        .bind(tenant.map(TenantId::as_str));
        let found = self.row(statement).await?;
        found.map(|row| row::column(&row, "created_at")).transpose()
    }
}

fn read(row: &PgRow) -> Result<ApiKey> {
    let corrupt = |error| row::corrupt("owner of a key", error);
    let tenant: String = row::column(row, "tenant_id")?;
    let user: Option<String> = row::column(row, "user_id")?;
    let hash = <[u8; 32]>::try_from(row::column::<&[u8]>(row, "hash")?);
    let expires_at: Option<i64> = row::column(row, "expires_at")?;
    let revoked_at: Option<i64> = row::column(row, "revoked_at")?;
    Ok(ApiKey {
        id: KeyId::new(row::text(row, "id")?),
        tenant: TenantId::new(tenant).map_err(corrupt)?,
        user: user.map(UserId::new).transpose().map_err(corrupt)?,
        hash: hash.map_err(|_| row::corrupt("key", "its hash has another length"))?,
        label: row::text(row, "label")?,
        created_at: row::time(row::column(row, "created_at")?)?,
        expires_at: expires_at.map(row::time).transpose()?,
        revoked_at: revoked_at.map(row::time).transpose()?,
    })
}
