//! What a function has for as long as it lives: its clients, each made once.

use api::{ApiConfig, ApiState, FirstAdmin};
use queue::Queue;
use secrets::{KeptSecret, Vault};
use store::Store;
use sync::{Engine, Pace};
use transport::Transport;

use crate::aws;
use crate::settings::Settings;

/// The clients of a function, none of which has connected to anything yet.
pub(crate) struct Home {
    pub(crate) engine: Engine,
    api: ApiConfig,
}

impl Home {
    /// # Errors
    /// With what the environment lacks.
    pub(crate) fn open(settings: Settings) -> Result<Self, String> {
        let config = aws::config()?;
        let store = Store::connect(&config, settings.table);
        let first_admin = settings.admin_secret_id.map(|id| FirstAdmin {
            email: settings.admin_email,
            password: KeptSecret::new(config.clone(), id),
        });
        let engine = Engine {
            queue: Queue::connect(&config, settings.runs_queue_url),
            vault: Vault::from_kms(config, settings.kms_key_id, store.clone()),
            store,
            transport: Transport::new(settings.egress),
            pace: Pace::default(),
        };
        let api = ApiConfig {
            base_path: settings.base_path,
            cors_origins: settings.cors_origins,
            trusted_issuers: settings.trusted_issuers,
            rate_limits: settings.rate_limits,
            answers_whole: true,
            first_admin,
            ..ApiConfig::default()
        };
        Ok(Self { engine, api })
    }

    pub(crate) fn api_state(self) -> ApiState {
        ApiState::new(self.engine, self.api)
    }
}
