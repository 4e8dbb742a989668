create table feedback (
    tenant_id text not null,
    user_id text not null,
    item_id text not null,
    thread_id text not null,
    kind text not null,
    given_at integer not null,
    primary key (tenant_id, user_id, item_id),
    foreign key (tenant_id, user_id, item_id) references items on delete cascade
) strict, without rowid;

create index feedback_by_thread on feedback (tenant_id, user_id, thread_id, item_id);

create index feedback_by_time on feedback (given_at, tenant_id, user_id, item_id);
