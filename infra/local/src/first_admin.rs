//! The first admin: made on the first start, because nobody can sign in before.

use anyhow::Context;
use aws_lc_rs::rand;
use secrecy::SecretString;
use store::Store;

/// Letters and digits that are not mistaken for each other.
const ALPHABET: &[u8; 54] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ234567";

/// Length of a password we make: 54^20 is more than 2^115.
const LENGTH: usize = 20;

/// An admin that was made by this start.
#[derive(Debug)]
pub struct FirstAdmin {
    /// The e-mail address to sign in with.
    pub email: String,
    /// The password; nowhere else in clear.
    pub password: SecretString,
}

/// Makes the admin `email`, unless there is one. Without `password`, a random one is made.
pub(crate) async fn ensure(
    store: &Store,
    email: &str,
    password: Option<SecretString>,
) -> anyhow::Result<Option<FirstAdmin>> {
    if store.user_by_email(email).await.context("cannot look for the first admin")?.is_some() {
        return Ok(None);
    }
    let password = match password {
        Some(password) => password,
        None => random_password()?,
    };
    let made = api::make_admin(store, email, &password).await.context("cannot make the first admin")?;
    Ok(made.then(|| FirstAdmin { email: email.to_owned(), password }))
}

/// Bytes beyond the last whole multiple of the alphabet are thrown away, so that every letter is as likely.
fn random_password() -> anyhow::Result<SecretString> {
    let fair = u8::MAX - u8::MAX % 54;
    let mut password = String::with_capacity(LENGTH);
    while password.len() < LENGTH {
        let mut bytes = [0; 2 * LENGTH];
        rand::fill(&mut bytes).ok().context("the system gives no random numbers")?;
        let letters = bytes.iter().filter(|byte| **byte < fair).map(|byte| ALPHABET[usize::from(byte % 54)]);
        password.extend(letters.map(char::from).take(LENGTH - password.len()));
    }
    Ok(SecretString::from(password))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_made_password_is_long_plain_and_never_the_same() {
        let made: Vec<String> =
            (0..50).map(|_| random_password().unwrap().expose_secret().to_owned()).collect();
        for password in &made {
            assert_eq!(password.len(), LENGTH);
            assert!(password.bytes().all(|byte| ALPHABET.contains(&byte)), "{password}");
        }
        let distinct: std::collections::HashSet<_> = made.iter().collect();
        assert_eq!(distinct.len(), made.len());
    }
}
