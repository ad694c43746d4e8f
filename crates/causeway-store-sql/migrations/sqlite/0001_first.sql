-- The first schema. `body` is the record as JSON text; the other columns are copies of what is
-- looked up or listed by. Times are microseconds since 1970, UTC. Sequences and ids are never
-- used twice.

create table offer (
    sequence integer primary key autoincrement,
    id text not null unique,
    dataset_id text not null unique,
    withdrawn integer not null,
    version integer not null,
    body text not null
) strict;

create index offer_listed on offer (sequence) where withdrawn = 0;

create table negotiation (
    sequence integer primary key autoincrement,
    id text not null unique,
    peer text not null,
    -- Null until the peer has told its pid.
    peer_pid text,
    role text not null,
    open integer not null,
    version integer not null,
    body text not null
) strict;

create unique index negotiation_of_peer on negotiation (peer_pid, peer, role)
where peer_pid is not null;

create index negotiation_open on negotiation (sequence) where open = 1;

create table agreement (
    sequence integer primary key autoincrement,
    id text not null unique,
    version integer not null,
    body text not null
) strict;

create table transfer (
    sequence integer primary key autoincrement,
    id text not null unique,
    peer text not null,
    peer_pid text,
    role text not null,
    open integer not null,
    version integer not null,
    body text not null
) strict;

create unique index transfer_of_peer on transfer (peer_pid, peer, role)
where peer_pid is not null;

create index transfer_open on transfer (sequence) where open = 1;

create table outbox (
    id integer primary key autoincrement,
    process text not null,
    -- 1 for a question to the operator's webhook, 0 for a message to the peer.
    webhook integer not null,
    subject text not null,
    peer text not null,
    message_id text not null,
    kind text not null,
    url text not null,
    body blob not null,
    attempts integer not null,
    not_before integer not null,
    last_error text,
    -- Claimable from then on: not_before, or the end of the lease where that is later.
    due integer not null
) strict;

create index outbox_order on outbox (process, webhook, id);

create index outbox_due on outbox (due, id);

create table event (
    sequence integer primary key autoincrement,
    at integer not null,
    kind text not null,
    process text,
    subject text not null,
    text text not null
) strict;

create index event_of_process on event (process, sequence) where process is not null;

create table remembered (
    key text primary key,
    request text not null,
    status integer not null,
    body blob not null,
    at integer not null
) strict;
