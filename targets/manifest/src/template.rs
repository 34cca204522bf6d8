//! Texts with placeholders, in the syntax of Jinja: `{{ node.ip }}`, `{% for peer in peers %}…{% endfor %}`.

use minijinja::{Environment, UndefinedBehavior};
use serde::{Deserialize, Serialize};

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
#[schemars(with = "String")]
pub struct Template(String);

/// A node, as templates see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodePlace {
    /// `n1`, `n2`, …
    pub name: String,
    /// 1, 2, …
    pub number: usize,
    /// Its address.
    pub ip: String,
    /// Whether it is `n1`.
    pub first: bool,
}

/// What templates can use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The node that the text is for.
    pub node: NodePlace,
    /// All nodes, in order.
    pub nodes: Vec<NodePlace>,
    /// All nodes but this one.
    pub peers: Vec<NodePlace>,
    /// The seed of the run.
    pub seed: u64,
    /// Where the node asks the time, as `ADDRESS:PORT`; empty where the node does not follow the harness's clock.
    pub time: String,
    /// The flavour asked for, or empty.
    pub flavour: String,
    /// The known bug asked for, or empty.
    pub mutant: String,
    /// The mechanisms of the reference store that were asked for, or empty.
    pub mechanisms: String,
    /// The options of the reference store that say how many replicas take part, one a line, or empty.
    pub copies: String,
}

/// A template that cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct TemplateError {
    /// What is wrong.
    pub what: String,
    /// In which of its lines, from 0.
    pub line: usize,
}

impl Place {
    /// The place of a node of a cluster at these addresses.
    #[must_use]
    pub fn new(node: usize, addresses: &[String], seed: u64) -> Self {
        let nodes: Vec<NodePlace> = addresses
            .iter()
            .enumerate()
            .map(|(place, ip)| NodePlace {
                name: format!("n{}", place + 1),
                number: place + 1,
                ip: ip.clone(),
                first: place == 0,
            })
            .collect();
        let peers = nodes.iter().filter(|other| other.number != node + 1).cloned().collect();
        Place {
            node: nodes[node].clone(),
            nodes,
            peers,
            seed,
            time: String::new(),
            flavour: String::new(),
            mutant: String::new(),
            mechanisms: String::new(),
            copies: String::new(),
        }
    }
}

impl Template {
    /// A template of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Template(text.into())
    }

    /// Changes each of its lines that is one argument.
    pub(crate) fn change_lines(&mut self, change: impl Fn(&str) -> Option<String>) {
        let changed = |line: &str| change(line.trim()).unwrap_or_else(|| line.to_owned());
        self.0 = self.0.lines().map(changed).collect::<Vec<_>>().join("\n");
    }

    /// Fills it in.
    ///
    /// # Errors
    /// It is not a template, or it names something that does not exist.
    pub fn fill(&self, place: &Place) -> Result<String, TemplateError> {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(100_000));
        environment.set_keep_trailing_newline(true);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.render_str(&self.0, place).map_err(|error| TemplateError {
            what: match error.detail() {
                Some(detail) => format!("{}: {detail}", error.kind()),
                None => error.kind().to_string(),
            },
            line: error.line().unwrap_or(1).saturating_sub(1),
        })
    }

    /// Fills in a command: one argument per line, without blank lines.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn fill_command(&self, place: &Place) -> Result<Vec<String>, TemplateError> {
        let filled = self.fill(place)?;
        let arguments = filled.lines().map(str::trim).filter(|line| !line.is_empty());
        Ok(arguments.map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::new(1, &["10.0.0.1".into(), "10.0.0.2".into(), "10.0.0.3".into()], 7)
    }

    #[test]
    fn a_node_knows_itself_and_its_peers() {
        let template = Template::new(
            "serve\n--me={{ node.name }}\n{% for peer in peers %}\n--peer={{ peer.ip }}:1\n{% endfor %}\n\
             {% if node.first %}\n--lead\n{% endif %}\n",
        );
        assert_eq!(
            template.fill_command(&place()).unwrap(),
            ["serve", "--me=n2", "--peer=10.0.0.1:1", "--peer=10.0.0.3:1"]
        );
    }

    #[test]
    fn what_is_not_there_is_an_error_with_its_line() {
        let error = Template::new("a\nb {{ node.port }}").fill(&place()).unwrap_err();
        assert_eq!(error.line, 1, "{error}");
        let error = Template::new("{% for x in %}").fill(&place()).unwrap_err();
        assert!(error.what.contains("syntax"), "{error}");
    }

    #[test]
    fn a_template_cannot_run_for_ever() {
        let endless = "{% for a in nodes %}".repeat(15);
        let text = endless + "x" + &"{% endfor %}".repeat(15);
        assert!(Template::new(text).fill(&place()).is_err());
    }
}
