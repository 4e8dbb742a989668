create table tasks (
    tenant text not null,
    user_id text not null,
    number bigint not null,
    title text not null,
    notes text not null,
    status text not null,
    priority text not null,
    due text collate "C",
    -- The number of the project that a task belongs to, and the name of whoever does it.
    project bigint,
    assignee text,
    -- Microseconds since the epoch, as all times here.
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant, user_id, number)
);

create index tasks_by_project on tasks (tenant, user_id, project, number);

create table projects (
    tenant text not null,
    user_id text not null,
    number bigint not null,
    name text not null,
    -- The name in lower case: no two projects of a user are told apart by case alone.
    name_key text collate "C" not null,
    archived_at bigint,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (tenant, user_id, number)
);

create unique index projects_by_name on projects (tenant, user_id, name_key);

-- The last numbers that a user's task and project got; numbers of what was deleted don't come back.
-- Whoever writes for a user locks the user's row first.
create table numbers (
    tenant text not null,
    user_id text not null,
    last bigint not null default 0,
    last_project bigint not null default 0,
    primary key (tenant, user_id)
);
