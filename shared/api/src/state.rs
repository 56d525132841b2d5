//! What every handler may reach.

use std::sync::Arc;

use secrets::Vault;
use store::Store;
use sync::Engine;

use crate::base_path::BasePath;
use crate::cors::Origins;
use crate::first_admin::FirstAdmin;
use crate::passwords::Passwords;
use crate::tokens::Tokens;

/// How the API is served.
#[derive(Debug, Clone, Default)]
pub struct ApiConfig {
    /// A prefix under which everything is served as well.
    pub base_path: BasePath,
    /// Web pages of which origins may call us.
    pub cors_origins: Origins,
    /// Whether the client's address is taken from `X-Forwarded-For`; only behind a proxy that sets it.
    pub trust_forwarded_for: bool,
    /// Whether an answer reaches its client only once it is whole, as through API Gateway. Streams end early then.
    pub answers_whole: bool,
    /// Who may sign in before there is a user; where nobody is, the process made one at its start.
    pub first_admin: Option<FirstAdmin>,
}

/// What every handler may reach. Cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    pub(crate) engine: Engine,
    pub(crate) tokens: Tokens,
    pub(crate) passwords: Passwords,
    pub(crate) config: Arc<ApiConfig>,
}

impl ApiState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(engine: Engine, config: ApiConfig) -> Self {
        let tokens = Tokens::new(engine.store.clone(), engine.vault.clone());
        Self { engine, tokens, passwords: Passwords::new(), config: Arc::new(config) }
    }

    pub(crate) const fn store(&self) -> &Store {
        &self.engine.store
    }

    pub(crate) const fn vault(&self) -> &Vault {
        &self.engine.vault
    }
}
