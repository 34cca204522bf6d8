//! How long one update takes to reach every replica, for clusters of 10 to 10,000 nodes: measured in the sim, beside what the
//! book says. Writes a picture.
//!
//! ```text
//! cargo run --release -p afterall-sim --features gossip-figure --example gossip -- docs/gossip.svg
//! ```
//!
//! Each node that has news tells three others every 100 ms. By the formula, all know after τ·ln n / ln k. The share of the
//! nodes that know follows, roughly, the logistic curve 1 / (1 + (n - 1)·e^(-k·t/τ)).

use afterall_engine::driver::Completion;
use afterall_engine::{Plan, RunConfig, run};
use afterall_history::Workload;
use afterall_reference::core::{
    Action, Config, Content, DamagedRecord, DataType, Key, Message, Request, Token,
};
use afterall_sim::{Effects, Input, Moment, Record, Reference, Replica, Simulation};
use afterall_workloads::Operation;
use plotters::prelude::*;
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How many nodes, and how many runs of so many.
const SIZES: &[(u16, usize)] =
    &[(10, 400), (30, 400), (100, 400), (300, 200), (1_000, 100), (3_000, 40), (10_000, 10)];
/// Of which size the curve is drawn.
const CURVE: u16 = 1_000;
/// τ, milliseconds.
const INTERVAL_MS: f64 = 100.0;
/// k
const FANOUT: f64 = 3.0;
/// The share of runs that are faster than what is called p99.
const MOST: f64 = 0.99;
/// What there is to know, and what reads of it within a node are numbered.
const NEWS: &str = "news";
const OWN_READ: u64 = u64::MAX;

/// When each node knew, nanoseconds since the cluster was up.
type Known = Arc<Mutex<Vec<u64>>>;

/// A node that notes when it knows.
#[derive(Debug, Clone)]
struct Noting {
    node: Reference,
    known: Known,
    knows: bool,
}

impl Replica for Noting {
    type Config = (Config, Known);
    type Request = <Reference as Replica>::Request;
    type Answer = <Reference as Replica>::Answer;
    type Message = Message;
    type Session = <Reference as Replica>::Session;
    type Damaged = DamagedRecord;

    fn start(
        (config, known): &Self::Config,
        incarnation: u32,
        stored: impl Iterator<Item = Record>,
    ) -> Result<Self, DamagedRecord> {
        let node = Reference::start(config, incarnation, stored)?;
        Ok(Noting { node, known: known.clone(), knows: false })
    }

    fn wake_ns(&self) -> u64 {
        self.node.wake_ns()
    }

    fn handle(&mut self, now: Moment, input: Input<Self>, effects: &mut Effects<Self>) {
        let input = match input {
            Input::Request(number, request) => Input::Request(number, request),
            Input::Message(from, message) => Input::Message(from, message),
            Input::Wake => Input::Wake,
        };
        let may_learn = !matches!(input, Input::Wake);
        let mut of_node = Effects::<Reference>::default();
        self.node.handle(now, input, &mut of_node);
        effects.persist.append(&mut of_node.persist);
        effects.replies.append(&mut of_node.replies);
        effects.sends.append(&mut of_node.sends);
        effects.hold = of_node.hold;
        if may_learn && !self.knows {
            let key = Key { kind: DataType::Register, name: NEWS.into() };
            let read = Request { key, action: Action::Read, token: Token::default(), level: None };
            self.node.handle(now, Input::Request(OWN_READ, read), &mut of_node);
            let shown = |(_, answer): (u64, Self::Answer)| match answer.map(|answer| answer.content)
            {
                Ok(Content::Values(values)) => !values.is_empty(),
                _ => false,
            };
            self.knows = of_node.replies.drain(..).any(shown);
            if self.knows {
                self.known.lock().unwrap_or_else(PoisonError::into_inner).push(now.mono_ns);
            }
        }
    }

    fn message_bytes(message: &Message) -> u64 {
        Reference::message_bytes(message)
    }

    fn request(
        session: &mut Self::Session,
        workload: Workload,
        operation: &Operation,
    ) -> Result<Self::Request, Box<dyn Error>> {
        Reference::request(session, workload, operation)
    }

