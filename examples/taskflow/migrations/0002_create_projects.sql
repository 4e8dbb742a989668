create table projects (
    tenant text not null,
    user_id text not null,
    number integer not null,
    name text not null,
    -- The name in lower case: no two projects of a user are told apart by case alone.
    name_key text not null,
    archived_at integer,
    created_at integer not null,
    updated_at integer not null,
    primary key (tenant, user_id, number)
) strict, without rowid;

create unique index projects_by_name on projects (tenant, user_id, name_key);

-- The last number that a user's project got.
alter table numbers add column last_project integer not null default 0;
