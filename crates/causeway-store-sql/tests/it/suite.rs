//! The conformance suite.

use crate::support::fresh;

causeway_store::suite!(fresh());
