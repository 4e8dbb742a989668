//! API keys, and the way back from authorization servers: what is found before it is known who calls.

use async_trait::async_trait;
use frontdesk_identity::{Scope, TenantId, UserId};
use frontdesk_protocol::{Page, Timestamp};
use frontdesk_store::limit::page_limit;
use frontdesk_store::{ApiKey, CameBack, KeyId, Keys, PageRequest, Result, form};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};

use crate::SqliteStore;
use crate::fault::fault;
use crate::row;
use crate::script::Script;
use crate::writer::Job;

#[async_trait]
impl Keys for SqliteStore {
    async fn create_key(&self, key: ApiKey) -> Result<()> {
        form::check_key(&key)?;
        self.write(Create(key)).await
    }

    async fn key(&self, id: &KeyId) -> Result<Option<ApiKey>> {
        let found: Option<KeyRow> = sqlx::query_as(
            "select id, tenant_id, user_id, hash, label, created_at, expires_at, revoked_at
             from api_keys
             where id = ?1",
        )
        .bind(id.as_str())
        .fetch_optional(&mut *self.reader().await?)
        .await
        .map_err(fault)?;
        found.map(KeyRow::read).transpose()
    }

    async fn keys(
        &self,
        tenant: Option<&TenantId>,
        request: &PageRequest,
    ) -> Result<Option<Page<ApiKey>>> {
        let mut conn = self.reader().await?;
        let descending = form::newest_first(request.order);
        let cursor = match &request.after {
            None => row::outermost(descending),
            Some(after) => {
                let time: Option<i64> = sqlx::query_scalar(
                    "select created_at from api_keys
                     where id = ?1 and (?2 is null or tenant_id = ?2)",
                )
                .bind(after.as_str())
                .bind(tenant.map(TenantId::as_str))
                .fetch_optional(&mut *conn)
                .await
                .map_err(fault)?;
                let Some(time) = time else {
                    return Ok(None);
                };
                (time, after.as_str())
            }
        };
        let limit = page_limit(request.limit);
        let keys = if descending {
            before(&mut conn, tenant, cursor, limit + 1).await?
        } else {
            behind(&mut conn, tenant, cursor, limit + 1).await?
        };
        Ok(Some(row::page(keys, limit, |key| key.id.as_str())))
    }

    async fn revoke_key(&self, id: &KeyId, at: Timestamp) -> Result<bool> {
        self.write(Revoke(id.clone(), at)).await
    }

    async fn take_connecting(
        &self,
        state_hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<CameBack>> {
        self.write(Take(*state_hash, now)).await
    }
}

/// The first keys behind a cursor, whether it is there or not.
pub(crate) async fn behind(
    conn: &mut SqliteConnection,
    tenant: Option<&TenantId>,
    (time, id): (i64, &str),
    limit: u32,
) -> Result<Vec<ApiKey>> {
    let rows: Vec<KeyRow> = sqlx::query_as(
        "select id, tenant_id, user_id, hash, label, created_at, expires_at, revoked_at
         from api_keys
         where (?1 is null or tenant_id = ?1) and (created_at, id) > (?2, ?3)
         order by created_at, id
         limit ?4",
    )
    .bind(tenant.map(TenantId::as_str))
    .bind(time)
    .bind(id)
    .bind(i64::from(limit))
    .fetch_all(conn)
    .await
    .map_err(fault)?;
    rows.into_iter().map(KeyRow::read).collect()
}

/// The last keys before a cursor, the last one first.
async fn before(
    conn: &mut SqliteConnection,
    tenant: Option<&TenantId>,
    (time, id): (i64, &str),
    limit: u32,
) -> Result<Vec<ApiKey>> {
    let rows: Vec<KeyRow> = sqlx::query_as(
        "select id, tenant_id, user_id, hash, label, created_at, expires_at, revoked_at
         from api_keys
         where (?1 is null or tenant_id = ?1) and (created_at, id) < (?2, ?3)
         order by created_at desc, id desc
         limit ?4",
    )
    .bind(tenant.map(TenantId::as_str))
    .bind(time)
    .bind(id)
    .bind(i64::from(limit))
    .fetch_all(conn)
    .await
    .map_err(fault)?;
    rows.into_iter().map(KeyRow::read).collect()
}

/// A key as it is stored.
#[derive(Debug)]
struct KeyRow {
    id: String,
    tenant_id: String,
    user_id: Option<String>,
    hash: Vec<u8>,
    label: String,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl KeyRow {
    fn read(self) -> Result<ApiKey> {
        let corrupt = |error| row::corrupt("owner of a key", error);
        let hash = <[u8; 32]>::try_from(self.hash);
        Ok(ApiKey {
            id: KeyId::new(self.id),
            tenant: TenantId::new(self.tenant_id).map_err(corrupt)?,
            user: self.user_id.map(UserId::new).transpose().map_err(corrupt)?,
            hash: hash.map_err(|_| row::corrupt("key", "its hash has another length"))?,
            label: self.label,
            created_at: row::time(self.created_at)?,
            expires_at: self.expires_at.map(row::time).transpose()?,
            revoked_at: self.revoked_at.map(row::time).transpose()?,
        })
    }
}

impl FromRow<'_, SqliteRow> for KeyRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            tenant_id: row.try_get("tenant_id")?,
            user_id: row.try_get("user_id")?,
            hash: row.try_get("hash")?,
            label: row.try_get("label")?,
            created_at: row.try_get("created_at")?,
            expires_at: row.try_get("expires_at")?,
            revoked_at: row.try_get("revoked_at")?,
        })
    }
}

