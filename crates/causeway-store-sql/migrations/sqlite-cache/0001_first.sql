-- Copies of other nodes' catalogs. Everything here can be read again from the peers.

-- How the last run of each peer ended.
create table reading (
    peer text primary key,
    run integer not null,
    ended_at integer not null,
    pages integer not null,
    unchanged integer not null,
    bytes integer not null,
    passed_over integer not null,
    stopped text,
    -- When the last run began that reached the end.
    complete_at integer,
    -- Copies there were when it ended.
    datasets integer not null
) strict, without rowid;

create table page (
    id integer primary key,
    peer text not null,
    place text not null,
    -- When the run began that met it last.
    run integer not null,
    tag text,
    next text,
    unique (peer, place)
) strict;

create table dataset (
    -- The place in the order of the first copies.
    sequence integer primary key autoincrement,
    peer text not null,
    dataset_id text not null,
    -- None, once its page no longer has it and until the run ends.
    page integer references page (id),
    -- Without a page: when the run began that met it last.
    met_at integer,
    -- The time it is about.
    starts_at integer,
    ends_at integer,
    -- The dataset as the protocol writes it.
    body text not null,
    unique (peer, dataset_id)
) strict;

create index dataset_of_page on dataset (page);

create index dataset_without_page on dataset (peer) where page is null;

-- The row's id is the dataset's sequence.
create virtual table dataset_index using fts5 (
    words,
    facets,
    content = '',
    contentless_delete = 1,
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* M* Co'"
);
