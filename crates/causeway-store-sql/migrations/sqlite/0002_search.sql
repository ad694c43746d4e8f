-- Searching the offers. One inverted index holds the words of an offer's texts and what it is
-- filed under, so that any combination is one intersection in the order of publication, which no
-- set of separate indexes gives. The program fills it for offers that are there already.

-- A class is a set of parties that may know of an offer; many offers share one.
create table audience (
    class integer primary key,
    -- The parties in their order, a line each.
    members text not null unique
) strict;

-- The classes a party is in. Everyone is in class 1, which has no rows here.
create table audience_member (
    party text not null,
    class integer not null,
    primary key (party, class)
) strict, without rowid;

-- No list of parties ends with a line break.
insert into audience (class, members) values (1, 'everyone' || char(10));

alter table offer add column class integer not null default 1;

-- The time an offer is about.
alter table offer add column starts_at integer;

alter table offer add column ends_at integer;

-- The row's id is the offer's sequence. The texts themselves are not kept a second time.
create virtual table offer_index using fts5 (
    words,
    facets,
    content = '',
    contentless_delete = 1,
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* M* Co'"
);
