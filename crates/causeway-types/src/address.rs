//! The base address of a peer's service: an absolute http(s) URL without a trailing slash, to
//! which paths are appended. Whether it may be called is the egress policy's decision, not ours.

use std::fmt;

use url::Url;

use crate::limits::URL_BYTES_MAX;

/// A checked base URL.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Address(Box<str>);

/// Why a text is not the address of a peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an absolute URL.
    #[error("address: found {found:?}, expected an absolute http or https URL")]
    NotUrl {
        /// What was found, cut to a printable length.
        found: String,
    },
    /// Another scheme than http or https.
    #[error("address: found the scheme {found:?}, expected http or https")]
    Scheme {
        /// The scheme that was found.
        found: String,
    },
    /// Credentials, query or fragment would leak or break appended paths.
    #[error("address: found a {found}, expected only scheme, host, port and path")]
    Part {
        /// The part that is not allowed.
        found: &'static str,
    },
    /// URLs are bounded.
    #[error("address: found {found} bytes, expected at most {URL_BYTES_MAX}")]
    TooLong {
        /// How many bytes the text had.
        found: usize,
    },
}

impl Address {
    /// Reads an absolute http(s) URL; trailing slashes are dropped (a callback address may come
    /// with or without one).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > URL_BYTES_MAX {
            return Err(AddressError::TooLong { found: text.len() });
        }
        let url = Url::parse(text)
            .map_err(|_| AddressError::NotUrl { found: text.chars().take(80).collect() })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressError::Scheme { found: url.scheme().to_owned() });
        }
        let part = if !url.username().is_empty() || url.password().is_some() {
            Some("user name or password")
        } else if url.query().is_some() {
            Some("query")
        } else if url.fragment().is_some() {
            Some("fragment")
        } else {
            None
        };
        match part {
            Some(found) => Err(AddressError::Part { found }),
            // Encoding makes a text longer: an address must be readable once it is written.
            None if url.as_str().len() > URL_BYTES_MAX => {
                Err(AddressError::TooLong { found: url.as_str().len() })
            }
            None => Ok(Self(url.as_str().trim_end_matches('/').into())),
        }
    }

    /// The URL without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This address with `path` appended; `path` starts with `/` and is already encoded.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_slash_makes_no_difference() {
        for text in ["http://localhost:8180/dsp", "http://localhost:8180/dsp/"] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.join("/catalog"), "http://localhost:8180/dsp/catalog");
        }
    }

    #[test]
    fn what_is_not_a_plain_http_url_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "found \"\", expected an absolute"),
            ("not a url", "expected an absolute"),
            ("/relative", "expected an absolute"),
            ("ftp://host/x", "found the scheme \"ftp\""),
            ("file:///etc/passwd", "found the scheme \"file\""),
            ("http://user:pw@host/", "found a user name or password"),
            ("http://host/?q=1", "found a query"),
            ("http://host/#f", "found a fragment"),
        ] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
