//! A request, taken apart.

use std::collections::HashMap;

use http::{HeaderMap, Method, Uri};

use crate::resource::Resource;

/// What a request asks for, as counters and fault rules tell requests apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A container's log, followed or not.
    Log,
    /// A file or directory of a node, through its kubelet.
    NodeFile,
    /// A watch.
    Watch,
    /// A list.
    List,
    /// One object.
    Get,
    /// A new object (an access review too).
    Create,
    /// A change of one object.
    Patch,
    /// One object in the place of another.
    Update,
    /// A deletion of one object or of many.
    Delete,
    /// Discovery, version and health.
    Meta,
}

/// A request to the API server.
#[derive(Debug, Clone)]
pub struct Call {
    /// What it asks for.
    pub kind: Kind,
    /// The HTTP method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The namespace; empty for cluster-wide requests.
    pub namespace: String,
    /// The object's name; empty for lists and watches.
    pub name: String,
    /// The user who asks.
    pub user: String,
    /// The how-manieth request of its kind this is, from 1.
    pub nth: usize,
    pub(crate) resource: Option<&'static Resource>,
    pub(crate) subresource: String,
    /// What is asked of a node's kubelet: `/logs/…`, the slash at its end included.
    pub(crate) proxied: String,
    pub(crate) range: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) raw_query: String,
    pub(crate) agent: String,
    pub(crate) accept: String,
}

impl Call {
    pub(crate) fn new(method: Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let header =
            |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let raw_query = uri.query().unwrap_or_default().to_owned();
        let mut call = Self {
            kind: Kind::Meta,
            method,
            path: uri.path().to_owned(),
            namespace: String::new(),
            name: String::new(),
            user: String::new(),
            nth: 0,
            resource: None,
            subresource: String::new(),
            proxied: String::new(),
            range: header("range"),
            query: raw_query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(key, value)| (decode(key), decode(value)))
                .collect(),
            raw_query,
            agent: header("user-agent"),
            accept: header("accept"),
        };
        call.place();
        call.kind = match (call.resource, &call.method) {
            (None, _) => Kind::Meta,
            (_, &Method::GET) if call.subresource == "proxy" => Kind::NodeFile,
            (_, &Method::POST) => Kind::Create,
            (_, &Method::PATCH) => Kind::Patch,
            (_, &Method::PUT) => Kind::Update,
            (_, &Method::DELETE) => Kind::Delete,
            _ if call.subresource == "log" => Kind::Log,
            _ if call.flag("watch") => Kind::Watch,
            _ if call.name.is_empty() => Kind::List,
            _ => Kind::Get,
        };
        call
    }

    /// A query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether a boolean query parameter is set.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.query.get(name).map(String::as_str), Some("true" | "1" | "True" | "TRUE" | "t" | "T"))
    }

    /// The container a log request names.
    pub fn container(&self) -> &str {
        self.parameter("container").unwrap_or_default()
    }

    pub(crate) fn target(&self) -> String {
        if self.raw_query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.raw_query) }
    }

    /// The verb RBAC knows the request by.
    pub(crate) fn verb(&self) -> &'static str {
        match self.kind {
            Kind::Log | Kind::NodeFile | Kind::Get | Kind::Meta => "get",
            Kind::Watch => "watch",
            Kind::List => "list",
            Kind::Create => "create",
            Kind::Patch => "patch",
            Kind::Update => "update",
            Kind::Delete if self.name.is_empty() => "deletecollection",
            Kind::Delete => "delete",
        }
    }

    /// `pods` or `pods/log`.
    pub(crate) fn resource_name(&self) -> String {
        let plural = self.resource.map_or("", |resource| resource.plural);
        if self.subresource.is_empty() { plural.to_owned() } else { format!("{plural}/{}", self.subresource) }
    }

    fn place(&mut self) {
        let path = self.path.clone();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (group, rest) = match parts.as_slice() {
            ["api", "v1", rest @ ..] => ("", rest),
            ["apis", group, "v1", rest @ ..] => (*group, rest),
            _ => return,
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
            rest => ("", rest),
        };
        let (plural, name, subresource) = match rest {
            [plural] => (*plural, "", ""),
            [plural, name] => (*plural, *name, ""),
            [plural @ "nodes", name, subresource @ "proxy", ..] => {
                let proxied = path.split_once("/proxy").map_or("", |(_, proxied)| proxied);
                proxied.clone_into(&mut self.proxied);
                (*plural, *name, *subresource)
            }
            [plural, name, subresource] => (*plural, *name, *subresource),
            _ => return,
        };
        self.resource = Resource::find(group, plural);
        self.namespace = decode(namespace);
        self.name = decode(name);
        subresource.clone_into(&mut self.subresource);
    }
}

fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let hex = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                if let (Some(high), Some(low)) = (hex(bytes.next()), hex(bytes.next())) {
                    out.push((high * 16 + low) as u8);
                }
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
