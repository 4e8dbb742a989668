//! The contract suite on PostgreSQL, and what PostgreSQL alone has to do.

mod all {
    mod breaking;
    mod contract;
    mod counting;
    mod damaging;
    mod database;
    mod dropping;
    mod encrypting;
    mod opening;
    mod racing;
    mod sample;
    mod searching;
    mod upgrading;
    mod waiting;
    mod waking;
}
