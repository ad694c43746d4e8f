-- Crossings of a border: what the law was found to say, what people recorded, and of how many
-- persons data went where. Persons are keyed hashes of 16 bytes; digests of files are 32 bytes.

-- Never changed once written, so there is no version.
create table decision (
    sequence integer primary key autoincrement,
    id text not null unique,
    body text not null
) strict;

create table attestation (
    sequence integer primary key autoincrement,
    id text not null unique,
    peer text not null,
    version integer not null,
    body text not null
) strict;

create index attestation_of_peer on attestation (peer, sequence);

-- The files whose persons are counted. Their number stands for the digest, which would double the
-- size of each of a million rows.
create table counted_file (
    file integer primary key,
    content blob not null unique,
    -- How many rows of subject it has.
    persons integer not null,
    -- 0 while they are being added, or if that was interrupted: such a file counts as declared.
    complete integer not null
) strict;

create table subject (
    file integer not null,
    hash blob not null,
    primary key (file, hash)
) strict, without rowid;

-- The last time a file went to a party, for one count of the dictionary.
create table crossed (
    count text not null,
    peer text not null,
    content blob not null,
    at integer not null,
    -- As declared.
    persons integer not null,
    primary key (count, peer, content)
) strict, without rowid;

create index crossed_since on crossed (count, at, persons);

create index crossed_to_peer_since on crossed (count, peer, at, persons);
