//! What a run goes through, worked out once from its configuration.

use crate::config::{ConfigError, RunConfig, Span};
use crate::driver::{Course, Driver};
use crate::faults::{Registry, Schedule, check_given, schedule};
use crate::operations::sessions;
use afterall_history::Header;
use afterall_workloads::Generator;

/// How long the final reads may be tried, nanoseconds.
const FINAL_MAX_NS: u64 = 10_000_000_000;
/// Between two polls of the replicas that do not agree yet, nanoseconds.
const POLL_INTERVAL_NS: u64 = 100_000_000;

/// What a run goes through: a configuration that was checked, and what follows from it.
#[derive(Debug, Clone)]
pub struct Plan {
    config: RunConfig,
    course: Course,
    generator: Generator,
}

impl Plan {
    /// The plan that follows from a configuration.
    ///
    /// # Errors
    /// The configuration is invalid, or its faults do not fit into the time.
    pub fn new(config: RunConfig) -> Result<Plan, ConfigError> {
        Plan::with_registry(config, &Registry::standard())
    }

    /// The same, with the faults drawn from another registry.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn with_registry(config: RunConfig, registry: &Registry) -> Result<Plan, ConfigError> {
        config.check()?;
        let generator = config.generator()?;
        let nodes = usize::from(config.nodes);
        let (healthy_ns, faults_ns, heal_ns) = config.phases_ns();
        let schedule = match &config.schedule {
            Schedule::Drawn => {
                let (pace, seed) = (config.pace(), config.seed);
                let phases_are_given = config.healthy.is_some() || config.heal.is_some();
                let mut drawn = schedule(registry, &config.faults, nodes, faults_ns, pace, seed)
                    .map_err(|short| short.of_what_is_left(phases_are_given))?;
                for planned in &mut drawn {
                    planned.at_ns += healthy_ns;
                    planned.until_ns += healthy_ns;
                }
                drawn
            }
            Schedule::Given(planned) => {
                let window = (healthy_ns, healthy_ns + faults_ns);
                check_given(planned, nodes, window, (config.world, config.pace()))?;
                planned.clone()
            }
        };
        let load_ns = healthy_ns + faults_ns + heal_ns;
        let header = config.header(None);
        let operations = sessions(&config.operations, nodes, load_ns, &header)?;
        let course = Course {
            nodes: config.node_names(),
            concurrency: config.concurrency as usize,
            sessions: config.sessions,
            rate: config.rate,
            healthy_ns,
            faults_ns,
            heal_ns,
            quiescence_max_ns: config.quiescence_max_ms.saturating_mul(1_000_000),
            final_max_ns: FINAL_MAX_NS,
            poll_interval_ns: POLL_INTERVAL_NS,
            schedule,
            operations,
            seed: config.seed,
        };
        Ok(Plan { config, course, generator })
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &RunConfig {
        &self.config
    }

    /// The same run with its schedule of faults spelled out: it makes the same history. It is where one begins who wants to
    /// change a fault of a run, or leave one out.
    #[must_use]
    pub fn spelled_out(&self) -> RunConfig {
        let course = &self.course;
        RunConfig {
            healthy: Some(Span(course.healthy_ns)),
            heal: Some(Span(course.heal_ns)),
            schedule: Schedule::Given(course.schedule.clone()),
            ..self.config.clone()
        }
    }

    /// The course of the run, with its schedule of faults.
    #[must_use]
    pub fn course(&self) -> &Course {
        &self.course
    }

    /// Where the operations come from.
    #[must_use]
    pub fn generator(&self) -> Generator {
        self.generator.clone()
    }

    /// The first line of the history. `started`: RFC 3339 in UTC; none in simulated runs.
    #[must_use]
    pub fn header(&self, started: Option<String>) -> Header {
        self.config.header(started)
    }

    /// A driver that has not begun.
    pub(crate) fn driver(&self) -> Driver {
        Driver::new(self.course.clone(), self.generator.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterall_history::{FaultKind, Span};

    #[test]
    fn that_the_faults_have_too_little_time_is_told_with_what_they_have() {
        let why = |healthy: Option<Span>| {
            let config = RunConfig::builder().faults([FaultKind::Kill, FaultKind::Pause]);
            let config = config.time(std::time::Duration::from_secs(2)).healthy(healthy).build();
            Plan::new(config).unwrap_err().to_string()
        };
        let usual = why(None);
        assert!(usual.contains("found 2.00 s (faults have four fifths of it"), "{usual}");
        // A tenth of the time is for what comes after them.
        let left = why(Some(Span::ms(1_500)));
        assert!(left.contains("found 300 ms beside what `healthy` and `heal` take"), "{left}");
    }
}
