//! The first admin: somebody must be able to sign in before anybody can be invited.

use domain::ids::UserId;
use domain::user::{Role, User};
use secrecy::SecretString;
use secrets::KeptSecret;
use store::{Store, StoreError};
use sync::now;

use crate::passwords::{HashError, hash_password};
use crate::{ApiError, ApiState};

/// Who becomes the first admin, where a password was laid down for them.
#[derive(Debug, Clone)]
pub struct FirstAdmin {
    /// Their e-mail address, in lower case.
    pub email: String,
    /// Where their password lies. It is read once, to make them.
    pub password: KeptSecret,
}

/// Makes the admin `email`; says whether there was none with this address yet.
///
/// # Errors
/// When the password cannot be hashed or the table not be written.
pub async fn make_admin(store: &Store, email: &str, password: &SecretString) -> Result<bool, MakeAdminError> {
    let hash = hash_password(password)?;
    let user = User { id: UserId::generate(), email: email.to_owned(), role: Role::Admin, created_at: now() };
    match store.create_user(&user, &hash).await {
        Ok(()) => Ok(true),
        Err(StoreError::Changed | StoreError::Exists) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Why an admin could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MakeAdminError {
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The table could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds who signs in, with the hash of their password; makes the first admin when they first try.
pub(crate) async fn found_or_made(state: &ApiState, email: &str) -> Result<Option<(User, String)>, ApiError> {
    let found = state.store().user_by_email(email).await?;
    let Some(first) = state.config.first_admin.as_ref().filter(|first| first.email == email) else {
        return Ok(found);
    };
    if found.is_some() {
        return Ok(found);
    }
    let password = first.password.read().await?;
    if make_admin(state.store(), email, &password).await.map_err(ApiError::internal)? {
        tracing::info!("the first admin was made");
    }
    Ok(state.store().user_by_email(email).await?)
}