    fn completed(
        session: &mut Self::Session,
        workload: Workload,
        key: &str,
        answer: Self::Answer,
    ) -> Completion {
        Reference::completed(session, workload, key, answer)
    }
}

/// When the nodes knew in one run: milliseconds after the first, in order. None if some never did.
fn spread(nodes: u16, seed: u64) -> Result<Option<Vec<f64>>, Box<dyn Error + Send + Sync>> {
    let config: RunConfig = toml::from_str(&format!(
        "world = 'sim'\nworkload = 'register'\nflavour = 'lww'\nnodes = {nodes}\ntime = '3s'\nseed = {seed}\n\
         max_bound = 'none'\nquiescence = '100ms'\n\
         [[operation]]\nwhen = '1s'\nsession = 1\nnode = 'n1'\nf = 'write'\nkey = '{NEWS}'\nvalue = 1\n\
         [gossip]\nfanout = {FANOUT}\nrumors = '{INTERVAL_MS}ms'\nanti_entropy = '1h'\n[network]\nloss = 0"
    ))?;
    let plan = Plan::new(config)?;
    let known = Known::default();
    let nodes = Reference::configs(&plan).into_iter().map(|config| (config, known.clone()));
    let mut world = Simulation::<Noting>::new(&plan, nodes.collect());
    run(&plan, &mut world, &mut ())?;
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
    known.sort_unstable();
    let first = known.first().copied().unwrap_or_default();
    let after = known.iter().map(|ns| (ns - first) as f64 / 1e6).collect();
    Ok((known.len() == usize::from(plan.config().nodes)).then_some(after))
}

/// What so many runs of a size came to.
struct Measured {
    nodes: u16,
    runs: usize,
    /// Runs in which some node never knew.
    never: usize,
    /// When all knew; the runs in which all never did stand at the end, as infinite.
    to_all_ms: Vec<f64>,
    /// When each node knew, of all runs.
    each_ms: Vec<f64>,
}

impl Measured {
    fn quantile(&self, share: f64) -> f64 {
        let last = self.to_all_ms.len() - 1;
        self.to_all_ms[((last as f64 * share).ceil() as usize).min(last)]
    }
}

fn measure(nodes: u16, runs: usize) -> Result<Measured, Box<dyn Error + Send + Sync>> {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut all = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= runs {
                return Ok::<_, Box<dyn Error + Send + Sync>>(all);
            }
            all.push(spread(nodes, seed as u64)?);
        }
    };
    let each = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join()).collect::<Vec<_>>()
    });
    let mut measured =
        Measured { nodes, runs, never: 0, to_all_ms: Vec::new(), each_ms: Vec::new() };
    for worker in each {
        for known in worker.map_err(|_| "a run panicked")?? {
            measured.never += usize::from(known.is_none());
            let last = known.as_ref().and_then(|known| known.last().copied());
            measured.to_all_ms.push(last.unwrap_or(f64::INFINITY));
            measured.each_ms.extend(known.into_iter().flatten());
        }
    }
    measured.to_all_ms.sort_by(f64::total_cmp);
    measured.each_ms.sort_by(f64::total_cmp);
    Ok(measured)
}

fn by_formula_ms(nodes: f64) -> f64 {
    INTERVAL_MS * nodes.ln() / FANOUT.ln()
}

fn by_logistic_curve(nodes: f64, at_ms: f64) -> f64 {
    1.0 / (1.0 + (nodes - 1.0) * (-FANOUT * at_ms / INTERVAL_MS).exp())
}

