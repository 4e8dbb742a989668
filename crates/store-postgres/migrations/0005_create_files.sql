alter table attachments add column created_at timestamptz not null default now();

create index attachments_unsent on attachments (created_at) where thread_id is null;

create table files (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    attachment_id text collate "C" not null,
    object text collate "C" not null,
    size bigint not null,
    media_type text not null,
    sha256 bytea not null,
    preview_type text, -- null without a preview
    primary key (tenant_id, user_id, attachment_id),
    unique (tenant_id, user_id, object),
    foreign key (tenant_id, user_id, attachment_id) references attachments on delete cascade
);

create table leftover_objects (
    tenant_id text collate "C" not null,
    user_id text collate "C" not null,
    object text collate "C" not null,
    due_at timestamptz not null,
    primary key (tenant_id, user_id, object)
);

create index leftover_objects_by_time on leftover_objects (due_at);

-- Whatever deletes a file, by way of its attachment, its thread or its owner, its object is to be removed.
create function leave_object() returns trigger language plpgsql set search_path from current as $$
begin
    insert into leftover_objects (tenant_id, user_id, object, due_at)
    values (old.tenant_id, old.user_id, old.object, '-infinity')
    on conflict (tenant_id, user_id, object) do update set due_at = excluded.due_at;
    return null;
end
$$;

create trigger files_leave_objects after delete on files
    for each row execute function leave_object();
