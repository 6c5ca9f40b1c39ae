//! Which addresses a call of ours may go to.

use std::net::IpAddr;

/// Whether a receiver may stand inside the own network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Only public addresses, whatever a name resolves to.
    #[default]
    PublicOnly,
    /// The operator has said that private addresses are meant.
    PrivateToo,
}

impl Reach {
    pub fn allows(self, address: IpAddr) -> bool {
        self == Self::PrivateToo || is_public(address)
    }
}

/// Whether an address is one of the open internet's.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && (64..128).contains(&second);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || v4.is_documentation()
                || shared
                || first == 0
                || first >= 240)
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                return is_public(IpAddr::V4(v4));
            }
            let first = v6.segments()[0];
            let (local, link_local) = (first & 0xFE00 == 0xFC00, first & 0xFFC0 == 0xFE80);
            !(v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() || local || link_local)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_spelling() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fc00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "::",
        ] {
            assert!(!is_public(private.parse().expect("an address")), "{private}");
        }
        for public in ["1.1.1.1", "203.119.2.28", "2001:4860:4860::8888"] {
            assert!(is_public(public.parse().expect("an address")), "{public}");
        }
    }
}
