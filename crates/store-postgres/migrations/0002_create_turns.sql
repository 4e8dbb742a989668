create table turns (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    id text collate "C" not null,
    thread_id text collate "C" not null,
    status text not null,
    attempt bigint not null,
    created_at bigint not null,
    ended_at bigint,
    request_key bytea,
    request_body bytea,
    continuation_version integer,
    continuation text, -- json as it was written, null when the turn has ended
    holder text collate "C",
    leased_until timestamptz, -- by the database's clock; null as if it had run out
    stop_asked boolean not null default false,
    read_until timestamptz,
    primary key (tenant_id, user_id, id),
    foreign key (tenant_id, user_id, thread_id) references threads on delete cascade
);

create index turns_by_time on turns (tenant_id, user_id, thread_id, created_at, id);

create unique index turns_running on turns (tenant_id, user_id, thread_id) where status = 'running';

create unique index turns_by_request on turns (tenant_id, user_id, request_key)
    where request_key is not null;

create index turns_by_lease on turns (leased_until) where status = 'running';

create index turns_by_holder on turns (holder) where status = 'running';

create table steps (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    turn_id text collate "C" not null,
    number bigint not null,
    version integer not null,
    data text not null, -- json as it was written
    primary key (tenant_id, user_id, turn_id, number),
    foreign key (tenant_id, user_id, turn_id) references turns on delete cascade
);

create table turn_logs (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    turn_id text collate "C" not null,
    attempt bigint not null,
    first_seq bigint not null,
    last_seq bigint not null,
    events bytea not null,
    primary key (tenant_id, user_id, turn_id, attempt, first_seq),
    foreign key (tenant_id, user_id, turn_id) references turns on delete cascade
);
