//! What the fakes promise to the tests that use them.

#[path = "all/model_dialects.rs"]
mod model_dialects;
#[path = "all/model_server.rs"]
mod model_server;
#[path = "all/postgres.rs"]
mod postgres;
#[path = "all/proxy.rs"]
mod proxy;
#[path = "all/python.rs"]
mod python;
#[path = "all/schemas.rs"]
mod schemas;
#[path = "all/vendor_types.rs"]
mod vendor_types;
