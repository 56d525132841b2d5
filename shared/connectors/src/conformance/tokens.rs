//! Access tokens for connectors under test.

use async_trait::async_trait;
use transport::ErpError;
use transport::http::HttpClient;
use transport::session::{AccessToken, AccessTokens, Grant};

/// Keeps nothing: each connector gets a token of its own.
#[derive(Debug)]
pub(crate) struct Unkept;

#[async_trait]
impl AccessTokens for Unkept {
    async fn token(
        &self,
        grant: &dyn Grant,
        http: &HttpClient,
        _: Option<&AccessToken>,
    ) -> Result<AccessToken, ErpError> {
        grant.fetch(http).await
    }
}
