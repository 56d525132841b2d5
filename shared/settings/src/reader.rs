//! Reads one variable after the other and gathers what is wrong, so that a user mends everything in one go.

use std::collections::HashMap;

use thiserror::Error;

/// What every variable of ours begins with.
const PREFIX: &str = "CAUSEWAY_";

/// Variables that cannot be used, each with what is wrong and what would do.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("the settings cannot be used:\n{}", .0.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"))]
pub struct InvalidSettings(pub Vec<String>);

/// Our variables of an environment, and what is wrong with those that were read so far.
#[derive(Debug)]
pub struct Reader {
    variables: HashMap<String, String>,
    errors: Vec<String>,
}

impl Reader {
    /// Reads the environment of this process, in which there may be the variables of `names`.
    #[must_use]
    pub fn of_environment(names: &[&str]) -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| name.starts_with(PREFIX))?;
            Some((name, value.into_string().unwrap_or_else(|value| value.to_string_lossy().into_owned())))
        });
        Self::of(variables, names)
    }

    /// Reads `variables`, among which there may be those of `names`. Any other is an error: a misspelt variable would
    /// otherwise be a setting that is silently not there.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>, names: &[&str]) -> Self {
        let variables: HashMap<_, _> = variables.into_iter().collect();
        let mut unknown: Vec<_> = variables.keys().filter(|name| !names.contains(&name.as_str())).collect();
        unknown.sort();
        let known = names.join(", ");
        let errors =
            unknown.into_iter().map(|name| format!("{name} is not a setting; there are: {known}")).collect();
        Self { variables, errors }
    }

    /// Reads the variable `name`, or `default` where it is not set; an empty one counts as not set. `None` if it cannot
    /// be used, which [`Self::finish`] then tells.
    pub fn take<T>(
        &mut self,
        name: &str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.variables.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        parse(text.unwrap_or(default)).map_err(|reason| self.errors.push(format!("{name} {reason}"))).ok()
    }

    /// What was made of the variables, if nothing is wrong with any.
    ///
    /// # Errors
    /// With every variable that cannot be used.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, InvalidSettings> {
        settings.filter(|_| self.errors.is_empty()).ok_or(InvalidSettings(self.errors))
    }
}
