//! Where a request may go: the shape of its address, and the hosts.

use reqwest::Url;

use crate::document::Http;
use crate::expression::{Scope, Template};
use crate::tool::ToolError;

/// What no value may change of an address.
pub(super) struct Shape {
    /// The address with one word, and with another, in place of every value.
    one: Url,
    other: Url,
}

impl Shape {
    /// The shape of the `url` of a tool; the fault is told in words.
    pub(super) fn of(source: &str) -> Result<Self, String> {
        if source.contains("{%") {
            return Err("a `url` takes values by `{{ ... }}`, and no blocks".to_owned());
        }
        let with = |word: &str| {
            let text = Template::with_word(source, word).map_err(|fault| fault.message)?;
            Url::parse(text.trim()).map_err(|error| format!("`url` cannot be read: {error}"))
        };
        let (one, other) = (with("a")?, with("b")?);
        if one.scheme() != other.scheme() || !matches!(one.scheme(), "http" | "https") {
            return Err("`url` begins with neither https:// nor http://".to_owned());
        }
        if one.port() != other.port() || !one.username().is_empty() || one.password().is_some() {
            return Err("`url` names a host, and no user".to_owned());
        }
        if one.fragment().is_some() {
            return Err("what follows a `#` is never sent".to_owned());
        }
        Ok(Self { one, other })
    }

    /// Whether the host is written out.
    pub(super) fn names_host(&self) -> bool {
        self.one.host_str() == self.other.host_str()
    }

    /// Whether anybody on the way can read what is sent.
    pub(super) fn is_open(&self) -> bool {
        self.one.scheme() == "http"
    }

    /// Renders an address; values change nothing but their own place in it.
    pub(super) fn render(&self, source: &str, scope: &Scope) -> Result<Url, ToolError> {
        let text = Template::address(source).render_text(scope)?;
        let changed = |what: &str| {
            ToolError::new("bad-argument", format!("an argument changes {what} of the address"))
                .help("arguments stand for one segment of the path, or one value of the query; no segment is empty, `.` or `..`")
        };
        let url = Url::parse(text.trim()).map_err(|_| changed("the host"))?;
        let same_place = url.scheme() == self.one.scheme()
            && url.port() == self.one.port()
            && url.username().is_empty()
            && (!self.names_host() || url.host_str() == self.one.host_str());
        if !same_place {
            return Err(changed("the host"));
        }
        let (now, meant) = (segments(&url), segments(&self.one));
        let emptied =
            now.iter().zip(&meant).any(|(now, meant)| now.is_empty() && !meant.is_empty());
        if now.len() != meant.len() || emptied {
            return Err(changed("the path"));
        }
        let names =
            |url: &Url| url.query_pairs().map(|(name, _)| name.into_owned()).collect::<Vec<_>>();
        let by_value = names(&self.one) != names(&self.other);
        if url.query_pairs().count() != self.one.query_pairs().count()
            || !by_value && names(&url) != names(&self.one)
        {
            return Err(changed("the query"));
        }
        Ok(url)
    }
}

fn segments(url: &Url) -> Vec<&str> {
    url.path_segments().into_iter().flatten().collect()
}

/// The hosts that a tool may ask.
pub(super) struct Hosts<'h> {
    /// The address whose host `url` writes out.
    own: Option<Url>,
    allowed: &'h [String],
}

impl<'h> Hosts<'h> {
    pub(super) fn of(http: &'h Http, shape: &Shape) -> Self {
        Self { own: shape.names_host().then(|| shape.one.clone()), allowed: &http.allow_hosts }
    }

    /// Whether requests may go to an address.
    pub(super) fn allow(&self, url: &Url) -> bool {
        // Without ports, http and https are the same place: a server may lead from one to the other.
        let own = |own: &Url| own.host_str() == url.host_str() && own.port() == url.port();
        self.own.as_ref().is_some_and(own) || self.allowed.iter().any(|pattern| fits(pattern, url))
    }
}

/// Whether a host is one of `example.com`, `*.example.com`, `example.com:8443`. Without a port, the usual one is meant.
fn fits(pattern: &str, url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let split =
        pattern.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse::<u16>().ok()?)));
    let (name, wanted) = match split {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        Some(_) | None => (pattern, None),
    };
    let name = name.to_ascii_lowercase();
    let same = match name.strip_prefix('*') {
        Some(suffix) => {
            suffix.starts_with('.') && host.ends_with(suffix) && host.len() > suffix.len()
        }
        None => name == host,
    };
    let port = match wanted {
        Some(_) => url.port_or_known_default() == wanted,
        None => url.port().is_none(),
    };
    same && port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_whole_names() {
        for (pattern, url, fit) in [
            ("example.com", "https://example.com/", true),
            ("Example.com", "https://example.com/", true),
            ("example.com", "https://example.com:8443/", false),
            ("example.com:8443", "https://example.com:8443/", true),
            ("example.com:443", "https://example.com/", true),
            ("example.com:443", "http://example.com/", false),
            ("example.com", "https://evil-example.com/", false),
            ("*.example.com", "https://api.example.com/", true),
            ("*.example.com", "https://example.com/", false),
            ("*.example.com", "https://evilexample.com/", false),
            ("*", "https://example.com/", false),
            ("[::1]:80", "http://[::1]/", true),
        ] {
            assert_eq!(fits(pattern, &Url::parse(url).unwrap()), fit, "{pattern} {url}");
        }
    }

    #[test]
    fn an_address_without_a_sound_shape_is_told() {
        for url in [
            "{{ params.url }}",
            "ftp://example.com",
            "https://user:word@example.com",
            "https://example.com:{{ params.port }}/",
            "https://example.com/#{{ params.x }}",
            "example.com/a",
            "https://example.com/{% if params.x %}a{% endif %}",
        ] {
            assert!(Shape::of(url).is_err(), "{url}");
        }
    }

    #[test]
    fn values_change_nothing_but_their_own_place() {
        let render = |source: &str, value: &str| {
            let params = crate::expression::view(&serde_json::json!({"x": value}));
            let shape = Shape::of(source).unwrap();
            shape.render(source, &Scope::new(&params, [])).map(|url| url.to_string())
        };
        let path = "https://example.com/items/{{ params.x }}";
        assert_eq!(
            render(path, "a b/c?d=e#f&g").unwrap(),
            "https://example.com/items/a%20b%2Fc%3Fd%3De%23f%26g"
        );
        assert_eq!(render(path, "é%2e").unwrap(), "https://example.com/items/%C3%A9%252e");
        for value in ["", ".", ".."] {
            assert!(render(path, value).is_err(), "{value:?}");
            assert!(render("https://example.com/{{ params.x }}/x", value).is_err(), "{value:?}");
        }
        assert!(render("https://example.com/a/%2{{ params.x }}", "e").is_err(), "a dot in parts");
        let query = "https://example.com/?q={{ params.x }}&n=1";
        assert_eq!(render(query, "a&n=2").unwrap(), "https://example.com/?q=a%26n%3D2&n=1");
        assert_eq!(render(query, "").unwrap(), "https://example.com/?q=&n=1");
        for value in ["a@evil.example", "evil.example/", "evil.example:80", "a b"] {
            assert!(render("https://{{ params.x }}.example.com/", value).is_err(), "{value}");
        }
        assert!(
            render("https://example.com{{ params.x }}/", ".evil.example").is_ok(),
            "the host is a value: allow_hosts judges it"
        );
    }
}
