//! What can be set from the environment, checked before anything starts.

#[cfg(test)]
mod tests;
mod value;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use api::{BasePath, Origins, RateLimits, TrustedIssuers};
use secrecy::SecretString;
use thiserror::Error;
use tracing_subscriber::EnvFilter;
use transport::Egress;

/// What every variable of ours begins with.
const PREFIX: &str = "CAUSEWAY_";

/// Every variable there is.
const NAMES: [&str; 12] = [
    "CAUSEWAY_PORT",
    "CAUSEWAY_DATA_DIR",
    "CAUSEWAY_BASE_PATH",
    "CAUSEWAY_ADMIN_EMAIL",
    "CAUSEWAY_ADMIN_PASSWORD",
    "CAUSEWAY_EGRESS_ALLOW",
    "CAUSEWAY_CORS_ORIGINS",
    "CAUSEWAY_TRUSTED_ISSUERS",
    "CAUSEWAY_RATE_LIMIT_USER",
    "CAUSEWAY_RATE_LIMIT_ADDRESS",
    "CAUSEWAY_LOG",
    "CAUSEWAY_LOG_FORMAT",
];

/// One machine is its own private network: a demo ERP on it may be reached.
const LOOPBACK: &str = "127.0.0.0/8,::1/128";

/// How the local process is to run.
#[derive(Debug)]
pub struct Settings {
    /// The port of 127.0.0.1 that the API is served on; 0 takes a free one.
    pub port: u16,
    /// Where keys and the table are kept.
    pub data_dir: PathBuf,
    /// Whether the table outlives the process.
    pub storage: Storage,
    /// A prefix under which everything is served a second time, such as `/make-server-6fcaeea3`.
    pub base_path: BasePath,
    /// The e-mail address of the first admin, in lower case.
    pub admin_email: String,
    /// The password of the first admin; a random one if there is none.
    pub admin_password: Option<SecretString>,
    /// Which addresses besides the public ones may be connected to.
    pub egress: Egress,
    /// The web origins whose pages may call the API.
    pub cors_origins: Origins,
    /// Whose tokens are accepted beside our own.
    pub trusted_issuers: TrustedIssuers,
    /// How many requests a minute are answered.
    pub rate_limits: RateLimits,
    /// What is logged.
    pub log: EnvFilter,
    /// How log lines look.
    pub log_format: LogFormat,
    /// How often the scheduler looks for what is due.
    pub tick: Duration,
}

/// Where the table lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// In a file of the data directory.
    File,
    /// In memory: nothing outlives the process. For tests.
    Memory,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Variables that cannot be used, each with what is wrong and what would do.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("the settings cannot be used:\n{}", .0.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"))]
pub struct InvalidSettings(pub Vec<String>);

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// With every variable that cannot be used.
    pub fn from_env() -> Result<Self, InvalidSettings> {
        Self::read(std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| name.starts_with(PREFIX))?;
            Some((name, value.into_string().unwrap_or_else(|value| value.to_string_lossy().into_owned())))
        }))
    }

    /// Reads `variables`. An empty one counts as not set.
    fn read(variables: impl Iterator<Item = (String, String)>) -> Result<Self, InvalidSettings> {
        let mut reader = Reader { variables: variables.collect(), errors: Vec::new() };
        reader.refuse_unknown();
        match reader.settings() {
            Some(settings) if reader.errors.is_empty() => Ok(settings),
            _ => Err(InvalidSettings(reader.errors)),
        }
    }
}

/// Reads one variable after the other and gathers what is wrong, so that a user mends everything in one go.
struct Reader {
    variables: HashMap<String, String>,
    errors: Vec<String>,
}

impl Reader {
    /// A misspelt variable would otherwise be a setting that is silently not there.
    fn refuse_unknown(&mut self) {
        let mut unknown: Vec<_> =
            self.variables.keys().filter(|name| !NAMES.contains(&name.as_str())).collect();
        unknown.sort();
        let known = NAMES.join(", ");
        self.errors =
            unknown.into_iter().map(|name| format!("{name} is not a setting; there are: {known}")).collect();
    }

    fn settings(&mut self) -> Option<Settings> {
        let port = self.take("CAUSEWAY_PORT", "9000", value::port);
        let data_dir = self.take("CAUSEWAY_DATA_DIR", ".causeway", |text| Ok(PathBuf::from(text)));
        let base_path = self.take("CAUSEWAY_BASE_PATH", "", value::base_path);
        let admin_email = self.take("CAUSEWAY_ADMIN_EMAIL", "admin@causeway.local", value::email);
        let admin_password = self.take("CAUSEWAY_ADMIN_PASSWORD", "", value::password);
        let egress = self.take("CAUSEWAY_EGRESS_ALLOW", LOOPBACK, value::egress);
        let cors_origins = self.take("CAUSEWAY_CORS_ORIGINS", "", value::origins);
        let trusted_issuers = self.take("CAUSEWAY_TRUSTED_ISSUERS", "", value::trusted_issuers);
        // Whoever is on this machine is its owner: there is nobody to hold up.
        let per_user = self.take("CAUSEWAY_RATE_LIMIT_USER", "none", value::rate_limit);
        let per_address = self.take("CAUSEWAY_RATE_LIMIT_ADDRESS", "none", value::rate_limit);
        let log = self.take("CAUSEWAY_LOG", "info", value::log_filter);
        let log_format = self.take("CAUSEWAY_LOG_FORMAT", "text", value::log_format);
        Some(Settings {
            port: port?,
            data_dir: data_dir?,
            storage: Storage::File,
            base_path: base_path?,
            admin_email: admin_email?,
            admin_password: admin_password?,
            egress: egress?,
            cors_origins: cors_origins?,
            trusted_issuers: trusted_issuers?,
            rate_limits: RateLimits { per_user: per_user?, per_address: per_address? },
            log: log?,
            log_format: log_format?,
            tick: Duration::from_secs(5),
        })
    }

    fn take<T>(&mut self, name: &str, default: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.variables.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        parse(text.unwrap_or(default)).map_err(|reason| self.errors.push(format!("{name} {reason}"))).ok()
    }
}
