//! What can be set from the environment, checked before anything starts.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use api::{BasePath, Origins, RateLimits, TrustedIssuers};
use secrecy::SecretString;
use settings::{InvalidSettings, LogFilter, LogFormat, Reader, value};
use transport::Egress;

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

/// The embedded services would drown our own lines; said outright in `CAUSEWAY_LOG`, they are heard.
const QUIET: &str = "dynoxide=error,rustack_sqs_core=warn,rustack_sqs_http=warn";

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
    pub log: LogFilter,
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

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// With every variable that cannot be used.
    pub fn from_env() -> Result<Self, InvalidSettings> {
        Self::read(Reader::of_environment(&NAMES))
    }

    fn read(mut reader: Reader) -> Result<Self, InvalidSettings> {
        let settings = Self::taken_from(&mut reader);
        reader.finish(settings)
    }

    fn taken_from(reader: &mut Reader) -> Option<Self> {
        let port = reader.take("CAUSEWAY_PORT", "9000", value::port);
        let data_dir = reader.take("CAUSEWAY_DATA_DIR", ".causeway", |text| Ok(PathBuf::from(text)));
        let base_path = reader.take("CAUSEWAY_BASE_PATH", "", value::base_path);
        let admin_email = reader.take("CAUSEWAY_ADMIN_EMAIL", "admin@causeway.local", value::email);
        let admin_password = reader.take("CAUSEWAY_ADMIN_PASSWORD", "", value::password);
        let egress = reader.take("CAUSEWAY_EGRESS_ALLOW", LOOPBACK, value::egress);
        let cors_origins = reader.take("CAUSEWAY_CORS_ORIGINS", "", value::origins);
        let trusted_issuers = reader.take("CAUSEWAY_TRUSTED_ISSUERS", "", value::trusted_issuers);
        // Whoever is on this machine is its owner: there is nobody to hold up.
        let per_user = reader.take("CAUSEWAY_RATE_LIMIT_USER", "none", value::rate_limit);
        let per_address = reader.take("CAUSEWAY_RATE_LIMIT_ADDRESS", "none", value::rate_limit);
        let log = reader.take("CAUSEWAY_LOG", "info", |text| value::log_filter(text, QUIET));
        let log_format = reader.take("CAUSEWAY_LOG_FORMAT", "text", value::log_format);
        Some(Self {
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
}
