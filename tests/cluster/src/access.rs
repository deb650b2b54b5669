//! Who may do what.

/// What a user may do; later words win over earlier ones.
#[derive(Debug, Clone)]
pub struct Access {
    default: bool,
    words: Vec<Word>,
}

#[derive(Debug, Clone)]
struct Word {
    verb: String,
    resource: String,
    namespace: Option<String>,
    allowed: bool,
}

impl Access {
    /// Everything is allowed.
    pub fn all() -> Self {
        Self { default: true, words: Vec::new() }
    }

    /// Nothing is allowed.
    pub fn none() -> Self {
        Self { default: false, words: Vec::new() }
    }

    /// Allows a verb (`get`, `list`, `watch`, `create`, `delete` or `*`) on a resource (`pods`, `pods/log`, `jobs` or `*`).
    #[must_use]
    pub fn allow(self, verb: &str, resource: &str) -> Self {
        self.word(verb, resource, None, true)
    }

    /// Denies a verb on a resource.
    #[must_use]
    pub fn deny(self, verb: &str, resource: &str) -> Self {
        self.word(verb, resource, None, false)
    }

    /// Allows a verb on a resource in one namespace only.
    #[must_use]
    pub fn allow_in(self, namespace: &str, verb: &str, resource: &str) -> Self {
        self.word(verb, resource, Some(namespace), true)
    }

    fn word(mut self, verb: &str, resource: &str, namespace: Option<&str>, allowed: bool) -> Self {
        let namespace = namespace.map(str::to_owned);
        self.words.push(Word { verb: verb.to_owned(), resource: resource.to_owned(), namespace, allowed });
        self
    }

    pub(crate) fn allows(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        let fits = |pattern: &str, value: &str| pattern == "*" || pattern == value;
        self.words
            .iter()
            .rev()
            .find(|word| {
                fits(&word.verb, verb)
                    && fits(&word.resource, resource)
                    && word.namespace.as_deref().is_none_or(|only| only == namespace)
            })
            .map_or(self.default, |word| word.allowed)
    }
}

/// Someone known to the API server.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) access: Access,
}

impl User {
    pub(crate) fn anonymous() -> Self {
        Self { name: "system:anonymous".to_owned(), access: Access::none() }
    }
}
