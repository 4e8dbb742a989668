create table usage (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    day bigint not null, -- days since 1970-01-01
    tokens bigint not null,
    primary key (tenant_id, user_id, day)
);

create index usage_by_day on usage (day);
