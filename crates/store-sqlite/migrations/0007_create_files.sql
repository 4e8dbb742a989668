alter table attachments add column created_at integer not null default 0;

create index attachments_unsent on attachments (created_at) where thread_id is null;

create table files (
    tenant_id text not null,
    user_id text not null,
    attachment_id text not null,
    object text not null,
    size integer not null,
    media_type text not null,
    sha256 blob not null,
    preview_type text, -- null without a preview
    primary key (tenant_id, user_id, attachment_id),
    unique (tenant_id, user_id, object),
    foreign key (tenant_id, user_id, attachment_id) references attachments on delete cascade
) strict, without rowid;

create table leftover_objects (
    tenant_id text not null,
    user_id text not null,
    object text not null,
    due_at integer not null,
    primary key (tenant_id, user_id, object)
) strict, without rowid;

create index leftover_objects_by_time on leftover_objects (due_at);

-- Whatever deletes a file, by way of its attachment, its thread or its owner, its object is to be removed.
create trigger files_leave_objects after delete on files
begin
    insert into leftover_objects (tenant_id, user_id, object, due_at)
    values (old.tenant_id, old.user_id, old.object, 0)
    on conflict (tenant_id, user_id, object) do update set due_at = 0;
end;
