//! The data plane from end to end: a real HTTP server on a free port, real files, real pulls. What
//! can be checked without a connection is tested beside the code instead.

#[cfg(test)]
mod files;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod http;
#[cfg(test)]
mod pulls;
#[cfg(test)]
mod world;
#[cfg(test)]
mod wrong;
