//! A run from Rust: five simulated nodes, counters, every fault that the sim has.
//!
//!     cargo run --release -p afterall-sim --example run

use afterall_engine::{Plan, RunConfig, WorldKind, run};
use afterall_history::Workload;
use afterall_sim::Reference;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let config = RunConfig::builder().world(WorldKind::Sim).workload(Workload::Counter).seed(7);
    let plan = Plan::new(config.build())?;
    let mut world = Reference::world(&plan);
    let verdict = run(&plan, &mut *world, &mut ())?.judge();
    for property in verdict.properties.iter().filter(|property| property.promised) {
        println!("{}", property.summary);
    }
    println!("valid: {:?}", verdict.valid);
    Ok(())
}
