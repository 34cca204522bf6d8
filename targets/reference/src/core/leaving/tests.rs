//! Small clusters, in which nodes leave and join: messages arrive at once, or not at all.

use super::super::api::{Action, Answer, Content, DataType, Key, Request, Scalar, Token};
use super::super::config::Config;
use super::super::copies::Copies;
use super::super::effects::Input;
use super::super::flavour::Flavour;
use super::super::mechanisms::Mechanisms;
use super::super::mutants::MUTANTS;
use super::*;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);
const C: NodeId = NodeId(3);
const MS: u64 = 1_000_000;

type Disk = BTreeMap<Vec<u8>, Vec<u8>>;

struct Cluster {
    nodes: BTreeMap<NodeId, Node>,
    disks: BTreeMap<NodeId, Disk>,
    lives: BTreeMap<NodeId, u32>,
    /// Nodes of which nobody hears, and which hear of nobody.
    cut: BTreeSet<NodeId>,
    /// Who has sent something else than who takes part to whom, since this was emptied.
    sent: BTreeSet<(NodeId, NodeId)>,
    now_ns: u64,
}

impl Cluster {
    fn new(flavour: Flavour, mechanisms: &str) -> Cluster {
        Cluster::with(flavour, mechanisms, &|_| {})
    }

    fn with(flavour: Flavour, mechanisms: &str, change: &dyn Fn(&mut Config)) -> Cluster {
        let mut cluster = Cluster {
            nodes: BTreeMap::new(),
            disks: BTreeMap::new(),
            lives: BTreeMap::new(),
            cut: BTreeSet::new(),
            sent: BTreeSet::new(),
            now_ns: 0,
        };
        for id in [A, B, C] {
            let peers = [A, B, C].into_iter().filter(|&peer| peer != id).collect();
            let mut config = Config::new(id, peers, flavour, None, 1);
            config.mechanisms = mechanisms.parse::<Mechanisms>().unwrap();
            change(&mut config);
            cluster.nodes.insert(id, Node::start(config, 1, []).unwrap());
            cluster.lives.insert(id, 1);
            cluster.disks.insert(id, Disk::new());
        }
        cluster
    }

    /// The process ends, and starts again on what its disk holds.
    fn restart(&mut self, id: NodeId) {
        let life = self.lives[&id] + 1;
        self.lives.insert(id, life);
        let config = self.nodes[&id].config().clone();
        let stored: Vec<_> = self.disks[&id].clone().into_iter().collect();
        self.nodes.insert(id, Node::start(config, life, stored).unwrap());
    }

    /// Lets a node handle something, and all that follows at once.
    fn input(&mut self, id: NodeId, input: Input) -> Vec<Result<Answer, Refusal>> {
        let mut replies = Vec::new();
        let mut queue = VecDeque::from([(id, input)]);
        while let Some((id, input)) = queue.pop_front() {
            let now = Moment { mono_ns: self.now_ns, wall_ms: 1_000 + self.now_ns / MS };
            let mut effects = Effects::default();
            self.nodes.get_mut(&id).unwrap().handle(now, input, &mut effects);
            let disk = self.disks.get_mut(&id).unwrap();
            for (key, bytes) in effects.persist {
                if bytes.is_empty() {
                    disk.remove(&key);
                } else {
                    disk.insert(key, bytes);
                }
            }
            replies.extend(effects.replies.into_iter().map(|(_, answer)| answer));
            for (to, message) in effects.sends {
                if !matches!(message, Message::Members { .. }) {
                    self.sent.insert((id, to));
                }
                if !self.cut.contains(&id) && !self.cut.contains(&to) {
                    queue.push_back((to, Input::Message(id, message)));
                }
            }
        }
        replies
    }

    /// Lets time pass.
    fn pass(&mut self, ms: u64) {
        let until_ns = self.now_ns + ms * MS;
        while self.now_ns < until_ns {
            self.now_ns += 10 * MS;
            for id in [A, B, C] {
                if self.nodes[&id].wake_at() <= self.now_ns {
                    self.input(id, Input::Wake);
                    let wake_ns = self.nodes[&id].wake_at();
                    assert!(wake_ns > self.now_ns, "{id} wants to be woken again and again");
                }
            }
        }
    }

    fn ask(&mut self, id: NodeId, action: Action) -> Vec<Result<Answer, Refusal>> {
        let key = Key { kind: DataType::Register, name: "x".into() };
        self.input(
            id,
            Input::Request(1, Request { key, action, token: Token::default(), level: None }),
        )
    }

