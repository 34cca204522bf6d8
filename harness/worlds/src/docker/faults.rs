//! Injecting and healing in containers, each with evidence measured from outside the target.

use super::against::{Against, failed};
use super::cluster::{COMMAND_MAX, Cluster, SHARED, data_in_infra, infra};
use super::engine::EngineError;
use crate::live::evidence::{self, Look};
use crate::live::links::LinkPlan;
use afterall_engine::faults::{ClockFault, Condition, Damage, Effect, Fate, Fault};
use afterall_engine::{Evidence, Observation};
use afterall_manifest::ClockSpec;
use afterall_node::authority;
use std::time::Duration;

/// How long a node may take to end when it is asked to, seconds.
const STOP_MAX_S: u32 = 30;
/// The exit code of a process that was killed.
const KILLED: i64 = 137;
/// How long a node that goes on may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

impl Cluster {
    /// Injects a fault and measures whether it took hold.
    pub(super) async fn inject_fault(&self, id: usize, fault: &Fault) -> Result<Evidence, Against> {
        let before = self.tally(fault).await;
        let done = self.apply(id, fault).await?;
        // That a file was damaged shows when it is done, and not again.
        if let Effect::Process { fate: Fate::Damaged { .. }, .. } = &fault.effect {
            return Ok(Evidence::for_it(done));
        }
        let mut evidence = self.show(fault, Look::First).await?;
        evidence.observed.splice(0..0, done);
        if let Some(before) = before {
            evidence = evidence.with_carried_before(before.sent());
            if let Some(now) = self.tally(fault).await {
                self.carried.lock().await.insert(id, now);
            }
        }
        Ok(evidence)
    }

    /// Measures whether a fault that took hold still holds. None: other faults hide it.
    pub(super) async fn measure_fault(&self, id: usize, fault: &Fault) -> Option<Evidence> {
        let before = self.carried.lock().await.remove(&id);
        if self.plan.lock().await.hides(&fault.effect) {
            return None;
        }
        let now = match before {
            Some(_) => self.tally(fault).await,
            None => None,
        };
        match self.show(fault, Look::Again).await {
            Ok(evidence) => {
                let arrived = before.zip(now).and_then(|(before, now)| now.arrived_since(before));
                Some(match arrived {
                    Some(arrived) => evidence.with_carried_meanwhile(&fault.effect, arrived),
                    None => evidence,
                })
            }
            // The nodes behind the links are under faults of their own.
            Err(Against(Observation::NoProbeAnswered)) => None,
            Err(against) => Some(against.into()),
        }
    }

    /// Does to the cluster what the fault asks for. Returns what was observed on the way.
    async fn apply(&self, id: usize, fault: &Fault) -> Result<Vec<Observation>, Against> {
        match &fault.effect {
            Effect::Links { .. } => self.change(id, Some(&fault.effect)).await?,
            Effect::Process { node, fate: Fate::Paused } => {
                // Held while the engine works, so that nobody takes the pause for somebody else's.
                let mut state = self.nodes[*node].lock().await;
                state.paused = true;
                for container in self.containers(*node) {
                    self.engine.pause(&container).await?;
                }
            }
            // Refused before a run begins.
            Effect::Process { fate: Fate::Wiped | Fate::DiskFull | Fate::Left, .. } => {
                return Err(failed("the docker world cannot inject this fault"));
            }
            Effect::Process { node, fate } => {
                let ended = self.take_down(*node, *fate != Fate::Terminated).await?;
                self.change(id, Some(&fault.effect)).await?;
                return match *fate {
                    Fate::Damaged { how, bytes } => Ok(vec![self.damage(*node, bytes, how).await?]),
                    _ => Ok(vec![ended]),
                };
            }
            Effect::Clock { node, how } => {
                self.change(id, Some(&fault.effect)).await?;
                self.set_clock(*node, Some(*how)).await?;
            }
        }
        Ok(Vec::new())
    }

