//! The product through its public doors: configuration, HTTP and the binary.

#[cfg(test)]
#[path = "all"]
mod all {
    mod bad_input;
    mod client;
    mod configuration;
    mod errors;
    mod isolation;
    mod nesting;
    mod process;
    mod sign_in;
    mod site;
    mod streams;
    mod tool_server;
}
