//! What is printed, and how wide: what the terminal says, and what the command line asks for.

use afterall_checkers::Verdict;
use afterall_reports::{Detail, ReportError, Terminal, verdict_json, verdict_line, verdict_text};
use clap::{Args, ValueEnum};
use std::io::{self, IsTerminal};

/// How wide text is where nobody knows how wide the terminal is: in a pipe or a file.
const USUAL: usize = 100;
/// Lines that are longer are hard to read.
const WIDTH_MAX: usize = 120;
const WIDTH_MIN: usize = 40;

/// How many columns of standard output to use.
pub(crate) fn width() -> usize {
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col).clamp(WIDTH_MIN, WIDTH_MAX),
        _ => USUAL,
    }
}

/// When there are colours. What each means stands with the option, so that the help stays short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// How much of a verdict is printed, and how.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Showing {
    /// Print the verdict and what it rests on, and nothing of how far the run is
    #[arg(short, long, conflicts_with_all = ["verbose", "json"])]
    pub(crate) quiet: bool,
    /// Print everything that was measured, promised or not
    #[arg(short, long, conflicts_with = "json")]
    pub(crate) verbose: bool,
    /// Print the verdict as JSON, and nothing else to standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Of one run among several, a line
    #[arg(skip)]
    pub(crate) one_line: bool,
    /// When to use colours: on a terminal, unless NO_COLOR is set (auto), always, or never
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
}

impl Showing {
    fn terminal(self) -> Terminal {
        let color = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                io::stdout().is_terminal() && !unwanted
            }
        };
        Terminal { color, width: width() }
    }

    /// Prints a verdict.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub(crate) fn verdict(self, verdict: &Verdict) -> Result<(), ReportError> {
        if self.json {
            print!("{}", verdict_json(verdict)?);
            return Ok(());
        }
        if self.one_line {
            println!("seed {}: {}", verdict.seed, verdict_line(verdict));
            return Ok(());
        }
        let detail = match (self.quiet, self.verbose) {
            (true, _) => Detail::Brief,
            (_, true) => Detail::Full,
            _ => Detail::Usual,
        };
        print!("{}", verdict_text(verdict, self.terminal(), detail));
        Ok(())
    }

    /// Prints a line about the verdict: to standard output, unless that holds JSON alone.
    pub(crate) fn line(self, line: &str) {
        if self.json { eprintln!("{line}") } else { println!("{line}") }
    }
}