    fn write(&mut self, id: NodeId, value: i64) {
        let answers = self.ask(id, Action::Write(Scalar::Int(value)));
        assert!(matches!(answers.as_slice(), [Ok(_)]), "{answers:?}");
    }

    /// What a node holds, whoever may ask.
    fn holds(&self, id: NodeId) -> Vec<Scalar> {
        let key = Key { kind: DataType::Register, name: "x".into() };
        match self.nodes[&id].store.get(&key).map(Object::content) {
            Some(Content::Values(values)) => values,
            _ => Vec::new(),
        }
    }

    fn standing(&self, id: NodeId) -> Standing {
        self.nodes[&id].membership().standing
    }

    fn sees(&self, id: NodeId, other: NodeId) -> Standing {
        self.nodes[&id].membership().others.get(&other).copied().unwrap_or_default()
    }
}

#[test]
fn who_leaves_is_out_once_the_others_have_all_and_refuses_clients_at_once() {
    for (flavour, mechanisms) in [
        (Flavour::Crdt, "none"),
        (Flavour::Lww, "hints"),
        (Flavour::Session, "read-repair"),
        (Flavour::Causal, "rumors"),
        (Flavour::Quorum, "anti-entropy"),
    ] {
        let mut cluster = Cluster::new(flavour, mechanisms);
        cluster.cut.insert(C);
        cluster.write(A, 7);
        cluster.cut.clear();
        cluster.input(A, Input::Leave);
        let refused = cluster.ask(A, Action::Read);
        assert_eq!(refused, [Err(Refusal::Away(cluster.standing(A)))]);
        assert_eq!(refused[0].as_ref().unwrap_err().to_string(), "this node has left the cluster");
        cluster.pass(3_000);
        assert_eq!(cluster.standing(A), Standing::Out, "{flavour} {mechanisms}");
        for other in [B, C] {
            assert_eq!(cluster.holds(other), [Scalar::Int(7)], "{flavour} {mechanisms}");
            assert_eq!(cluster.sees(other, A), Standing::Out);
        }
        // Nobody has anything to do with it, until it is back.
        cluster.sent.clear();
        cluster.write(B, 8);
        cluster.ask(C, Action::Read);
        cluster.pass(2_000);
        let with_a = |&&(from, to): &&(NodeId, NodeId)| from == A || to == A;
        assert_eq!(cluster.sent.iter().filter(with_a).count(), 0, "{flavour} {:?}", cluster.sent);
        assert_eq!(cluster.holds(A), [Scalar::Int(7)]);
        cluster.input(A, Input::Join);
        cluster.pass(1_000);
        assert_eq!(cluster.standing(A), Standing::Member, "{flavour} {mechanisms}");
        assert_eq!(cluster.holds(A), cluster.holds(B), "{flavour} {mechanisms}");
        assert_eq!(cluster.sees(B, A), Standing::Member);
        assert!(cluster.ask(A, Action::Read)[0].is_ok());
    }
}

#[test]
fn who_is_cut_off_stays_leaving_and_keeps_what_nobody_else_has() {
    for (flavour, mechanisms) in
        [(Flavour::Crdt, "anti-entropy"), (Flavour::Causal, "anti-entropy")]
    {
        let mut cluster = Cluster::new(flavour, mechanisms);
        cluster.cut.insert(A);
        cluster.write(A, 7);
        cluster.input(A, Input::Leave);
        cluster.pass(10_000);
        let membership = cluster.nodes[&A].membership();
        assert_eq!((membership.standing, membership.taken_by), (Standing::Leaving, 0));
        // Its life ends, and it still leaves.
        cluster.restart(A);
        cluster.pass(5_000);
        assert_eq!(cluster.standing(A), Standing::Leaving);
        let (mut healed, mut joined) = (cluster.clone_of(), cluster);
        healed.cut.clear();
        healed.pass(2_000);
        assert_eq!((healed.standing(A), healed.holds(C)), (Standing::Out, vec![Scalar::Int(7)]));
        // Nobody answers: it joins with what it has, and hands over when it can.
        joined.input(A, Input::Join);
        assert_eq!(joined.ask(A, Action::Read), [Err(Refusal::Away(Standing::Joining))]);
        joined.pass(2_000);
        assert_eq!(joined.standing(A), Standing::Member);
        assert!(joined.holds(C).is_empty());
        joined.cut.clear();
        joined.pass(2_000);
        assert_eq!(joined.holds(C), [Scalar::Int(7)]);
    }
}

