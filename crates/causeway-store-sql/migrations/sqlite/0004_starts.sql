-- Which transfers under an agreement ever started, for policies that say how often. What was
-- written before this is not counted until it is written again.

alter table transfer add column agreement text;

alter table transfer add column started_at integer;

create index transfer_started on transfer (agreement, started_at, id)
where started_at is not null;
