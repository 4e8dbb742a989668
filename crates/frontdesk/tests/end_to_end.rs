//! The binary as a process, from the outside: what a person, a tool server, a model server and a crash do to it.

#[cfg(test)]
#[path = "end_to_end"]
mod end_to_end {
    mod approval;
    mod archives;
    mod away;
    mod bad_input;
    mod bad_tokens;
    mod bad_tools;
    mod connect;
    mod demonstration;
    mod desk;
    mod dialects;
    mod encrypted;
    mod faults;
    mod guide;
    mod identities;
    mod kill_steps;
    mod kills;
    mod older_servers;
    mod parallel;
    mod postgres;
    mod real_clients;
    mod reload;
    mod replicas;
    mod rogue;
    mod secrets;
    mod shared_files;
    mod shutdown;
    mod sockets;
    mod tool_server;
    mod tools;
    mod users;
    mod webdriver;
}
