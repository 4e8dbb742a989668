//! The contract suite: what every store must do, one function for each property.
