//! The SQLite driver against the store's conformance suite, and what is peculiar to it: crashes,
//! full disks, locks, files that are not ours.

mod crash;
mod disk;
mod files;
mod suite;
mod support;
