//! Highway: coordinator.
