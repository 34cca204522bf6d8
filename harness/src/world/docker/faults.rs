//! Injecting and healing in containers, each with evidence measured from outside the target.

use super::cluster::{COMMAND_MAX, Cluster, SHARED, data_in_infra, infra};
use crate::nemesis::{ClockFault, Evidence, Fault};
use crate::world::live::evidence::{self, DIAL_MAX};
use crate::world::live::links::LinkPlan;
use afterall_manifest::ClockSpec;
use afterall_node::authority::{self, Lie};
use std::time::Duration;

/// How long a node may take to end when it is asked to, seconds.
const STOP_MAX_S: i32 = 30;
/// The exit code of a process that was killed.
const KILLED: i64 = 137;
/// How long a node that goes on may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Cluster {
    /// Injects a fault; an error is evidence against it.
    pub(super) async fn inject_fault(&self, id: usize, fault: &Fault) -> Result<Evidence, String> {
        match fault {
            Fault::Partition { cut: links, .. } => {
                self.change(id, Some(fault)).await?;
                self.all_cut(links).await
            }
            Fault::BlackHole { links } => {
                self.change(id, Some(fault)).await?;
                self.all_silent(links).await
            }
            Fault::UdpDrop { links } => {
                self.change(id, Some(fault)).await?;
                self.all_forbidden(links).await
            }
            Fault::Latency { links, latency_ms, jitter_ms } => {
                self.change(id, Some(fault)).await?;
                self.all_slow(links, *latency_ms, *jitter_ms).await
            }
            Fault::Kill { node } | Fault::Stop { node } => {
                let kill = matches!(fault, Fault::Kill { .. });
                let how = self.take_down(*node, kill).await?;
                self.change(id, Some(fault)).await?;
                Ok(self.nobody_answers(*node, how).await)
            }
            Fault::Truncate { node, bytes } | Fault::Corrupt { node, bytes } => {
                self.take_down(*node, true).await?;
                self.change(id, Some(fault)).await?;
                self.damage(*node, *bytes, matches!(fault, Fault::Truncate { .. })).await
            }
            Fault::Pause { node } => {
                let state = self.nodes[*node].lock().await;
                for container in self.containers(*node) {
                    self.engine.pause(&container).await.map_err(text)?;
                }
                drop(state);
                let mut client = self.direct_client().map_err(text)?;
                Ok(evidence::silent(&mut *client, *node, "paused").await)
            }
            Fault::Clock { node, fault: clock } => {
                self.change(id, Some(fault)).await?;
                self.set_clock(*node, Some(*clock)).await?;
                let mut client = self.direct_client().map_err(text)?;
                Ok(evidence::clock_off(&mut *client, *node, *clock).await)
            }
        }
    }

    /// Heals a fault; an error is evidence that it is not healed.
    pub(super) async fn heal_fault(&self, id: usize, fault: &Fault) -> Result<Evidence, String> {
        match fault {
            Fault::Partition { cut: links, .. }
            | Fault::BlackHole { links }
            | Fault::Latency { links, .. } => {
                self.change(id, None).await?;
                self.all_open(links).await
            }
            Fault::UdpDrop { links } => {
                self.change(id, None).await?;
                self.all_allowed(links).await
            }
            Fault::Kill { node }
            | Fault::Stop { node }
            | Fault::Truncate { node, .. }
            | Fault::Corrupt { node, .. } => self.bring_up(id, *node).await,
            Fault::Pause { node } => {
                for container in self.containers(*node) {
                    self.engine.unpause(&container).await.map_err(text)?;
                }
                let mut client = self.direct_client().map_err(text)?;
                let answer = evidence::ping_until(&mut *client, *node, ANSWER_MAX).await;
                answer.map(|()| Evidence::for_it("it answers"))
            }
            Fault::Clock { node, fault: clock } => {
                self.change(id, None).await?;
                self.set_clock(*node, None).await?;
                let mut client = self.direct_client().map_err(text)?;
                // Time that never goes back stands still, or creeps, until the real one has caught up.
                let catching_up = match self.manifest.clock {
                    Some(ClockSpec::FaketimeForward) => {
                        Duration::from_millis(2 * clock.skew_ms().unsigned_abs())
                    }
                    _ => Duration::ZERO,
                };
                Ok(evidence::clock_right(&mut *client, *node, catching_up).await)
            }
        }
    }

    /// Makes links and rules what the faults in force, with or without this one, ask for.
    async fn change(&self, id: usize, fault: Option<&Fault>) -> Result<(), String> {
        let mut plan = self.plan.lock().await;
        let drops = |plan: &LinkPlan| {
            let of = |node| (plan.black_holes(node), plan.udp_drops(node));
            (0..self.wiring.nodes).map(of).collect::<Vec<_>>()
        };
        let before = drops(&plan);
        let changes = match fault {
            Some(fault) => plan.add(id, fault.clone()),
            None => plan.remove(id),
        };
        // Under the lock, so that changes take effect in the order in which they were planned.
        for (node, (was, is)) in before.iter().zip(&drops(&plan)).enumerate() {
            if was != is && (was.0 != is.0 || !self.wiring.udp_ports.is_empty()) {
                let rules = self.wiring.drop_rules(node, &self.addresses, &is.0, &is.1);
                let script = format!("iptables-restore -T filter <<'END'\n{rules}END\n");
                let infra = infra(&self.run, node);
                self.engine.script(&infra, &script, COMMAND_MAX).await.map_err(text)?;
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        self.links.apply(changes).await.map_err(text)
    }

    /// Ends a node's processes, last started first; says how they ended.
    async fn take_down(&self, node: usize, kill: bool) -> Result<String, String> {
        let mut state = self.nodes[node].lock().await;
        state.up = false;
        let mut how = Vec::new();
        for container in self.containers(node).rev() {
            if kill {
                self.engine.kill(&container).await.map_err(text)?;
            } else {
                self.engine.stop(&container, STOP_MAX_S).await.map_err(text)?;
            }
            let began = tokio::time::timeout(ANSWER_MAX, self.exit_code(&container)).await;
            let code = began.map_err(|_| format!("{container} is still running"))??;
            if !kill && code == KILLED {
                return Err(format!(
                    "{container} did not end within {STOP_MAX_S} s and was killed"
                ));
            }
            how.push(format!("exit code {code}"));
        }
        Ok(how.join(", "))
    }

    /// Waits until a container has ended.
    async fn exit_code(&self, container: &str) -> Result<i64, String> {
        loop {
            let state = self.engine.inspect(container).await.map_err(text)?.state;
            let state = state.unwrap_or_default();
            if state.running == Some(false) {
                return Ok(state.exit_code.unwrap_or(-1));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn nobody_answers(&self, node: usize, how: String) -> Evidence {
        let Ok(mut client) = self.direct_client() else {
            return Evidence::against_it("there is no client to ask it with");
        };
        match evidence::ping(&mut *client, node, DIAL_MAX).await {
            Ok(()) => Evidence::against_it("something still answers in its place"),
            Err(error) => Evidence::for_it(format!("{how}; ping: {error}")),
        }
    }

    /// Starts a node's processes again and waits until it serves.
    async fn bring_up(&self, id: usize, node: usize) -> Result<Evidence, String> {
        let mut state = self.nodes[node].lock().await;
        let mut lives = Vec::new();
        for container in self.containers(node) {
            let before = self.engine.inspect(&container).await.map_err(text)?.state;
            self.engine.start(&container).await.map_err(text)?;
            let after = self.engine.inspect(&container).await.map_err(text)?.state;
            let started = |state: Option<bollard::models::ContainerState>| {
                state.and_then(|state| state.started_at).unwrap_or_default()
            };
            let (before, after) = (started(before), started(after));
            if before == after {
                return Err(format!("{container} has not been started again"));
            }
            lives.push(format!("started at {after}"));
        }
        state.up = true;
        // A store may need its peers before it serves.
        self.change(id, None).await?;
        let mut client = self.direct_client().map_err(text)?;
        let patience = Duration::from_secs(self.manifest.ready_within_s.into());
        if let Err(error) = evidence::ping_until(&mut *client, node, patience).await {
            return Err(format!("{error}; its log ends: {}", self.log_tail(node).await));
        }
        Ok(Evidence::for_it(format!("{}; it answers", lives.join(", "))))
    }

    /// Damages the end of a file of a node that is down.
    async fn damage(&self, node: usize, bytes: u32, truncate: bool) -> Result<Evidence, String> {
        let corrupt = self.manifest.corrupt.as_ref().ok_or("the manifest names no file")?;
        let process = self.manifest.process.iter().find(|p| p.name == corrupt.process);
        let process = process.ok_or("the manifest names no such process")?;
        let data = process.data.as_deref().unwrap_or_default();
        let file = corrupt.file.replacen(data, &data_in_infra(process), 1);
        let work = if truncate {
            format!("truncate -s -{bytes} \"$f\"")
        } else {
            format!(
                "head -c {bytes} /dev/zero | tr '\\0' '\\245' | dd of=\"$f\" bs=1 seek=$((size - {bytes})) conv=notrunc status=none"
            )
        };
        let script = format!(
            "set -e; f=$(ls -1d {file} | sort | tail -n 1); size=$(stat -c %s \"$f\"); a=$(sha256sum < \"$f\")\n\
             [ \"$size\" -ge {bytes} ] || {{ echo \"$f has only $size bytes\"; exit 1; }}\n{work}\n\
             b=$(sha256sum < \"$f\"); [ \"$a\" != \"$b\" ] || {{ echo \"$f is as it was\"; exit 1; }}\n\
             echo \"${{f##*/}}: $size bytes, then $(stat -c %s \"$f\"); sha256 ${{a:0:12}}, then ${{b:0:12}}\""
        );
        let output = self
            .engine
            .script(&infra(&self.run, node), &script, COMMAND_MAX)
            .await
            .map_err(text)?;
        Ok(Evidence::for_it(output.trim_end()))
    }

    async fn set_clock(&self, node: usize, fault: Option<ClockFault>) -> Result<(), String> {
        match self.manifest.clock {
            None => Err("the manifest does not say how".to_owned()),
            Some(ClockSpec::TimeLink) => {
                let lie = match fault {
                    // The link does it.
                    None | Some(ClockFault::Asymmetric { .. }) => None,
                    Some(ClockFault::Bump { by_ms }) => Some(Lie::Shift { by_ms }),
                    Some(ClockFault::Strobe { by_ms, period_ms }) => {
                        Some(Lie::Strobe { by_ms, period_ms })
                    }
                };
                let authority = self.authority.ok_or("there is no time authority")?;
                let number = u16::try_from(node + 1).map_err(text)?;
                let order = authority::order(authority, number, lie);
                let ordered = tokio::time::timeout(ANSWER_MAX, order).await;
                ordered.map_err(|_| "the time authority does not answer")?.map_err(text)
            }
            Some(ClockSpec::Faketime | ClockSpec::FaketimeForward) => {
                // Replaced by a rename: whoever reads it finds one time or the other.
                let put = |offset: &str| {
                    format!("echo '{offset}' > {SHARED}/next && mv {SHARED}/next {SHARED}/faketime")
                };
                let infra = infra(&self.run, node);
                let end = format!(
                    "if [ -e {SHARED}/strobe ]; then kill $(cat {SHARED}/strobe) 2>/dev/null; rm -f {SHARED}/strobe; fi"
                );
                let script = match fault {
                    None => format!("{end}; {}", put("+0")),
                    Some(ClockFault::Strobe { by_ms, period_ms }) => {
                        let period = format!("{}.{:03}", period_ms / 1_000, period_ms % 1_000);
                        let (there, back) = (put(&offset(by_ms)), put("+0"));
                        let strobe = format!(
                            "echo $$ > {SHARED}/strobe; while :; do {there}; sleep {period}; {back}; sleep {period}; done"
                        );
                        return self.engine.spawn(&infra, &strobe).await.map_err(text);
                    }
                    Some(other) => put(&offset(other.skew_ms())),
                };
                self.engine.script(&infra, &script, COMMAND_MAX).await.map(|_| ()).map_err(text)
            }
        }
    }
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
