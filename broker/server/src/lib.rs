//! Highway: server.
