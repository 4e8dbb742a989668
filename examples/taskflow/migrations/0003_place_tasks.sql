-- The number of the project that a task belongs to, and the name of whoever does it.
alter table tasks add column project integer;
alter table tasks add column assignee text;

create index tasks_by_project on tasks (tenant, user_id, project, number);
