//! The contract suite on SQLite, and what SQLite alone has to do.

#[cfg(test)]
#[path = "all"]
mod all {
    mod contract;
    mod file;
    mod sample;
    mod sharing;
    mod writer;
}
