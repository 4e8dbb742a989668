//! The agent loop: model, tools, model, as a pure state machine and its driver.
