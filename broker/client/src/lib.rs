//! Highway: client.
