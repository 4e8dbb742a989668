create table tasks (
    tenant text not null,
    user_id text not null,
    number integer not null,
    title text not null,
    notes text not null,
    status text not null,
    priority text not null,
    due text,
    created_at integer not null,
    updated_at integer not null,
    primary key (tenant, user_id, number)
) strict, without rowid;

-- The last number that a user's task got; numbers of deleted tasks don't come back.
create table numbers (
    tenant text not null,
    user_id text not null,
    last integer not null,
    primary key (tenant, user_id)
) strict, without rowid;
