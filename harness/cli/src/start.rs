//! `run`: one run, one after the other, or rounds.

#![expect(clippy::disallowed_methods, reason = "a seed is drawn from the time")]

use crate::args::{RunArgs, usage};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::repeat::repeat;
use crate::rounds;
use crate::run::carry_out;
use afterall_engine::Plan;
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn run(args: &RunArgs) -> Result<Exit, Failure> {
    // Small, so that it can be typed.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let drawn = u64::from(since.subsec_nanos()) % 1_000_000;
    let config = args.resolve(args.seed.unwrap_or(drawn))?;
    if let Some(round) = rounds::length(args.round, &config)? {
        return rounds::rounds(args, config, round);
    }
    if args.repeat.is_some() || args.until_fail {
        return repeat(args, &config);
    }
    let plan = Plan::new(config).map_err(usage)?;
    Ok(carry_out(plan, &args.store, args.control, args.showing)?.exit)
}
