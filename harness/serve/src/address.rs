//! Addresses: what is asked for, and how pages are linked.

/// The longest address that is looked at, bytes.
const LENGTH_MAX: usize = 8 * 1024;
/// How many parts of a query are looked at.
const PARTS_MAX: usize = 50;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// The runs of the store.
    Runs,
    /// A run.
    Run(String),
    /// The report on a run.
    Report(String),
    /// Two runs side by side.
    Compare,
    /// The campaigns of the store.
    Campaigns,
    /// A campaign.
    Campaign(String),
    /// What runs now.
    Now,
    /// The style sheet.
    Style,
    /// The icon.
    Icon,
    /// Nothing that there is.
    Nothing,
}

impl Route {
    /// What a path asks for, percent-decoded.
    pub(crate) fn of(path: &str) -> Route {
        match path {
            "/" => return Route::Runs,
            "/compare" => return Route::Compare,
            "/campaigns" => return Route::Campaigns,
            "/now" => return Route::Now,
            "/style.css" => return Route::Style,
            "/icon.svg" | "/favicon.ico" => return Route::Icon,
            _ => {}
        }
        let below = |prefix: &str| path.strip_prefix(prefix).map(str::to_owned);
        let run = || below("/run/").map(Route::Run);
        let report = || below("/report/").map(Route::Report);
        let campaign = || below("/campaign/").map(Route::Campaign);
        run().or_else(report).or_else(campaign).unwrap_or(Route::Nothing)
    }
}

/// A path or a part of a query without its percent signs; none if they are wrong, or make no text.
pub(crate) fn decoded(text: &str) -> Option<String> {
    if text.len() > LENGTH_MAX {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'%' {
            bytes.push(byte);
            rest = after;
            continue;
        }
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok())?;
        let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| hex)?);
        rest = &after[2..];
    }
    String::from_utf8(bytes).ok()
}

/// The parts of a query, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn of(text: &str) -> Query {
        let decoded = |part: &str| decoded(&part.replace('+', " "));
        let part = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Some((decoded(name)?, decoded(value)?))
        };
        Query(text.split('&').take(PARTS_MAX).filter_map(part).collect())
    }

    /// All values of a name.
    pub(crate) fn all<'q>(&'q self, name: &str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a name that is not empty.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.all(name).map(str::trim).find(|value| !value.is_empty())
    }

    /// The same query with another value of a name, as it stands in a link.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let others = self.0.iter().filter(|(own, value)| own != name && !value.is_empty());
        let mut parts: Vec<String> =
            others.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        parts.push(format!("{}={}", encoded(name), encoded(value)));
        format!("?{}", parts.join("&"))
    }
}

/// A text as it stands in an address; slashes stay.
pub(crate) fn encoded(text: &str) -> String {
    let mut address = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                address.push(char::from(byte));
            }
            byte => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_again() {
        for text in ["a/b", "reference-cart/20260101T000000Z-9", "ü &?#%+\"<>", ""] {
            assert_eq!(decoded(&encoded(text)).as_deref(), Some(text));
        }
        for wrong in ["%", "%2", "%zz", "%+1", "%ff", "a%"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
        assert_eq!(decoded(&"a".repeat(10_000)), None);
    }

    #[test]
    fn queries_are_read_and_changed() {
        let query = Query::of("run=a%2Fb&run=c&q=two+words&empty=&bad=%zz");
        assert_eq!(query.all("run").collect::<Vec<_>>(), ["a/b", "c"]);
        assert_eq!((query.one("q"), query.one("empty")), (Some("two words"), None));
        assert_eq!(Query::of("q=x%26y&from=7").with("from", "9"), "?q=x%26y&from=9");
    }

    #[test]
    fn paths_ask_for_pages() {
        assert_eq!(Route::of("/"), Route::Runs);
        assert_eq!(Route::of("/run/a/b"), Route::Run("a/b".to_owned()));
        assert_eq!(
            Route::of("/campaign/campaigns/nightly"),
            Route::Campaign("campaigns/nightly".to_owned())
        );
        for nothing in ["/nothing", "/run", "//", "/compare/x", ""] {
            assert_eq!(Route::of(nothing), Route::Nothing, "{nothing}");
        }
    }
}
