//! The SQLite driver against the store's conformance suite, and what is peculiar to it: crashes,
//! full disks, locks, files that are not ours.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cache;
mod crash;
mod crossings;
mod disk;
mod files;
mod suite;
mod support;
mod tokens;
