//! What a function is told by its environment. All functions of a deployment are told the same.

use ::settings::{InvalidSettings, LogFilter, LogFormat, Reader, value};
use api::{BasePath, Origins, RateLimits, TrustedIssuers};
use transport::Egress;

/// Every variable there is.
const NAMES: [&str; 13] = [
    "CAUSEWAY_TABLE",
    "CAUSEWAY_RUNS_QUEUE_URL",
    "CAUSEWAY_KMS_KEY_ID",
    "CAUSEWAY_ADMIN_EMAIL",
    "CAUSEWAY_ADMIN_SECRET_ID",
    "CAUSEWAY_BASE_PATH",
    "CAUSEWAY_EGRESS_ALLOW",
    "CAUSEWAY_CORS_ORIGINS",
    "CAUSEWAY_TRUSTED_ISSUERS",
    "CAUSEWAY_RATE_LIMIT_USER",
    "CAUSEWAY_RATE_LIMIT_ADDRESS",
    "CAUSEWAY_LOG",
    "CAUSEWAY_LOG_FORMAT",
];

/// How a function is to run.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The table's name.
    pub(crate) table: String,
    /// Where runs are queued.
    pub(crate) runs_queue_url: String,
    /// The KMS key that the data key is wrapped by.
    pub(crate) kms_key_id: String,
    /// The e-mail address of the first admin, in lower case.
    pub(crate) admin_email: String,
    /// The secret that is the first admin's password; without it nobody is made.
    pub(crate) admin_secret_id: Option<String>,
    /// A prefix under which everything is served a second time.
    pub(crate) base_path: BasePath,
    /// Which addresses besides the public ones may be connected to.
    pub(crate) egress: Egress,
    /// The web origins whose pages may call the API.
    pub(crate) cors_origins: Origins,
    /// Whose tokens are accepted beside our own.
    pub(crate) trusted_issuers: TrustedIssuers,
    /// How many requests a minute are answered.
    pub(crate) rate_limits: RateLimits,
    /// What is logged.
    pub(crate) log: LogFilter,
    /// How log lines look.
    pub(crate) log_format: LogFormat,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// With every variable that cannot be used.
    pub(crate) fn from_env() -> Result<Self, InvalidSettings> {
        Self::read(Reader::of_environment(&NAMES))
    }

    fn read(mut reader: Reader) -> Result<Self, InvalidSettings> {
        let settings = Self::taken_from(&mut reader);
        reader.finish(settings)
    }

    fn taken_from(reader: &mut Reader) -> Option<Self> {
        let table = reader.take("CAUSEWAY_TABLE", "", value::needed);
        let runs_queue_url = reader.take("CAUSEWAY_RUNS_QUEUE_URL", "", value::needed);
        let kms_key_id = reader.take("CAUSEWAY_KMS_KEY_ID", "", value::needed);
        let admin_email = reader.take("CAUSEWAY_ADMIN_EMAIL", "admin@causeway.local", value::email);
        let admin_secret_id = reader
            .take("CAUSEWAY_ADMIN_SECRET_ID", "", |id| Ok(Some(id.to_owned()).filter(|id| !id.is_empty())));
        let base_path = reader.take("CAUSEWAY_BASE_PATH", "", value::base_path);
        let egress = reader.take("CAUSEWAY_EGRESS_ALLOW", "none", value::egress);
        let cors_origins = reader.take("CAUSEWAY_CORS_ORIGINS", "", value::origins);
        let trusted_issuers = reader.take("CAUSEWAY_TRUSTED_ISSUERS", "", value::trusted_issuers);
        let per_user = reader.take("CAUSEWAY_RATE_LIMIT_USER", "6000", value::rate_limit);
        let per_address = reader.take("CAUSEWAY_RATE_LIMIT_ADDRESS", "600", value::rate_limit);
        let log = reader.take("CAUSEWAY_LOG", "info", |text| value::log_filter(text, ""));
        let log_format = reader.take("CAUSEWAY_LOG_FORMAT", "json", value::log_format);
        Some(Self {
            table: table?,
            runs_queue_url: runs_queue_url?,
            kms_key_id: kms_key_id?,
            admin_email: admin_email?,
            admin_secret_id: admin_secret_id?,
            base_path: base_path?,
            egress: egress?,
            cors_origins: cors_origins?,
            trusted_issuers: trusted_issuers?,
            rate_limits: RateLimits { per_user: per_user?, per_address: per_address? },
            log: log?,
            log_format: log_format?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, InvalidSettings> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::read(Reader::of(variables, &NAMES))
    }

    #[test]
    fn a_function_needs_its_table_its_queue_and_its_key_and_says_so_at_once() {
        let InvalidSettings(lines) = read(&[("CAUSEWAY_TABEL", "t")]).unwrap_err();
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(lines[0].starts_with("CAUSEWAY_TABEL is not a setting"), "{lines:?}");
        assert_eq!(lines[1], "CAUSEWAY_TABLE must be set");
    }

    #[test]
    fn only_public_addresses_are_called_unless_more_is_allowed() {
        let settings = read(&[
            ("CAUSEWAY_TABLE", "causeway"),
            ("CAUSEWAY_RUNS_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/1/runs"),
            ("CAUSEWAY_KMS_KEY_ID", "alias/causeway"),
            ("CAUSEWAY_ADMIN_SECRET_ID", ""),
        ])
        .unwrap();
        settings.egress.check([127, 0, 0, 1].into()).unwrap_err();
        assert_eq!((settings.admin_secret_id, settings.log_format), (None, LogFormat::Json));
    }
}