type Drawn = Result<(), Box<dyn Error + Send + Sync>>;
/// Its name, its colour, its points.
type Line = (&'static str, RGBColor, Vec<(f64, f64)>);

const BLUE_GREY: RGBColor = RGBColor(38, 84, 124);
const ORANGE: RGBColor = RGBColor(200, 90, 20);
const GREY: RGBColor = RGBColor(120, 120, 120);

/// A legend, line by line, in the upper left corner.
fn legend<B: DrawingBackend>(area: &DrawingArea<B, plotters::coord::Shift>, lines: &[Line]) -> Drawn
where
    B::ErrorType: 'static,
{
    for (number, (name, color, _)) in lines.iter().enumerate() {
        let y = 52 + 20 * number as i32;
        let stroke = PathElement::new([(84, y), (112, y)], color.stroke_width(2));
        area.draw(&stroke).map_err(|error| error.to_string())?;
        let text = Text::new((*name).to_owned(), (120, y - 6), ("sans-serif", 14));
        area.draw(&text).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn draw(path: &str, all: &[Measured]) -> Drawn {
    let root = SVGBackend::new(path, (1_000, 460)).into_drawing_area();
    root.fill(&WHITE)?;
    let (left, right) = root.split_horizontally(500);
    let finite = |at: f64| at.is_finite().then_some(at);
    let measured = |share: f64| -> Vec<(f64, f64)> {
        let of = |m: &Measured| Some((f64::from(m.nodes), finite(m.quantile(share))?));
        all.iter().filter_map(of).collect()
    };
    let formula = all.iter().map(|m| (f64::from(m.nodes), by_formula_ms(f64::from(m.nodes))));
    let lines: [Line; 3] = [
        ("measured, median", BLUE_GREY, measured(0.5)),
        ("measured, p99", ORANGE, measured(MOST)),
        ("τ·ln n / ln k", GREY, formula.collect()),
    ];
    let top = lines.iter().flat_map(|(_, _, points)| points).map(|point| point.1);
    let top = top.fold(0.0, f64::max) * 1.25;
    let mut chart = ChartBuilder::on(&left)
        .caption("until every node knows, ms (k = 3, τ = 100 ms)", ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d((10f64..10_000f64).log_scale(), 0f64..top)?;
    let mut mesh = chart.configure_mesh();
    mesh.x_desc("nodes").x_label_formatter(&whole).y_label_formatter(&whole);
    mesh.light_line_style(TRANSPARENT).draw()?;
    for (_, color, points) in &lines {
        chart.draw_series(LineSeries::new(points.clone(), color.stroke_width(2)))?;
    }
    legend(&left, &lines)?;
    let Some(of) = all.iter().find(|m| m.nodes == CURVE) else { return Ok(root.present()?) };
    let n = f64::from(CURVE);
    let end = of.each_ms.last().copied().unwrap_or(0.0);
    let share_by = |at_ms: f64| {
        let known = of.each_ms.partition_point(|&known| known <= at_ms);
        known as f64 / of.each_ms.len() as f64
    };
    let times: Vec<f64> = (0..=200).map(|step| end * f64::from(step) / 200.0).collect();
    let lines: [Line; 2] = [
        ("measured", BLUE_GREY, times.iter().map(|&at| (at, share_by(at))).collect()),
        ("logistic curve", GREY, times.iter().map(|&at| (at, by_logistic_curve(n, at))).collect()),
    ];
    let mut chart = ChartBuilder::on(&right)
        .caption(format!("share of {CURVE} nodes that know"), ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d(0f64..end, 0f64..1.1)?;
    let mut mesh = chart.configure_mesh();
    mesh.x_desc("ms after the write").x_label_formatter(&whole);
    mesh.light_line_style(TRANSPARENT).draw()?;
    for (_, color, points) in &lines {
        chart.draw_series(LineSeries::new(points.clone(), color.stroke_width(2)))?;
    }
    legend(&right, &lines)?;
    Ok(root.present()?)
}

/// A number on an axis.
fn whole(number: &f64) -> String {
    format!("{number:.0}")
}

fn main() -> Drawn {
    let path = std::env::args().nth(1).ok_or("expected the path of the picture")?;
    println!(
        "{:>6} {:>5} {:>10} {:>10} {:>12} {:>6}",
        "nodes", "runs", "median", "p99", "by formula", "never"
    );
    let mut all = Vec::new();
    for &(nodes, runs) in SIZES {
        let measured = measure(nodes, runs)?;
        println!(
            "{:>6} {:>5} {:>7.0} ms {:>7.0} ms {:>9.0} ms {:>6}",
            measured.nodes,
            measured.runs,
            measured.quantile(0.5),
            measured.quantile(MOST),
            by_formula_ms(f64::from(nodes)),
            measured.never
        );
        all.push(measured);
    }
    draw(&path, &all)
}
