-- By which words a title or a text is found, each after its owner's mark; null until it was taken apart.
alter table threads add column words tsvector;
alter table items add column words tsvector;

create index threads_by_words on threads using gin (words);

create index items_by_words on items using gin (words);

create index threads_unindexed on threads (tenant_id, user_id, id) where words is null;

create index items_unindexed on items (tenant_id, user_id, id) where words is null;

create index threads_by_age on threads (created_at);
