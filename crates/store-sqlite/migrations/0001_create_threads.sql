create table threads (
    tenant_id text not null,
    user_id text not null,
    id text not null,
    created_at integer not null, -- microseconds since 1970, as all times here
    title text,
    status text not null, -- json
    image_domains text, -- json
    metadata text not null, -- json
    extra text not null, -- json
    primary key (tenant_id, user_id, id)
) strict, without rowid;

create index threads_by_time on threads (tenant_id, user_id, created_at, id);

create table items (
    tenant_id text not null,
    user_id text not null,
    id text not null,
    thread_id text not null,
    turn_id text,
    created_at integer not null,
    item text not null, -- json
    primary key (tenant_id, user_id, id),
    foreign key (tenant_id, user_id, thread_id) references threads on delete cascade
) strict;

create index items_by_time on items (tenant_id, user_id, thread_id, created_at, id);

create table attachments (
    tenant_id text not null,
    user_id text not null,
    id text not null,
    thread_id text,
    attachment text not null, -- json
    primary key (tenant_id, user_id, id),
    foreign key (tenant_id, user_id, thread_id) references threads on delete cascade
) strict;

create index attachments_by_thread on attachments (tenant_id, user_id, thread_id);

create table turns (
    id text not null primary key,
    tenant_id text not null,
    user_id text not null,
    thread_id text not null,
    status text not null,
    attempt integer not null,
    created_at integer not null,
    ended_at integer,
    foreign key (tenant_id, user_id, thread_id) references threads on delete cascade
) strict, without rowid;

create index turns_by_time on turns (tenant_id, user_id, thread_id, created_at, id);

create unique index turns_running on turns (tenant_id, user_id, thread_id) where status = 'running';

create table steps (
    tenant_id text not null,
    user_id text not null,
    turn_id text not null references turns on delete cascade,
    number integer not null,
    version integer not null,
    data text not null, -- json
    primary key (turn_id, number)
) strict;

create table turn_logs (
    tenant_id text not null,
    user_id text not null,
    turn_id text not null references turns on delete cascade,
    attempt integer not null,
    first_seq integer not null,
    last_seq integer not null,
    events blob not null,
    primary key (turn_id, attempt, first_seq)
) strict;
