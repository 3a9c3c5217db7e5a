//! Where a database is: the URL of an environment variable. Neither the URL nor a part that may be its password is shown.

use std::str::FromStr as _;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::NoTls;
use tokio_postgres::config::{Config, Host, SslMode};

use super::tls::{self, Trust};
use super::{CONNECT, ToolError};

/// Options of other clients that this one does not have.
const WITHOUT: &[&str] = &[
    "gssencmode",
    "krbsrvname",
    "passfile",
    "requirepeer",
    "service",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslpassword",
];

/// A URL that was read.
pub(super) struct Address {
    config: Config,
    /// None where nothing is encrypted.
    trust: Option<Trust>,
    variable: String,
}

/// The fault of a variable that is not set.
pub(super) fn unset(variable: &str) -> ToolError {
    ToolError::new("source-unavailable", format!("{variable} is not set")).help(help(variable))
}

fn help(variable: &str) -> String {
    format!(
        "set {variable} to postgresql://USER:PASSWORD@HOST:PORT/DATABASE; in the password write `%40` for @, `%2F` for /, `%3A` for :"
    )
}

impl Address {
    pub(super) fn read(variable: &str, url: &SecretString) -> Result<Self, ToolError> {
        let bad = |why: &str| {
            ToolError::new("source-unavailable", format!("{variable} {why}")).help(help(variable))
        };
        let url = url.expose_secret();
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(bad("holds no URL of PostgreSQL"));
        }
        let (rest, mode, root) = without_tls(url);
        let option = |name: &&&str| {
            rest.split(['?', '&']).skip(1).any(|pair| pair.split('=').next() == Some(**name))
        };
        if let Some(option) = WITHOUT.iter().find(option) {
            return Err(bad(&format!("has the option `{option}`, which is not supported")));
        }
        // What the parser says could quote the password.
        let mut config =
            Config::from_str(&rest).map_err(|_| bad("holds a URL that cannot be read"))?;
        let odd = |host: &Host| matches!(host, Host::Tcp(name) if name.contains(['@', '/', ' ']));
        if config.get_hosts().is_empty() || config.get_hosts().iter().any(odd) {
            return Err(bad("holds a URL that cannot be read"));
        }
        let known = |found| tls::trust(found, root.as_deref()).map_err(|why| bad(&why));
        let trust = known(mode.as_deref())?;
        config.ssl_mode(match (&trust, mode.as_deref()) {
            (None, _) => SslMode::Disable,
            (Some(_), None | Some("prefer" | "allow")) => SslMode::Prefer,
            (Some(_), Some(_)) => SslMode::Require,
        });
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("engine");
        }
        Ok(Self { config, trust, variable: variable.to_owned() })
    }

    /// Host, port and database.
    pub(super) fn place(&self) -> String {
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            #[cfg(unix)]
            Some(Host::Unix(path)) => path.display().to_string(),
            None => String::new(),
        };
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or_default();
        format!("{host}:{port}/{database}")
    }

    /// Connections that are made when they are wanted.
    pub(super) fn pool(&self, most: usize) -> Result<Pool, ToolError> {
        // A connection that a server has closed since is found out before it is lent.
        let how = ManagerConfig { recycling_method: RecyclingMethod::Verified };
        let config = self.config.clone();
        let manager = match &self.trust {
            None => Manager::from_config(config, NoTls, how),
            Some(trust) => {
                let connector = tls::connector(trust).map_err(|why| {
                    let message = format!("{} {why}", self.variable);
                    ToolError::new("source-unavailable", message)
                })?;
                Manager::from_config(config, connector, how)
            }
        };
        let timeouts = Timeouts { recycle: Some(Duration::from_secs(2)), ..Timeouts::default() };
        Pool::builder(manager)
            .max_size(most)
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| ToolError::new("source-unavailable", error.to_string()))
    }
}

/// The URL without the options that say how it is encrypted, and these: `sslmode` and `sslrootcert`.
fn without_tls(url: &str) -> (String, Option<String>, Option<String>) {
    let after = url.find('@').unwrap_or_default();
    let Some(mark) = url.get(after..).and_then(|rest| rest.find('?')).map(|at| after + at) else {
        return (url.to_owned(), None, None);
    };
    let (base, query) = (url.get(..mark).unwrap_or(url), url.get(mark + 1..).unwrap_or_default());
    let ours = |pair: &&str| pair.starts_with("sslmode=") || pair.starts_with("sslrootcert=");
    let (taken, kept): (Vec<&str>, Vec<&str>) = query.split('&').partition(ours);
    let taken = Url::parse(&format!("options:?{}", taken.join("&"))).ok();
    let option = |name: &str| {
        let mut pairs = taken.as_ref()?.query_pairs();
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let rest = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    (rest, option("sslmode"), option("sslrootcert"))
}

#[cfg(test)]
mod tests {
    use super::Address;

    fn read(url: &str) -> Result<String, String> {
        let address = Address::read("SHOP_URL", &url.to_owned().into());
        address.map(|address| address.place()).map_err(|error| {
            let fault = error.fault();
            assert!(fault.help.unwrap().contains("postgresql://USER:PASSWORD@HOST"));
            fault.message
        })
    }

    #[test]
    fn a_url_is_read_or_refused_without_being_shown() {
        let cases = [
            (
                "postgres://me:pa%40ss@db.example:6543/shop?sslmode=disable",
                Ok("db.example:6543/shop"),
            ),
            (
                "postgresql://me@localhost/shop?sslmode=require&application_name=x",
                Ok("localhost:5432/shop"),
            ),
            ("mysql://me:secret@localhost/shop", Err("SHOP_URL holds no URL of PostgreSQL")),
            (
                "postgres://me:se@cret@localhost/shop",
                Err("SHOP_URL holds a URL that cannot be read"),
            ),
            (
                "postgres://me:secret@localhost:many/shop",
                Err("SHOP_URL holds a URL that cannot be read"),
            ),
            (
                "postgres://me:secret@localhost/shop?sslmode=full",
                Err(
                    "SHOP_URL has `sslmode=full`: there are disable, prefer, require, verify-ca and verify-full",
                ),
            ),
            (
                "postgres://me:secret@localhost/shop?sslmode=verify-ca",
                Err(
                    "SHOP_URL has `sslmode=verify-ca` without `sslrootcert=FILE`, the certificate of the authority",
                ),
            ),
            (
                "postgres://me:secret@localhost/shop?sslkey=x",
                Err("SHOP_URL has the option `sslkey`, which is not supported"),
            ),
        ];
        for (url, wanted) in cases {
            assert_eq!(read(url), wanted.map(str::to_owned).map_err(str::to_owned), "{url}");
        }
    }
}
