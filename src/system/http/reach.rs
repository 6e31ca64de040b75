//! How far an address reaches, and the rule for one that a server names.
//!
//! A server on the internet can redirect a request to any address: to a router's, to that of a database on the user's
//! network, or to a cloud's metadata service. So a redirect is followed only to a machine that is reachable from at least
//! as far away as the one that sent it: from the internet to the internet, from a private network also there, and to this
//! machine only from this machine. What counts is the address that is connected to, not what a name promises.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// The place from which an address can be reached, the nearest one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// This machine alone.
    Loopback,
    /// The local link, where clouds have their metadata services.
    Link,
    /// A private network. Everything that the IANA does not list as globally reachable counts as one.
    Private,
    Internet,
}

impl Reach {
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }

    /// Returns what the host of a URL says by itself, or `None` if it is a name that has to be resolved.
    pub fn of_host(url: &Url) -> Option<Self> {
        match url.host()? {
            Host::Ipv4(address) => Some(of_v4(address)),
            Host::Ipv6(address) => Some(of_v6(address)),
            Host::Domain(name) => {
                // RFC 6761 §6.3: all of them are this machine.
                let name = name.strip_suffix('.').unwrap_or(name);
                (name == "localhost" || name.ends_with(".localhost")).then_some(Self::Loopback)
            }
        }
    }

    /// Returns the place of a host that is nearer than this one by what it says itself.
    pub fn nearer_host(self, url: &Url) -> Option<Self> {
        Self::of_host(url).filter(|place| *place < self)
    }
}

/// To be placed after "on".
impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "this machine",
            Self::Link => "the local link",
            Self::Private => "a private network",
            Self::Internet => "the internet",
        })
    }
}

/// The IANA's registry of special-purpose IPv4 addresses (RFC 6890).
fn of_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        // Linux takes 0.0.0.0 for itself.
        [0 | 127, ..] => Reach::Loopback,
        [169, 254, ..] | [224..=255, ..] => Reach::Link,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Reach::Private,
        // A provider's own network, which VPNs use as well (RFC 6598).
        [100, 64..=127, ..] => Reach::Private,
        // Protocol assignments, documentation, benchmarks.
        [192, 0, 0 | 2, _] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => Reach::Private,
        _ => Reach::Internet,
    }
}

/// The same for IPv6. An IPv4 address inside an IPv6 one counts.
fn of_v6(address: Ipv6Addr) -> Reach {
    let inside = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        of_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Reach::Loopback,
        // Mapped, compatible, translated (RFC 4291 §2.5.5, RFC 2765), and by NAT64 (RFC 6052).
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inside(high, low),
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => inside(high, low),
        [0xfe80..=0xfebf | 0xff00..=0xffff, ..] => Reach::Link,
        // Protocol assignments with Teredo (RFC 4380), documentation.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Reach::Private,
        [0x2000..=0x3fff, ..] => Reach::Internet,
        _ => Reach::Private,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reaches_as_far_as_its_registry_says() {
        for (reach, addresses) in [
            (
                Reach::Loopback,
                "127.0.0.1 127.9.9.9 0.0.0.0 0.1.2.3 ::1 :: ::ffff:127.0.0.1 ::7f00:1 64:ff9b::7f00:1 2002:7f00:1::",
            ),
            (
                Reach::Link,
                "169.254.169.254 224.0.0.1 255.255.255.255 240.0.0.1 fe80::1 febf::1 ff02::1 ::ffff:169.254.169.254",
            ),
            (
                Reach::Private,
                "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.100.100.200 192.0.0.192 192.0.2.1 \
                 198.18.0.1 198.51.100.1 203.0.113.1 ::ffff:10.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 2002:c0a8:101::1 fc00::1 \
                 fd00:ec2::254 fec0::1 2001::1 2001:db8::1 3fff::1 100::1 ::ffff:0:a00:1",
            ),
            (
                Reach::Internet,
                "1.1.1.1 11.0.0.1 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 192.167.0.1 169.253.0.1 198.17.0.1 \
                 223.255.255.255 2606:4700::1111 2001:4860:4860::8888 ::ffff:1.1.1.1 64:ff9b::101:101 2002:101:101::",
            ),
        ] {
            for address in addresses.split_whitespace() {
                assert_eq!(Reach::of(address.parse().unwrap()), reach, "{address}");
            }
        }
    }

    #[test]
    fn a_host_says_by_itself_what_it_can() {
        for (url, reach) in [
            ("https://localhost/", Some(Reach::Loopback)),
            ("https://LOCALHOST./", Some(Reach::Loopback)),
            ("https://a.localhost/", Some(Reach::Loopback)),
            ("https://2130706433/", Some(Reach::Loopback)),
            ("https://0x7f.1/", Some(Reach::Loopback)),
            ("https://[::ffff:a00:1]/", Some(Reach::Private)),
            ("https://0xa9fea9fe/", Some(Reach::Link)),
            ("https://notlocalhost/", None),
            ("https://storage.example/", None),
            ("data:x", None),
        ] {
            assert_eq!(Reach::of_host(&Url::parse(url).unwrap()), reach, "{url}");
        }
    }

    #[test]
    fn the_nearest_place_comes_first() {
        let order = [Reach::Loopback, Reach::Link, Reach::Private, Reach::Internet];
        assert!(order.is_sorted());
    }
}
