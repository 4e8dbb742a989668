create table api_keys (
    id text not null primary key,
    tenant_id text not null,
    user_id text, -- null for a key that acts on behalf of users
    hash blob not null,
    label text not null,
    created_at integer not null,
    expires_at integer,
    revoked_at integer
) strict, without rowid;

create index api_keys_by_time on api_keys (created_at, id);
