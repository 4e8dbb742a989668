create table usage (
    tenant_id text not null,
    user_id text not null,
    day integer not null, -- days since 1970-01-01
    tokens integer not null,
    primary key (tenant_id, user_id, day)
) strict, without rowid;

create index usage_by_day on usage (day);
