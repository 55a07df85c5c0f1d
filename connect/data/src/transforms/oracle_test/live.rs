//! The stored answers against the jars, where they are.
