use secrecy::ExposeSecret;

use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Settings, InvalidSettings> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::read(Reader::of(variables, &NAMES))
}

fn error(name: &str, value: &str) -> String {
    let InvalidSettings(lines) = read(&[(name, value)]).expect_err(value);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].clone()
}

#[test]
fn nothing_needs_to_be_set() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.port, 9000);
    assert_eq!(settings.data_dir, PathBuf::from(".causeway"));
    assert_eq!(settings.admin_email, "admin@causeway.local");
    assert!(settings.base_path.as_str().is_empty() && settings.admin_password.is_none());
    settings.egress.check([127, 0, 0, 1].into()).unwrap();
    settings.egress.check([10, 0, 0, 1].into()).unwrap_err();
}

#[test]
fn each_variable_is_taken_over() {
    let settings = read(&[
        ("CAUSEWAY_PORT", "8080"),
        ("CAUSEWAY_DATA_DIR", "/srv/causeway"),
        ("CAUSEWAY_BASE_PATH", "/make-server-6fcaeea3/"),
        ("CAUSEWAY_ADMIN_EMAIL", "Ada@Example.com"),
        ("CAUSEWAY_ADMIN_PASSWORD", "correct horse"),
        ("CAUSEWAY_EGRESS_ALLOW", "10.0.0.0/8, fd00::/8"),
        ("CAUSEWAY_CORS_ORIGINS", "https://admin.example.com, http://localhost:5173"),
        ("CAUSEWAY_LOG", "warn,sync=debug"),
        ("CAUSEWAY_LOG_FORMAT", "json"),
    ])
    .unwrap();
    assert_eq!(settings.port, 8080);
    assert_eq!(settings.data_dir, PathBuf::from("/srv/causeway"));
    assert_eq!(settings.base_path.as_str(), "/make-server-6fcaeea3");
    assert_eq!(settings.admin_email, "ada@example.com");
    assert_eq!(settings.admin_password.unwrap().expose_secret(), "correct horse");
    settings.egress.check([10, 0, 0, 1].into()).unwrap();
    settings.egress.check([127, 0, 0, 1].into()).unwrap_err();
    assert_ne!(settings.cors_origins, Origins::default());
    assert_eq!(settings.log_format, LogFormat::Json);
}

#[test]
fn every_error_names_its_variable_and_what_would_do() {
    for (name, value, expected) in [
        ("CAUSEWAY_PORT", "ninety", "must be a port from 0 to 65535, not \"ninety\""),
        ("CAUSEWAY_PORT", "70000", "must be a port"),
        ("CAUSEWAY_BASE_PATH", "no-slash", "must be a path such as /make-server-6fcaeea3"),
        ("CAUSEWAY_BASE_PATH", "/a//b", "must be a path"),
        ("CAUSEWAY_BASE_PATH", "/a?b", "must be a path"),
        ("CAUSEWAY_BASE_PATH", "/erp", "must not begin with /erp"),
        ("CAUSEWAY_ADMIN_EMAIL", "nobody", "must be an e-mail address"),
        ("CAUSEWAY_ADMIN_PASSWORD", "hunter2", "must have at least 8 characters"),
        ("CAUSEWAY_EGRESS_ALLOW", "10.0.0.0/33", "10.0.0.0/33"),
        ("CAUSEWAY_CORS_ORIGINS", "admin.example.com", "is not an origin"),
        ("CAUSEWAY_TRUSTED_ISSUERS", "https://login.example.com", "must be a JSON list of issuers"),
        ("CAUSEWAY_RATE_LIMIT_USER", "0", "must be how many requests a minute"),
        ("CAUSEWAY_RATE_LIMIT_ADDRESS", "many", "must be how many requests a minute"),
        ("CAUSEWAY_LOG", "sync=loud", "must be a level"),
        ("CAUSEWAY_LOG", "info,sync", "must be a level"),
        ("CAUSEWAY_LOG_FORMAT", "xml", "must be text or json"),
    ] {
        let line = error(name, value);
        assert!(line.starts_with(name) && line.contains(expected), "{line}");
    }
}

#[test]
fn a_refused_password_is_not_repeated() {
    assert!(!error("CAUSEWAY_ADMIN_PASSWORD", "hunter2").contains("hunter2"));
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let wrong = read(&[("CAUSEWAY_PORT", "x"), ("CAUSEWAY_LOG_FORMAT", "x"), ("CAUSEWAY_PROT", "1")]);
    let InvalidSettings(lines) = wrong.unwrap_err();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].contains("CAUSEWAY_PROT is not a setting"), "{lines:?}");
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    assert_eq!(read(&[("CAUSEWAY_PORT", " ")]).unwrap().port, 9000);
}
