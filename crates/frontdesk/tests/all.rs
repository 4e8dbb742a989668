//! The product through its public doors: configuration, HTTP and the binary.

#[cfg(test)]
#[path = "all"]
mod all {
    mod agent_configuration;
    mod agents;
    mod assistant_configuration;
    mod bad_input;
    mod client;
    mod configuration;
    mod connect;
    mod cross_origin;
    mod data;
    mod documents;
    mod errors;
    mod file_links;
    mod files;
    mod files_configuration;
    mod full_disk;
    mod guides;
    mod isolation;
    mod keys;
    mod limits;
    mod model_configuration;
    mod model_reserve_configuration;
    mod modes;
    mod nesting;
    mod not_found;
    mod once;
    mod page_context;
    mod process;
    mod proxy;
    mod search;
    mod sign_in;
    mod sign_in_configuration;
    mod site;
    mod speech;
    mod store_configuration;
    mod streams;
    mod tokens;
    mod tool_configuration;
    mod tool_server;
}
