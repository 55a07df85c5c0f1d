//! Highway: cluster.