    /// Measures what shows that a fault is in force.
    async fn show(&self, fault: &Fault, look: Look) -> Result<Evidence, Against> {
        match &fault.effect {
            Effect::Links { links, condition } => match *condition {
                Condition::Refused => self.all_cut(links).await,
                Condition::Swallowed => self.all_silent(links).await,
                Condition::DatagramsDropped => self.all_forbidden(links).await,
                // The proxies read every change back. What a target would answer to a probe of a known size is not known.
                Condition::Limited { kb_per_s } => {
                    let links = links.len();
                    Ok(Evidence::for_it(Observation::LimitReadBack { links, kb_per_s }))
                }
                Condition::Slow { latency_ms, jitter_ms } => {
                    self.all_slow(links, latency_ms, jitter_ms).await
                }
            },
            Effect::Process { node, fate: Fate::Paused } => {
                for container in self.containers(*node) {
                    let state = self.engine.inspect(&container).await?.state.unwrap_or_default();
                    if state.paused != Some(true) {
                        let state = state.status.map_or("unknown".to_owned(), |s| s.to_string());
                        return Err(Against(Observation::ContainerNotPaused { container, state }));
                    }
                }
                let mut client = self.direct_client()?;
                Ok(evidence::silent(&mut *client, *node, Observation::ContainersPaused).await)
            }
            Effect::Process { node, .. } => {
                let mut client = self.direct_client()?;
                let refused = evidence::refuses(&mut *client, *node).await;
                refused.map(Evidence::for_it).map_err(Against)
            }
            Effect::Clock { node, how } => {
                let mut client = self.direct_client()?;
                Ok(evidence::clock_off(&mut *client, *node, *how, look).await)
            }
        }
    }

    /// Heals a fault and measures whether it is gone.
    pub(super) async fn heal_fault(&self, id: usize, fault: &Fault) -> Result<Evidence, Against> {
        match &fault.effect {
            Effect::Links { links, condition: Condition::DatagramsDropped } => {
                self.change(id, None).await?;
                self.all_allowed(links).await
            }
            Effect::Links { links, .. } => {
                self.change(id, None).await?;
                self.all_open(links).await
            }
            Effect::Process { node, fate: Fate::Paused } => {
                let mut state = self.nodes[*node].lock().await;
                for container in self.containers(*node) {
                    self.engine.unpause(&container).await?;
                }
                state.paused = false;
                drop(state);
                let mut client = self.direct_client()?;
                // A store that was stopped for long may need as long to answer as one that starts.
                let patience = Duration::from_secs(self.manifest.ready_within_s.into());
                match evidence::ping_until(&mut *client, *node, patience).await {
                    Ok(()) => Ok(Evidence::for_it(Observation::Answers)),
                    Err(error) => Err(Against(evidence::no_answer(&error))),
                }
            }
            Effect::Process { node, .. } => self.bring_up(id, *node).await,
            Effect::Clock { node, how } => {
                self.change(id, None).await?;
                self.set_clock(*node, None).await?;
                let mut client = self.direct_client()?;
                // Time that never goes back stands still, or creeps, until the real one has caught up.
                let catching_up = match self.manifest.clock {
                    Some(ClockSpec::FaketimeForward) => {
                        Duration::from_millis(2 * how.skew_ms().unsigned_abs())
                    }
                    _ => Duration::ZERO,
                };
                Ok(evidence::clock_right(&mut *client, *node, catching_up).await)
            }
        }
    }

