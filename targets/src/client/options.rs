//! What a manifest tells a protocol: texts by name, of which none may be unknown.

use super::ClientError;
use std::collections::BTreeMap;

/// Checks that a protocol knows all that it is told.
pub(super) fn check(given: &BTreeMap<String, String>, known: &[&str]) -> Result<(), ClientError> {
    match given.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) if known.is_empty() => {
            Err(wrong(name, "this protocol has no options".to_owned()))
        }
        Some(name) => Err(wrong(name, format!("there are {}", known.join(", ")))),
    }
}

/// The error for an option.
pub(super) fn wrong(option: &str, what: String) -> ClientError {
    ClientError::Option { option: option.to_owned(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        let given = BTreeMap::from([("colour".to_owned(), "red".to_owned())]);
        let error = check(&given, &["reads", "wait"]).unwrap_err().to_string();
        assert!(error.contains("\"colour\"") && error.contains("reads, wait"), "{error}");
        assert!(check(&given, &[]).unwrap_err().to_string().contains("no options"));
        assert_eq!(check(&given, &["colour"]), Ok(()));
    }
}
