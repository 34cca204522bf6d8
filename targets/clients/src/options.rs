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

/// The options of a client, each of which the protocol knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options<'a>(&'a BTreeMap<String, String>);

impl<'a> Options<'a> {
    /// Takes the options, if they are all among the known ones.
    pub(super) fn new(
        given: &'a BTreeMap<String, String>,
        known: &[&str],
    ) -> Result<Self, ClientError> {
        check(given, known).map(|()| Options(given))
    }

    /// The text of an option.
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(String::as_str)
    }

    /// One of several values by its name; the first where nothing is said.
    pub(super) fn choice<T: Copy>(
        self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<T, ClientError> {
        let given = self.text(name).or(choices.first().map(|(first, _)| *first));
        let found = choices.iter().find(|(choice, _)| Some(*choice) == given);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let names = choices.iter().map(|(choice, _)| *choice).collect::<Vec<_>>().join(", ");
            wrong(name, format!("{:?} is none of {names}", given.unwrap_or_default()))
        })
    }

    /// A whole number from 1 to a maximum.
    pub(super) fn number(self, name: &str, max: u32) -> Result<Option<u32>, ClientError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse() {
            Ok(number) if (1..=max).contains(&number) => Ok(Some(number)),
            _ => Err(wrong(name, format!("{text:?} is no whole number from 1 to {max}"))),
        }
    }
}

/// The error for an option.
pub(super) fn wrong(option: &str, what: String) -> ClientError {
    ClientError::Option { option: option.to_owned(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        let given = BTreeMap::from([("colour".to_owned(), "red".to_owned())]);
        let error = check(&given, &["reads", "wait"]).unwrap_err().to_string();
        assert!(error.contains("\"colour\"") && error.contains("reads, wait"), "{error}");
        assert!(check(&given, &[]).unwrap_err().to_string().contains("no options"));
        assert_eq!(check(&given, &["colour"]), Ok(()));
    }

    #[test]
    fn a_choice_is_one_of_those_offered_and_the_first_by_default() {
        let choices = [("near", 1), ("far", 2)];
        let far = given("reads", "far");
        assert_eq!(Options::new(&far, &["reads"]).unwrap().choice("reads", &choices), Ok(2));
        let none = BTreeMap::new();
        assert_eq!(Options::new(&none, &["reads"]).unwrap().choice("reads", &choices), Ok(1));
        let other = given("reads", "off");
        let error = Options::new(&other, &["reads"]).unwrap().choice("reads", &choices);
        assert!(error.unwrap_err().to_string().contains("\"off\" is none of near, far"));
    }

    #[test]
    fn a_number_has_its_bounds() {
        for (text, expected) in [("1", Some(1)), ("9", Some(9)), ("0", None), ("10", None)] {
            let given = given("wait", text);
            let options = Options::new(&given, &["wait"]).unwrap();
            assert_eq!(options.number("wait", 9).ok(), expected.map(Some), "{text}");
        }
        assert_eq!(Options::new(&BTreeMap::new(), &[]).unwrap().number("wait", 9), Ok(None));
    }
}
