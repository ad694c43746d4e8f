//! The log from outside: known vectors, every small size, and what must be refused.

mod support;
mod tree;
