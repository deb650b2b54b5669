//! [`NoProxy`]: `NO_PROXY` as Go's `httpproxy` reads it, and so kubectl.
//!
//! hyper-util has a reading of its own, which knows no ports and no `*.`.

use std::net::IpAddr;

use http::Uri;
use ipnet::IpNet;

/// The hosts that are reached without the environment's proxy.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoProxy {
    /// `*`.
    All,
    /// Any of these.
    Any(Vec<NoProxyRule>),
}

/// One entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoProxyRule {
    /// A block of addresses; it has no port.
    Net(IpNet),
    /// One address.
    Ip(IpAddr, Option<String>),
    /// A domain, with a dot in front; and the name itself, unless the entry began with a dot.
    Domain { suffix: String, itself: bool, port: Option<String> },
}

impl NoProxy {
    /// Reads the list. What makes no sense in it is ignored, as in Go.
    pub fn parse(list: &str) -> Self {
        let mut rules = Vec::new();
        for entry in list.split(',').map(|entry| entry.trim().to_ascii_lowercase()) {
            if entry == "*" {
                return Self::All;
            }
            rules.extend(NoProxyRule::parse(&entry));
        }
        Self::Any(rules)
    }

    /// Whether the proxy is asked for `server`. Never for this machine itself.
    pub fn lets_through(&self, server: &Uri) -> bool {
        let host = server.host().unwrap_or_default().trim_matches(['[', ']']).trim().to_ascii_lowercase();
        let ip = host.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
        if host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()) {
            return false;
        }
        let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 }).to_string();
        match self {
            Self::All => false,
            Self::Any(rules) => !rules.iter().any(|rule| rule.matches(&host, ip, &port)),
        }
    }
}

impl NoProxyRule {
    fn parse(entry: &str) -> Option<Self> {
        if let Ok(net) = entry.parse() {
            return Some(Self::Net(net));
        }
        let (host, port) = split_port(entry);
        let port = port.filter(|port| !port.is_empty()).map(str::to_owned);
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Some(Self::Ip(ip.to_canonical(), port));
        }
        let host = if host.starts_with("*.") { &host[1..] } else { host };
        let itself = !host.starts_with('.');
        let suffix = if itself { format!(".{host}") } else { host.to_owned() };
        (!host.is_empty()).then_some(Self::Domain { suffix, itself, port })
    }

    fn matches(&self, host: &str, ip: Option<IpAddr>, port: &str) -> bool {
        let same_port = |wanted: &Option<String>| wanted.as_deref().is_none_or(|wanted| wanted == port);
        match self {
            Self::Net(net) => ip.is_some_and(|ip| net.contains(&ip)),
            Self::Ip(address, wanted) => ip == Some(*address) && same_port(wanted),
            Self::Domain { suffix, itself, port: wanted } => {
                (host.ends_with(suffix) || *itself && host == &suffix[1..]) && same_port(wanted)
            }
        }
    }
}

/// Host and port, where there is a port: the colons of a bare IPv6 address are none.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    match entry.rsplit_once(':') {
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => (host, Some(port)),
        _ => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// From the tests of golang.org/x/net/http/httpproxy, and what they leave out.
    #[test]
    fn the_list_is_read_as_in_go() {
        let go = "foobar.com, .barbaz.net, *.wild.org, ported.io:6443, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, \
                  10.0.0.0/30, 2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64,,:80, .";
        for (server, direct) in [
            ("http://localhost", true),
            ("http://127.0.0.1", true),
            ("http://127.0.0.2", true),
            ("http://[::1]", true),
            ("http://[::2]", false),
            ("http://192.168.1.1", true),
            ("http://192.168.1.1:6443", true),
            ("http://192.168.1.2", false),
            ("http://192.168.1.3", true),
            ("http://192.168.1.4", false),
            ("http://10.0.0.2", true),
            ("http://10.0.0.5", false),
            ("http://[2001:db8::52:0:1]", true),
            ("https://[2001:db8::52:0:2]", true),
            ("http://[2001:db8::52:0:2]", false),
            ("http://[2001:db8::52:0:3]", true),
            ("http://[2002:db8:a::123]", true),
            ("http://[fe80::424b:c8be:1643:a1b6]", false),
            ("http://barbaz.net", false),
            ("http://www.barbaz.net", true),
            ("http://foobar.com", true),
            ("http://FOOBAR.com", true),
            ("http://www.foobar.com", true),
            ("http://foofoobar.com", false),
            ("http://baz.com", false),
            ("http://wild.org", false),
            ("http://api.wild.org:6443", true),
            ("http://a.b.wild.org", true),
            ("https://ported.io:6443", true),
            ("https://api.ported.io:6443", true),
            ("https://ported.io", false),
            ("http://localhost.net", false),
            ("http://local.localhost", false),
            ("http://[::ffff:192.168.1.1]", true),
        ] {
            assert_eq!(!NoProxy::parse(go).lets_through(&Uri::from_static(server)), direct, "{server}");
        }
        assert!(!NoProxy::parse("a, *").lets_through(&Uri::from_static("https://api.example.org")));
        assert!(NoProxy::parse("").lets_through(&Uri::from_static("https://api.example.org")));
    }

    proptest! {
        #[test]
        fn no_list_panics(list in "[a-z0-9.:*/\\[\\], é-]{0,40}", host in "[a-z0-9.]{1,10}") {
            if let Ok(server) = format!("https://{host}:6443").parse() {
                NoProxy::parse(&list).lets_through(&server);
            }
        }
    }
}
