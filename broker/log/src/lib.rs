//! Highway: log.
