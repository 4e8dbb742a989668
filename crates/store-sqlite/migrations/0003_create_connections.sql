create table connections (
    tenant_id text not null,
    user_id text not null,
    server text not null,
    sealed blob not null,
    created_at integer not null,
    updated_at integer not null,
    primary key (tenant_id, user_id, server)
) strict;

create table connecting (
    state_hash blob not null primary key,
    tenant_id text not null,
    user_id text not null,
    server text not null,
    sealed blob not null,
    expires_at integer not null
) strict;

create index connecting_by_owner on connecting (tenant_id, user_id, expires_at);

create index connecting_by_end on connecting (expires_at);
