//! Sign-in as a server uses it.

#[cfg(test)]
#[path = "all/api_key.rs"]
mod api_key;
#[cfg(test)]
#[path = "all/desk.rs"]
mod desk;
#[path = "all/development.rs"]
mod development;
#[cfg(test)]
#[path = "all/free_header.rs"]
mod free_header;
// It is read from there because testkit stands on this crate.
#[path = "../../testkit/src/issuer.rs"]
pub mod issuer;
#[cfg(test)]
#[path = "all/jwt.rs"]
mod jwt;
#[cfg(test)]
#[path = "all/jwt_keys.rs"]
mod jwt_keys;
#[cfg(test)]
#[path = "all/jwt_requests.rs"]
mod jwt_requests;
#[cfg(test)]
#[path = "all/outgoing_answer.rs"]
mod outgoing_answer;
#[cfg(test)]
#[path = "all/outgoing_authorizer.rs"]
mod outgoing_authorizer;
#[cfg(test)]
#[path = "all/outgoing_client.rs"]
mod outgoing_client;
#[cfg(test)]
#[path = "all/outgoing_connect.rs"]
mod outgoing_connect;
#[cfg(test)]
#[path = "all/outgoing_exchange.rs"]
mod outgoing_exchange;
#[cfg(test)]
#[path = "all/outgoing_fake.rs"]
mod outgoing_fake;
#[cfg(test)]
#[path = "all/outgoing_meanwhile.rs"]
mod outgoing_meanwhile;
#[cfg(test)]
#[path = "all/outgoing_plain.rs"]
mod outgoing_plain;
#[cfg(test)]
#[path = "all/outgoing_refresh.rs"]
mod outgoing_refresh;
#[path = "all/signed.rs"]
mod signed;
#[cfg(test)]
#[path = "all/trusted_proxy.rs"]
mod trusted_proxy;
