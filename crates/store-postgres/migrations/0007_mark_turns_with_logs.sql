-- Whether the turn may still have a log. Null says no: the turns of before have none, but for the newest.
alter table turns add column has_log boolean;

alter table turns alter column has_log set default true;

update turns set has_log = true
from (select distinct tenant_id, user_id, turn_id from turn_logs) as logged
where turns.tenant_id = logged.tenant_id and turns.user_id = logged.user_id
    and turns.id = logged.turn_id;

create index turns_with_log on turns (ended_at) where has_log and ended_at is not null;
