//! Highway: wire.
