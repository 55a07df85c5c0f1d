//! The decisions of the controller: requests to control records.
