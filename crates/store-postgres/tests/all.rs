//! The contract suite on PostgreSQL, and what PostgreSQL alone has to do.

mod all {
    mod contract;
    mod database;
}
