-- The turns that ran when 0007 was done may have written a log since. First those that run still, so that whichever ends
-- meanwhile is among the others.
update turns set has_log = true
from (
    select tenant_id, user_id, id from turns
    where has_log is null and status = 'running'
    order by tenant_id, user_id, id
    for no key update
) as running
where turns.tenant_id = running.tenant_id and turns.user_id = running.user_id
    and turns.id = running.id;

update turns set has_log = true
from (select distinct tenant_id, user_id, turn_id from turn_logs) as logged
where turns.has_log is null and turns.tenant_id = logged.tenant_id
    and turns.user_id = logged.user_id and turns.id = logged.turn_id;
