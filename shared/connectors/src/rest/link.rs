//! The address of the next page.

use transport::ErpError;
use transport::http::place;
use url::Url;

/// The longest address or cursor that is kept in a checkpoint, in bytes.
pub(crate) const LONGEST_STEP: usize = 4096;

/// An address of the next page, which must be at the same host, for the credentials go along. Servers behind a proxy
/// often write `http` where they are reached by `https`; that is mended.
pub(crate) fn same_host(base: &Url, address: &str) -> Result<Url, ErpError> {
    let mut url = base.join(address).map_err(|error| {
        ErpError::Malformed(format!("{} names a next page that is no address: {error}", place(base)))
    })?;
    if base.scheme() == "https"
        && url.scheme() == "http"
        && url.port().is_none()
        && url.set_scheme("https").is_err()
    {
        return Err(ErpError::Malformed(format!("{} names a next page that is no address", place(base))));
    }
    let upgraded = base.scheme() == "http" && url.scheme() == "https" && url.host() == base.host();
    if url.origin() == base.origin() || upgraded {
        Ok(url)
    } else {
        Err(ErpError::Forbidden(format!(
            "{} names a next page at another host, {}: credentials are not sent there",
            place(base),
            place(&url)
        )))
    }
}

/// Sets a query parameter, replacing one of that name.
pub(crate) fn set(url: &mut Url, name: &str, value: &str) {
    let others: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(key, _)| key != name)
        .map(|(key, value)| (key.into(), value.into()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair(name, value);
}