struct Create(ApiKey);

impl Job for Create {
    type Output = ();

    async fn run(&self, script: &mut Script<'_>) -> Result<()> {
        let key = &self.0;
        script
            .add(
                "insert into api_keys
                     (id, tenant_id, user_id, hash, label, created_at, expires_at, revoked_at)
                 values (?, ?, ?, ?, ?, ?, ?, ?)",
                "key",
                key.id.as_str(),
            )
            .bind(key.id.as_str())
            .bind(key.tenant.as_str())
            .bind(key.user.as_ref().map(UserId::as_str))
            .bind(key.hash.as_slice())
            .bind(key.label.as_str())
            .bind(key.created_at.as_microsecond())
            .bind(key.expires_at.map(Timestamp::as_microsecond))
            .bind(key.revoked_at.map(Timestamp::as_microsecond));
        Ok(())
    }
}

struct Revoke(KeyId, Timestamp);

impl Job for Revoke {
    type Output = bool;

    async fn run(&self, script: &mut Script<'_>) -> Result<bool> {
        script
            .add(
                "update api_keys set revoked_at = coalesce(revoked_at, ?) where id = ?",
                "key",
                self.0.as_str(),
            )
            .bind(self.1.as_microsecond())
            .bind(self.0.as_str());
        Ok(script.send().await?.changed > 0)
    }
}

struct Take([u8; 32], Timestamp);

impl Job for Take {
    type Output = Option<CameBack>;

    async fn run(&self, script: &mut Script<'_>) -> Result<Option<CameBack>> {
        script
            .add(
                "delete from connecting where state_hash = ?
                 returning tenant_id, user_id, server, sealed, expires_at",
                "connecting",
                "",
            )
            .bind(self.0.as_slice());
        let Some(found) = script.row().await? else {
            return Ok(None);
        };
        came_back(&found, self.1)
    }
}

/// Who came back; `None` if they took too long.
fn came_back(found: &SqliteRow, now: Timestamp) -> Result<Option<CameBack>> {
    let corrupt = |error| row::corrupt("owner of a connection", error);
    let expires_at: i64 = found.try_get("expires_at").map_err(fault)?;
    if expires_at <= now.as_microsecond() {
        return Ok(None);
    }
    let tenant: String = found.try_get("tenant_id").map_err(fault)?;
    let user: String = found.try_get("user_id").map_err(fault)?;
    Ok(Some(CameBack {
        scope: Scope {
            tenant: TenantId::new(tenant).map_err(corrupt)?,
            user: UserId::new(user).map_err(corrupt)?,
        },
        server: found.try_get("server").map_err(fault)?,
        sealed: found.try_get("sealed").map_err(fault)?,
    }))
}