impl Cluster {
    fn clone_of(&self) -> Cluster {
        Cluster {
            nodes: self.nodes.clone(),
            disks: self.disks.clone(),
            lives: self.lives.clone(),
            cut: self.cut.clone(),
            sent: self.sent.clone(),
            now_ns: self.now_ns,
        }
    }
}

#[test]
fn who_is_out_stays_out_after_a_new_start_and_so_does_what_the_others_know() {
    let mut cluster = Cluster::new(Flavour::Crdt, "rumors,anti-entropy");
    cluster.write(A, 7);
    cluster.input(A, Input::Leave);
    cluster.pass(1_000);
    cluster.restart(A);
    cluster.cut.insert(C);
    cluster.restart(B);
    assert_eq!((cluster.standing(A), cluster.sees(B, A)), (Standing::Out, Standing::Out));
    cluster.pass(1_000);
    assert!(cluster.ask(A, Action::Read)[0].is_err());
    // One that has missed the news learns it of whoever is there.
    cluster.input(A, Input::Join);
    cluster.pass(1_000);
    assert_eq!((cluster.sees(B, A), cluster.sees(C, A)), (Standing::Member, Standing::Out));
    cluster.cut = BTreeSet::from([A]);
    cluster.pass(2_000);
    assert_eq!(cluster.sees(C, A), Standing::Member);
}

#[test]
fn who_has_lost_its_disk_learns_that_it_is_out() {
    let mut cluster = Cluster::new(Flavour::Crdt, "none");
    cluster.input(A, Input::Leave);
    cluster.pass(1_000);
    cluster.disks.get_mut(&A).unwrap().clear();
    cluster.restart(A);
    assert_eq!(cluster.standing(A), Standing::Member);
    cluster.pass(1_000);
    assert_eq!(cluster.standing(A), Standing::Out);
    cluster.input(A, Input::Join);
    cluster.pass(1_000);
    assert_eq!((cluster.standing(A), cluster.sees(B, A)), (Standing::Member, Standing::Member));
}

#[test]
fn who_lacks_what_nobody_keeps_any_more_does_not_join_for_ever() {
    let mut cluster = Cluster::new(Flavour::Causal, "rumors,anti-entropy");
    cluster.write(A, 7);
    cluster.pass(2_000);
    assert_eq!(cluster.holds(C), [Scalar::Int(7)]);
    cluster.disks.get_mut(&C).unwrap().clear();
    cluster.restart(C);
    cluster.pass(2_000);
    // All had applied it, and it was forgotten.
    assert!(cluster.holds(C).is_empty());
    cluster.input(C, Input::Leave);
    cluster.pass(1_000);
    cluster.input(C, Input::Join);
    cluster.pass(500);
    assert_eq!(cluster.standing(C), Standing::Joining);
    cluster.pass(1_000);
    assert_eq!(cluster.standing(C), Standing::Member);
}

#[test]
fn two_that_leave_at_once_do_not_rely_on_each_other() {
    for flavour in [Flavour::Crdt, Flavour::Causal] {
        let mut cluster = Cluster::new(flavour, "rumors,anti-entropy");
        cluster.cut = BTreeSet::from([A, B, C]);
        cluster.write(A, 7);
        cluster.write(B, 8);
        cluster.input(A, Input::Leave);
        cluster.input(B, Input::Leave);
        cluster.cut = BTreeSet::from([C]);
        cluster.pass(10_000);
        assert_eq!(
            (cluster.standing(A), cluster.standing(B)),
            (Standing::Leaving, Standing::Leaving)
        );
        assert_eq!(cluster.holds(B), [Scalar::Int(8)]);
        cluster.cut.clear();
        cluster.pass(2_000);
        assert_eq!((cluster.standing(A), cluster.standing(B)), (Standing::Out, Standing::Out));
        assert_eq!(cluster.holds(C).len(), 2);
    }
}

#[test]
fn who_owes_a_change_to_a_silent_peer_waits_with_hints_alone_and_not_where_replicas_compare() {
    for (mechanisms, standing) in
        [("hints", Standing::Leaving), ("hints,anti-entropy", Standing::Out)]
    {
        let mut cluster = Cluster::new(Flavour::Crdt, mechanisms);
        cluster.cut.insert(C);
        cluster.write(A, 7);
        cluster.input(A, Input::Leave);
        cluster.pass(5_000);
        assert_eq!(cluster.standing(A), standing);
        cluster.cut.clear();
        cluster.pass(3_000);
        assert_eq!((cluster.standing(A), cluster.holds(C)), (Standing::Out, vec![Scalar::Int(7)]));
    }
}

