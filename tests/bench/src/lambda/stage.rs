//! What the functions work over: the table of a local process, with one connection in it and somebody signed in.

use anyhow::Result;
use local::LocalProcess;
use tempfile::TempDir;

use crate::api::{Api, EMAIL};
use crate::cost;

/// A table that functions can be pointed at.
pub(crate) struct Stage {
    /// The connection's id.
    pub(crate) connection: String,
    /// The token of somebody who may read it.
    pub(crate) token: String,
    process: LocalProcess,
    _data_dir: TempDir,
}

impl Stage {
    /// Starts a local process and makes a connection. Nothing else happens to it while functions are measured.
    pub(crate) async fn set() -> Result<Self> {
        let data_dir = tempfile::tempdir()?;
        let process = LocalProcess::start(cost::settings(data_dir.path())?).await?;
        let api = Api::sign_in(format!("http://{}", process.address())).await?;
        let connection = api.connect("http://127.0.0.1:9").await?;
        Ok(Self { connection, token: api.token().to_owned(), process, _data_dir: data_dir })
    }

    /// The environment that Lambda and the template give a function.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = self.process.services().environment();
        environment.extend(
            [
                // The name that boto3 knows a region by.
                ("AWS_DEFAULT_REGION", "local"),
                ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
                ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
                ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
                ("CAUSEWAY_ADMIN_EMAIL", EMAIL),
                ("CAUSEWAY_KMS_KEY_ID", "none"),
                ("CAUSEWAY_LOG", "warn"),
                // One user asks for all that is measured, faster than any should.
                ("CAUSEWAY_RATE_LIMIT_ADDRESS", "1000000"),
                ("CAUSEWAY_RATE_LIMIT_USER", "1000000"),
            ]
            .map(|(name, value)| (name, value.to_owned())),
        );
        environment
    }
}
