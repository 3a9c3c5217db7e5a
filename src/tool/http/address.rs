//! Which addresses may be asked. A name is checked by the addresses that it stands for, and the connection is made to
//! just those: what a name stands for a moment later changes nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::wire::Refused;

/// Where clouds tell machines their keys, as far as it is not link-local: Azure, and Alibaba, and Oracle.
const METADATA: [Ipv4Addr; 3] = [
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
];

/// What an address must not be; none where it may be asked. `allow_private` lets this machine and private networks
/// in, and nothing else.
pub(super) fn refused(address: IpAddr, allow_private: bool) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => refused_v4(address, allow_private),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => refused_v4(inner, allow_private),
            None => refused_v6(address, allow_private),
        },
    }
}

fn refused_v4(address: Ipv4Addr, allow_private: bool) -> Option<&'static str> {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        _ if METADATA.contains(&address) => Some("a metadata service"),
        (169, 254, _) => Some("a link-local address"),
        (224..=239, _, _) => Some("a multicast address"),
        (0 | 240..=255, _, _)
        | (192, 0, 0 | 2)
        | (198, 51, 100)
        | (203, 0, 113)
        | (192, 88, 99) => Some("a reserved address"),
        _ if allow_private => None,
        (127, _, _) => Some("a loopback address"),
        (10, _, _) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) | (198, 18 | 19, _) => {
            Some("a private address")
        }
        _ => None,
    }
}

fn refused_v6(address: Ipv6Addr, allow_private: bool) -> Option<&'static str> {
    let [first, second, ..] = address.segments();
    // The metadata service of Amazon lies in a private network.
    let metadata = address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match first {
        _ if metadata => Some("a metadata service"),
        0xfe80..=0xfeff => Some("a link-local address"),
        0xff00..=0xffff => Some("a multicast address"),
        _ if address.is_loopback() => (!allow_private).then_some("a loopback address"),
        0xfc00..=0xfdff => (!allow_private).then_some("a private address"),
        // Documentation and tunnels, whose ends nobody knows.
        0x2001 if second == 0xdb8 || second < 0x200 => Some("a reserved address"),
        0x2000..=0x3ffe => None,
        _ => Some("a reserved address"),
    }
}

/// The IPv4 address that an IPv6 address leads to: mapped, compatible, by NAT64 or by 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let halves = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, .., high, low]
        | [0x2002, high, low, ..] => Some(halves(high, low)),
        _ => None,
    }
}

/// Why the host of an address must not be asked, where it is a number. Names are checked when they are resolved.
pub(in crate::tool) fn refused_host(url: &Url, allow_private: bool) -> Option<Refused> {
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    let address: IpAddr = host.parse().ok()?;
    refused(address, allow_private).map(|what| Refused(format!("{address} is {what}")))
}

/// Resolves names to addresses that may be asked.
pub(in crate::tool) struct Guard {
    pub(super) allow_private: bool,
}

impl Guard {
    /// The guard as a client takes it.
    pub(in crate::tool) fn shared(allow_private: bool) -> Arc<dyn Resolve> {
        Arc::new(Self { allow_private })
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One address that must not be asked is enough: which is taken is up to the connection.
            for address in &found {
                if let Some(what) = refused(address.ip(), allow_private) {
                    return Err(
                        Refused(format!("`{name}` stands for {}, {what}", address.ip())).into()
                    );
                }
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_asked() {
        for (address, public, private) in [
            ("93.184.216.34", true, true),
            ("2606:2800:220:1:248:1893:25c8:1946", true, true),
            ("::ffff:93.184.216.34", true, true),
            ("64:ff9b::5db8:d822", true, true),
            ("127.0.0.1", false, true),
            ("127.8.8.8", false, true),
            ("10.1.2.3", false, true),
            ("172.16.0.1", false, true),
            ("172.32.0.1", true, true),
            ("192.168.1.1", false, true),
            ("100.64.0.1", false, true),
            ("::1", false, true),
            ("::ffff:127.0.0.1", false, true),
            ("::ffff:10.0.0.1", false, true),
            ("fd12:3456::1", false, true),
            ("2002:7f00:1::", false, true),
            ("169.254.169.254", false, false),
            ("::ffff:169.254.169.254", false, false),
            ("64:ff9b::a9fe:a9fe", false, false),
            ("100.100.100.200", false, false),
            ("168.63.129.16", false, false),
            ("fd00:ec2::254", false, false),
            ("fe80::1", false, false),
            ("224.0.0.1", false, false),
            ("ff02::1", false, false),
            ("0.0.0.0", false, false),
            ("::", false, false),
            ("255.255.255.255", false, false),
            ("2001::1", false, false),
            ("2001:db8::1", false, false),
            ("64:ff9b:1::1", false, false),
        ] {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!(refused(parsed, false).is_none(), public, "{address}");
            assert_eq!(refused(parsed, true).is_none(), private, "{address}, private allowed");
        }
    }

    #[test]
    fn numbers_are_found_however_they_are_written() {
        for url in
            ["http://127.0.0.1/", "http://2130706433/", "http://0x7f.1/", "http://[::ffff:7f00:1]/"]
        {
            assert!(refused_host(&Url::parse(url).unwrap(), false).is_some(), "{url}");
        }
    }
}