    /// Makes links and rules what the faults in force, with or without this one, ask for.
    async fn change(&self, id: usize, effect: Option<&Effect>) -> Result<(), Against> {
        let mut plan = self.plan.lock().await;
        let drops = |plan: &LinkPlan| {
            let of = |node| (plan.black_holes(node), plan.udp_drops(node));
            (0..self.wiring.nodes).map(of).collect::<Vec<_>>()
        };
        let before = drops(&plan);
        let changes = match effect {
            Some(effect) => plan.add(id, effect.clone()),
            None => plan.remove(id),
        };
        // Under the lock, so that changes take effect in the order in which they were planned.
        for (node, (was, is)) in before.iter().zip(&drops(&plan)).enumerate() {
            if was != is && (was.0 != is.0 || !self.wiring.udp_ports.is_empty()) {
                let rules = self.wiring.drop_rules(node, &self.addresses, &is.0, &is.1);
                let script = format!("iptables-restore -T filter <<'END'\n{rules}END\n");
                let infra = infra(&self.run, node);
                self.engine.script(&infra, &script, COMMAND_MAX).await?;
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        Ok(self.links.apply(changes).await?)
    }

    /// Ends a node's processes, last started first; returns how they ended.
    async fn take_down(&self, node: usize, kill: bool) -> Result<Observation, Against> {
        let mut state = self.nodes[node].lock().await;
        state.up = false;
        let mut how = Vec::new();
        for process in self.containers(node).rev() {
            if kill {
                self.engine.kill(&process).await?;
            } else {
                self.engine.stop(&process, STOP_MAX_S.cast_signed()).await?;
            }
            let Ok(code) = tokio::time::timeout(ANSWER_MAX, self.exit_code(&process)).await else {
                return Err(Against(Observation::StillRuns { process }));
            };
            let code = code?;
            if !kill && code == KILLED {
                let patience_s = STOP_MAX_S;
                return Err(Against(Observation::KilledAfterAll { process, patience_s }));
            }
            how.push(format!("exit code {code}"));
        }
        Ok(Observation::Ended { how })
    }

    /// Waits until a container has ended.
    async fn exit_code(&self, container: &str) -> Result<i64, EngineError> {
        loop {
            let state = self.engine.inspect(container).await?.state.unwrap_or_default();
            if state.running == Some(false) {
                return Ok(state.exit_code.unwrap_or(-1));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts a node's processes again and waits until it serves.
    async fn bring_up(&self, id: usize, node: usize) -> Result<Evidence, Against> {
        let mut state = self.nodes[node].lock().await;
        let mut times = Vec::new();
        for container in self.containers(node) {
            let before = self.engine.inspect(&container).await?.state;
            self.engine.start(&container).await?;
            let after = self.engine.inspect(&container).await?.state;
            let started = |state: Option<bollard::models::ContainerState>| {
                state.and_then(|state| state.started_at).unwrap_or_default()
            };
            let (before, after) = (started(before), started(after));
            if before == after {
                return Err(failed(&format!("{container} has not been started again")));
            }
            times.push(after);
        }
        state.up = true;
        // A store may need its peers before it serves.
        self.change(id, None).await?;
        let mut client = self.direct_client()?;
        let patience = Duration::from_secs(self.manifest.ready_within_s.into());
        if let Err(error) = evidence::ping_until(&mut *client, node, patience).await {
            let log = Some(self.log_tail(node).await);
            return Err(Against(Observation::NoAnswer { error: error.to_string(), log }));
        }
        Ok(Evidence::for_it([Observation::StartedAt { times }, Observation::Answers]))
    }

    /// Damages the end of a file of a node that is down.
    async fn damage(&self, node: usize, bytes: u32, how: Damage) -> Result<Observation, Against> {
        let corrupt = self.manifest.corrupt.as_ref();
        let corrupt = corrupt.ok_or_else(|| failed("the manifest names no file to damage"))?;
        let process = self.manifest.process.iter().find(|p| p.name == corrupt.process);
        let process = process.ok_or_else(|| failed("the manifest has no such process"))?;
        let data = process.data.as_deref().unwrap_or_default();
        let file = corrupt.file.replacen(data, &data_in_infra(process), 1);
        let work = match how {
            Damage::Truncated => format!("truncate -s -{bytes} \"$f\""),
            Damage::Overwritten => format!(
                "head -c {bytes} /dev/zero | tr '\\0' '\\245' | dd of=\"$f\" bs=1 seek=$((size - {bytes})) conv=notrunc status=none"
            ),
        };
        let script = format!(
            "set -e; f=$(ls -1d {file} | sort | tail -n 1); size=$(stat -c %s \"$f\"); a=$(sha256sum < \"$f\")\n\
             [ \"$size\" -ge {bytes} ] || {{ echo \"$f has only $size bytes\"; exit 1; }}\n{work}\n\
             b=$(sha256sum < \"$f\"); [ \"$a\" != \"$b\" ] || {{ echo \"$f is as it was\"; exit 1; }}\n\
             echo \"$size $(stat -c %s \"$f\") ${{a:0:12}} ${{b:0:12}} ${{f##*/}}\""
        );
        let infra = infra(&self.run, node);
        let output = self.engine.script(&infra, &script, COMMAND_MAX).await?;
        read_damage(&output).ok_or_else(|| failed(output.trim()))
    }

    async fn set_clock(&self, node: usize, fault: Option<ClockFault>) -> Result<(), Against> {
        match self.manifest.clock {
            None => Err(failed("the manifest does not say how to skew a clock")),
            Some(ClockSpec::TimeLink) => {
                let authority =
                    self.authority.ok_or_else(|| failed("there is no time authority"))?;
                let number = u16::try_from(node + 1)?;
                let order = authority::order(authority, number, fault.and_then(ClockFault::lie));
                let ordered = tokio::time::timeout(ANSWER_MAX, order).await;
                Ok(ordered.map_err(|_| failed("the time authority does not answer"))??)
            }
            Some(ClockSpec::Faketime | ClockSpec::FaketimeForward) => {
                // Replaced by a rename: whoever reads it finds one time or the other.
                let put = |offset: &str| {
                    format!("echo '{offset}' > {SHARED}/next && mv {SHARED}/next {SHARED}/faketime")
                };
                let infra = infra(&self.run, node);
                // Waits for its end: a strobe that is ended between its two commands would still rename the right time away.
                let end = format!(
                    "if [ -e {SHARED}/strobe ]; then p=$(cat {SHARED}/strobe); kill $p 2>/dev/null; \
                     while kill -0 $p 2>/dev/null; do sleep 0.01; done; rm -f {SHARED}/strobe; fi"
                );
                let script = match fault {
                    None => format!("{end}; {}", put("+0")),
                    Some(ClockFault::Strobe { by_ms, period_ms }) => {
                        let period = format!("{}.{:03}", period_ms / 1_000, period_ms % 1_000);
                        let (there, back) = (put(&offset(by_ms)), put("+0"));
                        // With a trap a shell ends when the command that it runs has ended; a wait ends at once.
                        let strobe = format!(
                            "trap 'exit 0' TERM; echo $$ > {SHARED}/strobe; while :; do {there}; \
                             sleep {period} & wait $!; {back}; sleep {period} & wait $!; done"
                        );
                        return Ok(self.engine.spawn(&infra, &strobe).await?);
                    }
                    // Never drawn here, and refused where it is given.
                    Some(ClockFault::Drift { .. }) => {
                        return Err(failed("libfaketime cannot let a clock drift"));
                    }
                    Some(other) => put(&offset(other.skew_ms())),
                };
                self.engine.script(&infra, &script, COMMAND_MAX).await?;
                Ok(())
            }
        }
    }
}

/// What the script that damages a file printed: sizes, digests and the name, which may hold spaces.
fn read_damage(output: &str) -> Option<Observation> {
    let mut words = output.trim().splitn(5, ' ');
    let mut next = || words.next();
    let sizes = (next()?.parse().ok()?, next()?.parse().ok()?);
    let digests = (next()?.to_owned(), next()?.to_owned());
    Some(Observation::FileDamaged { file: next()?.to_owned(), sizes, digests })
}

/// An offset as libfaketime reads it.
fn offset(ms: i64) -> String {
    let sign = if ms < 0 { '-' } else { '+' };
    format!("{sign}{}.{:03}", ms.unsigned_abs() / 1_000, ms.unsigned_abs() % 1_000)
}

#[cfg(test)]
mod tests {
    use super::offset;

    #[test]
    fn an_offset_below_a_second_keeps_its_sign() {
        assert_eq!(offset(-250), "-0.250");
        assert_eq!(offset(1_500), "+1.500");
        assert_eq!(offset(0), "+0.000");
    }
}
