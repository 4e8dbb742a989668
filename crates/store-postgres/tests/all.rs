//! The contract suite on PostgreSQL, and what PostgreSQL alone has to do.

mod all {
    mod breaking;
    mod contract;
    mod database;
    mod opening;
    mod racing;
    mod sample;
    mod waiting;
    mod waking;
}
