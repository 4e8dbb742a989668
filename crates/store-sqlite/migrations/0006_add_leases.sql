alter table turns add column request_key blob;
alter table turns add column request_body blob;
alter table turns add column continuation_version integer;
alter table turns add column continuation text; -- json, null when the turn has ended
alter table turns add column holder text;
alter table turns add column leased_until integer; -- null as if it had run out
alter table turns add column stop_asked integer not null default 0;
alter table turns add column read_until integer;

create unique index turns_by_request on turns (tenant_id, user_id, request_key)
    where request_key is not null;

create index turns_by_lease on turns (leased_until) where status = 'running';

create index turns_by_holder on turns (holder) where status = 'running';
