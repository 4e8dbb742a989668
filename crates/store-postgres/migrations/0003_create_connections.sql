-- Keys and ways back are found by a secret before it is known whose they are: the two tables whose key has no tenant.

create table api_keys (
    id text collate "C" not null primary key,
    tenant_id text collate "C" not null,
    user_id text collate "C", -- null for a key that acts on behalf of users
    hash bytea not null,
    label text not null,
    created_at bigint not null,
    expires_at bigint,
    revoked_at bigint
);

create index api_keys_by_time on api_keys (created_at, id);

create table connecting (
    state_hash bytea not null primary key,
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    server text collate "C" not null,
    sealed bytea not null,
    expires_at bigint not null
);

create index connecting_by_owner on connecting (tenant_id, user_id, expires_at);

create index connecting_by_end on connecting (expires_at);

create table connections (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    server text collate "C" not null,
    sealed bytea not null,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant_id, user_id, server)
);
