//! The HTTP API: every route, one file per route resource, registered where its path, method and schema stand.
//!
//! [`router`] serves all of it; each resource's `routes()` can be served alone by [`serve`], as a Lambda does. What
//! extractors and layers do, handlers need not: paths, queries and bodies are checked, callers known, errors rendered.

pub mod audit_events;
pub mod auth;
pub mod client_assignments;
pub mod conflicts;
pub mod connection_health;
pub mod connection_test;
pub mod connections;
pub mod dead_letters;
pub mod dependencies;
pub mod docs;
pub mod doi;
pub mod effective_erp;
pub mod fields;
pub mod health;
pub mod inventory;
mod manuals;
pub mod mapping_templates;
pub mod pending_changes;
pub mod preview;
pub mod providers;
pub mod record_changes;
pub mod records;
pub mod schedules;
pub mod set_aside;
pub mod signing_keys;
pub mod site_assignments;
pub mod statistics;
pub mod sync_configs;
pub mod sync_control;
pub mod sync_events;
pub mod sync_logs;
pub mod sync_trigger;

mod answer;
mod base_path;
mod body;
mod caller;
mod catalog;
mod changes;
mod cors;
mod error;
mod first_admin;
mod idempotency;
mod openapi;
mod page;
mod passwords;
mod path;
mod provider_schemas;
mod query;
mod rate_limit;
mod reading;
mod rendering;
mod request_id;
mod request_limits;
mod request_span;
mod router;
mod rules;
mod security_headers;
mod state;
mod tokens;

pub use base_path::{BasePath, InvalidBasePath};
pub use cors::{InvalidOrigin, Origins};
pub use error::ApiError;
pub use first_admin::{FirstAdmin, make_admin};
pub use openapi::openapi;
pub use passwords::{HashError, hash_password};
pub use rate_limit::RateLimits;
pub use router::{router, serve};
pub use state::{ApiConfig, ApiState};
pub use tokens::{InvalidIssuers, TrustedIssuers};
