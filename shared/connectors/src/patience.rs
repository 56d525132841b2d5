//! How long and how often an ERP is asked, as the connection's settings say.

use std::time::Duration;

use domain::connection::ConnectionSettings;
use transport::http::RetryPolicy;

/// How long one try may take.
pub(crate) const fn timeout(settings: &ConnectionSettings) -> Duration {
    Duration::from_millis(settings.timeout as u64)
}

/// How often a failed request is tried again.
pub(crate) const fn retry(settings: &ConnectionSettings) -> RetryPolicy {
    let first_delay = Duration::from_millis(settings.retry_delay as u64);
    RetryPolicy { attempts: settings.retry_attempts, first_delay }
}
