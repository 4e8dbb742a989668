//! The contract suite on the store in memory.

use std::future::{Ready, ready};

use frontdesk_store::Result;
use frontdesk_store::contract::StoreUnderTest;
use frontdesk_store::memory::MemoryStore;

fn make() -> Ready<Result<StoreUnderTest>> {
    ready(Ok(StoreUnderTest::new(MemoryStore::new(), ())))
}

frontdesk_store::contract_tests!(make);
