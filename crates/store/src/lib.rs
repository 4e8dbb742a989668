//! Storage traits and records, the in-memory store and the contract suite.
