//! Addresses that belong together: one of them, or all with the same first bits, as `10.1.0.0/16`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// How many bits of an IPv6 address name the one who asks; the rest is theirs to choose.
const IPV6_SUBSCRIBER_BITS: u8 = 64;

/// A network, or a single address. IPv4 addresses that are written as IPv6 ones are IPv4 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A text that is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an address or a network such as 10.0.0.5 or 10.1.0.0/16")]
pub struct InvalidNetwork;

impl Network {
    /// Whether the address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4()
            && first_bits(address, self.bits) == self.address
    }

    /// Those whom an address stands for: itself, or with IPv6 the network of its subscriber.
    pub(crate) fn of_subscriber(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let bits = if address.is_ipv4() {
            32
        } else {
            IPV6_SUBSCRIBER_BITS
        };
        Self {
            address: first_bits(address, bits),
            bits,
        }
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().map_err(|_| InvalidNetwork)?,
            None => most,
        };
        // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
        let canonical = address.to_canonical();
        let bits = match (address.is_ipv4(), canonical.is_ipv4()) {
            (false, true) => u8::checked_sub(bits, 96).ok_or(InvalidNetwork)?,
            _ => bits,
        };
        let network = Self {
            address: canonical,
            bits,
        };
        let is_whole = bits <= most && first_bits(canonical, bits) == canonical;
        is_whole.then_some(network).ok_or(InvalidNetwork)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

fn first_bits(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let rest = 32_u32.saturating_sub(bits.into());
            let mask = u32::MAX.checked_shl(rest).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let rest = 128_u32.saturating_sub(bits.into());
            let mask = u128::MAX.checked_shl(rest).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_addresses_with_its_first_bits() {
        let cases = [
            ("10.0.0.5", "10.0.0.5", true),
            ("10.0.0.5", "10.0.0.6", false),
            ("10.0.0.5", "::ffff:10.0.0.5", true),
            ("10.1.0.0/16", "10.1.255.255", true),
            ("10.1.0.0/16", "10.2.0.0", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "::1", false),
            ("::ffff:10.0.0.0/104", "10.9.9.9", true),
            ("::1", "::1", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("::/0", "2001:db9::", true),
            ("::/0", "10.0.0.1", false),
        ];
        for (network, address, expected) in cases {
            let network: Network = network.parse().unwrap();
            let found = network.contains(address.parse().unwrap());
            assert_eq!(found, expected, "{network} {address}");
        }
        for text in [
            "",
            "proxy",
            "10.0.0.5/33",
            "::1/129",
            "10.0.0.5/",
            "10.0.0.5/8",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "::ffff:10.0.0.0/95",
        ] {
            assert_eq!(text.parse::<Network>(), Err(InvalidNetwork), "{text}");
        }
    }

    #[test]
    fn an_ipv6_subscriber_is_one() {
        let of = |address: &str| Network::of_subscriber(address.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
        assert_eq!(of("10.0.0.1"), of("::ffff:10.0.0.1"));
    }
}
