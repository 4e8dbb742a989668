alter table threads add column indexed integer not null default 0; -- whether the title can be found
alter table items add column indexed integer not null default 0; -- whether the text can be found

create index threads_unindexed on threads (indexed) where indexed = 0;

create index items_unindexed on items (indexed) where indexed = 0;

create index threads_by_age on threads (created_at);

create table searchable (
    number integer primary key, -- of the row in words
    tenant_id text not null,
    user_id text not null,
    thread_id text not null,
    item_id text, -- null for the title of the thread
    foreign key (tenant_id, user_id, thread_id) references threads on delete cascade,
    foreign key (tenant_id, user_id, item_id) references items on delete cascade
) strict;

create unique index searchable_by_item on searchable (tenant_id, user_id, item_id);

create unique index searchable_by_title on searchable (tenant_id, user_id, thread_id) where item_id is null;

create index searchable_by_thread on searchable (tenant_id, user_id, thread_id);

-- What a text is found by was taken apart before, so that all that is left to do is to part it at spaces.
create virtual table words using fts5 (
    marked, tokenize = 'ascii', content = '', contentless_delete = 1, detail = 'none'
);

create trigger searchable_deleted after delete on searchable begin
    delete from words where rowid = old.number;
end;
