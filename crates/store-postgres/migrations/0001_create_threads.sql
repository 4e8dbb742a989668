-- Ids are compared bytewise, as in the other stores. Times are microseconds since 1970.
-- Every key begins with the tenant, so that a distributed PostgreSQL can shard by it.
-- Where jsonb would change what is said (U+0000, numbers with an exponent), `as_written` has it as it was written.

create table threads (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    id text collate "C" not null,
    created_at bigint not null,
    title text,
    status json not null,
    image_domains json,
    metadata json not null,
    extra json not null,
    primary key (tenant_id, user_id, id)
);

create index threads_by_time on threads (tenant_id, user_id, created_at, id);

create table items (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    id text collate "C" not null,
    thread_id text collate "C" not null,
    turn_id text collate "C",
    created_at bigint not null,
    item jsonb not null,
    as_written json,
    primary key (tenant_id, user_id, id),
    foreign key (tenant_id, user_id, thread_id) references threads on delete cascade
);

create index items_by_time on items (tenant_id, user_id, thread_id, created_at, id);

create table attachments (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    id text collate "C" not null,
    thread_id text collate "C",
    attachment jsonb not null,
    as_written json,
    primary key (tenant_id, user_id, id),
    foreign key (tenant_id, user_id, thread_id) references threads on delete cascade
);

create index attachments_by_thread on attachments (tenant_id, user_id, thread_id);

create table feedback (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    item_id text collate "C" not null,
    thread_id text collate "C" not null,
    kind text not null,
    given_at bigint not null,
    primary key (tenant_id, user_id, item_id),
    foreign key (tenant_id, user_id, item_id) references items on delete cascade
);

create index feedback_by_thread on feedback (tenant_id, user_id, thread_id, item_id);

create index feedback_by_time on feedback (given_at, tenant_id, user_id, item_id);