#[test]
fn what_is_under_way_ends_before_its_node_is_out() {
    let mut cluster = Cluster::new(Flavour::Quorum, "anti-entropy");
    cluster.cut = BTreeSet::from([B, C]);
    assert_eq!(cluster.ask(A, Action::Write(Scalar::Int(7))), []);
    cluster.input(A, Input::Leave);
    cluster.cut.clear();
    cluster.pass(500);
    assert_eq!(cluster.standing(A), Standing::Leaving);
    cluster.pass(1_000);
    assert_eq!(cluster.standing(A), Standing::Out);
}

#[test]
fn a_quorum_is_one_of_all_nodes() {
    let mut cluster = Cluster::new(Flavour::Quorum, "anti-entropy");
    cluster.input(A, Input::Leave);
    cluster.pass(1_000);
    cluster.write(B, 7);
    cluster.cut.insert(C);
    assert_eq!(cluster.ask(B, Action::Read), []);
    let mut answers = Vec::new();
    cluster.now_ns += 1_000 * MS;
    answers.extend(cluster.input(B, Input::Wake));
    assert_eq!(answers, [Err(Refusal::Unavailable { wanted: 2, found: 1 })]);
}

#[test]
fn what_cannot_leave_goes_on_as_it_is() {
    for flavour in [Flavour::Textbook, Flavour::TextbookTree, Flavour::TtlCache] {
        let mut cluster = Cluster::new(flavour, "rumors,anti-entropy");
        cluster.input(A, Input::Leave);
        assert!(!cluster.nodes[&A].can_leave());
        assert_eq!(cluster.standing(A), Standing::Member);
    }
    let partial = |config: &mut Config| {
        config.copies = Copies { replicas: Some(2), ..Copies::default() };
    };
    let mut cluster = Cluster::with(Flavour::Crdt, "anti-entropy", &partial);
    cluster.input(A, Input::Leave);
    assert!(!cluster.nodes[&A].can_leave());
    assert_eq!(cluster.standing(A), Standing::Member);
}

#[test]
fn more_than_a_page_is_handed_over_and_what_the_others_have_is_not_sent() {
    let mut cluster = Cluster::new(Flavour::Crdt, "none");
    let write = |cluster: &mut Cluster, id, n: usize| {
        let key = Key { kind: DataType::Register, name: format!("r{n}") };
        let action = Action::Write(Scalar::Int(1));
        cluster.input(
            id,
            Input::Request(1, Request { key, action, token: Token::default(), level: None }),
        );
    };
    for n in 0..600 {
        write(&mut cluster, A, n);
    }
    cluster.input(A, Input::Leave);
    cluster.pass(1_000);
    assert_eq!(cluster.standing(A), Standing::Out);
    assert_eq!((cluster.nodes[&B].objects(), cluster.nodes[&C].objects()), (600, 600));
    for n in 600..1_000 {
        write(&mut cluster, B, n);
    }
    let merges = cluster.nodes[&A].figures().merges;
    cluster.input(A, Input::Join);
    cluster.pass(1_000);
    assert_eq!(cluster.standing(A), Standing::Member);
    let node = &cluster.nodes[&A];
    assert!(node.objects() == 1_000 && node.figures().merges - merges == 400);
}

#[test]
fn the_mutant_is_out_and_back_though_nobody_has_what_it_had() {
    let row = MUTANTS.iter().find(|row| row.name == "leave-early").unwrap();
    let mutated = |config: &mut Config| config.mutant = Some(row.mutant());
    let mut cluster = Cluster::with(Flavour::Crdt, "hints", &mutated);
    cluster.cut.insert(A);
    cluster.write(A, 7);
    cluster.input(A, Input::Leave);
    assert_eq!(cluster.standing(A), Standing::Out);
    cluster.cut.clear();
    cluster.input(A, Input::Join);
    cluster.pass(5_000);
    assert_eq!(cluster.standing(A), Standing::Member);
    assert!(cluster.holds(B).is_empty() && cluster.holds(C).is_empty());
    cluster.input(A, Input::Leave);
    cluster.write(B, 8);
    cluster.input(A, Input::Join);
    cluster.pass(5_000);
    assert_eq!((cluster.holds(A), cluster.holds(C)), (vec![Scalar::Int(7)], vec![Scalar::Int(8)]));
}
