//! Attachments' bytes: where they lie, how they get there, who may have them, and how they go.
//!
//! - [`Files`] takes uploads as streams, checks what they are by their content, and gives them out again. What is known
//!   about them is in the store; an upload is visible when it is whole.
//! - A [`Place`] is a local folder, a bucket that speaks S3, or memory. Objects have names of our own.
//! - [`Links`] signs addresses that are good for one file, one purpose and a short time.
//! - Whatever deletes an attachment leaves its object to the sweep, [`Files::sweep`].

mod content;
mod drawing;
mod error;
mod files;
mod kind;
mod limits;
mod link;
mod place;
mod sweep;
mod upload;
mod writing;

pub use error::FileError;
pub use files::{Announced, Files, Opened, Parts};
pub use limits::{FileLimits, TypePattern};
pub use link::{LinkError, Links, Purpose};
pub use place::{Addressing, Place, S3};
