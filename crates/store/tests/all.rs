//! The contract suite on the store in memory, and the records by themselves.

mod all {
    mod memory;
    mod owners;
    mod records;
    mod words;
}
