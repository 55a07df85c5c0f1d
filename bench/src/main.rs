//! Comparisons of Highway with its peers.

fn main() {}
