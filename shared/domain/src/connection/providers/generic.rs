//! The ways to sign in where no ERP in particular is spoken to.

use super::SignIn;

/// Any HTTP API.
pub(super) const API: &[SignIn] = &[
    SignIn { title: "an API key", needs: &["apiUrl", "apiKey"], takes: &["apiSecret"] },
    SignIn { title: "a token obtained elsewhere", needs: &["apiUrl", "oauthToken"], takes: &[] },
    SignIn { title: "no credentials", needs: &["apiUrl"], takes: &[] },
    SignIn {
        title: "OAuth 2.0 client credentials (settings.api.auth: oauth2)",
        needs: &["apiUrl", "tokenUrl", "clientId", "clientSecret"],
        takes: &["scope", "audience"],
    },
    SignIn {
        title: "OAuth 2.0 and a signed assertion (settings.api.auth: oauth2)",
        needs: &["apiUrl", "tokenUrl", "clientId", "privateKey"],
        takes: &["privateKeyPassphrase", "keyId", "certificate", "scope", "audience"],
    },
];

/// Order XML.
pub(super) const DOI: &[SignIn] = &[SignIn {
    title: "user and password: DOI uses Basic authentication",
    needs: &["doiEndpoint", "doiUsername", "doiPassword"],
    takes: &["doiSharedSecret"],
}];

/// Files.
pub(super) const SFTP: &[SignIn] = &[
    SignIn {
        title: "a password",
        needs: &["sftpHost", "sftpUsername", "sftpPassword"],
        takes: &["sftpPort", "sftpPath", "sftpHostKey"],
    },
    SignIn {
        title: "a private key",
        needs: &["sftpHost", "sftpUsername", "sftpPrivateKey"],
        takes: &["sftpPassphrase", "sftpPort", "sftpPath", "sftpHostKey"],
    },
];
