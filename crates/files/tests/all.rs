//! Files over the in-memory store: in memory and in a folder.

#![cfg(test)]

#[path = "all/desk.rs"]
mod desk;
#[path = "all/removal.rs"]
mod removal;
#[path = "all/s3.rs"]
mod s3;
#[path = "all/uploads.rs"]
mod uploads;
