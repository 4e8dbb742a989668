//! Which addresses a URL from outside may lead to: those of the public internet, and private ones where the operator
//! says so. Addresses that nobody serves from (link-local and the metadata services on it, multicast, documentation)
//! are refused in any case. After the registries of
//! [RFC 6890](https://www.rfc-editor.org/rfc/rfc6890).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Reach;

enum Kind {
    Public,
    /// Reachable where private ranges are.
    Private(&'static str),
    Never(&'static str),
}

/// Whether an address may be reached.
///
/// # Errors
/// What kind of address it is.
pub(super) fn check(address: IpAddr, reach: Reach) -> Result<(), &'static str> {
    let kind = match address {
        IpAddr::V4(address) => kind_of_v4(address),
        IpAddr::V6(address) => kind_of_v6(address),
    };
    match (kind, reach) {
        (Kind::Public, _) | (Kind::Private(_), Reach::Private) => Ok(()),
        (Kind::Private(reason), Reach::PublicOnly) | (Kind::Never(reason), _) => Err(reason),
    }
}

fn kind_of_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [127, ..] => Kind::Private("a loopback address"),
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] => Kind::Private("a private address"),
        [100, 64..=127, ..] => Kind::Private("an address behind a carrier's translation"),
        [169, 254, ..] => Kind::Never("a link-local address"),
        [0, ..] => Kind::Never("an unspecified address"),
        [224..=239, ..] => Kind::Never("a multicast address"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Kind::Never("an address for documentation")
        }
        [192, 0, 0, _] | [192, 88, 99, _] | [198, 18..=19, ..] | [240..=255, ..] => {
            Kind::Never("a reserved address")
        }
        _ => Kind::Public,
    }
}

fn kind_of_v6(address: Ipv6Addr) -> Kind {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return kind_of_v4(mapped);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Private("a loopback address"),
        [0, 0, 0, 0, 0, 0, 0, 0] => Kind::Never("an unspecified address"),
        // NAT64 and 6to4 carry an IPv4 address, and lead to it.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            kind_of_v4(embedded(high, low))
        }
        [0xfc00..=0xfdff, ..] => Kind::Private("a unique local address"),
        [0xfe80..=0xfebf, ..] => Kind::Never("a link-local address"),
        [0xff00..=0xffff, ..] => Kind::Never("a multicast address"),
        [0x2001, 0x0db8, ..] | [0x3fff, 0x0000..=0x0fff, ..] => {
            Kind::Never("an address for documentation")
        }
        [0x2001, 0x0000..=0x01ff, ..] => Kind::Never("a reserved address"),
        [0x2000..=0x3fff, ..] => Kind::Public,
        _ => Kind::Never("a reserved address"),
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}
