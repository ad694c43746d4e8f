-- Generic records, and tokens that were used. Times are microseconds since 1970, UTC.

create table record (
    sequence integer primary key autoincrement,
    kind text not null,
    id text not null,
    -- The party it is about.
    owner text,
    at integer not null,
    version integer not null,
    body text not null,
    unique (kind, id)
) strict;

create index record_of_kind on record (kind, sequence);

create index record_of_owner on record (kind, owner, sequence) where owner is not null;

create table seen_token (
    issuer text not null,
    id text not null,
    seen_at integer not null,
    expires_at integer not null,
    primary key (issuer, id)
) strict, without rowid;

create index seen_token_expiry on seen_token (expires_at);
