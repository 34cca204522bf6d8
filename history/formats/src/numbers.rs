//! The numbers of operations in a file: the index of their invocation, or its line.

use afterall_history::History;

/// The numbers of operations, in the order in which they are recorded.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// Dropped at the first operation without one.
    indices: Option<Vec<u32>>,
    lines: Vec<u32>,
    /// Operations that the file does not have.
    setup: Vec<u32>,
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers { indices: Some(Vec::new()), lines: Vec::new(), setup: Vec::new() }
    }
}

impl Numbers {
    /// The next operation is invoked in this line. Returns its place.
    pub(crate) fn push(&mut self, index: Option<i64>, line: u64) -> u32 {
        match index.and_then(|index| u32::try_from(index).ok()) {
            Some(index) => {
                if let Some(indices) = &mut self.indices {
                    indices.push(index);
                }
            }
            None => self.indices = None,
        }
        // Longer files hold more operations than there is room for.
        self.lines.push(u32::try_from(line).unwrap_or(u32::MAX));
        self.lines.len() as u32 - 1
    }

    /// The next operation is not in the file.
    pub(crate) fn push_setup(&mut self) {
        self.setup.push(self.lines.len() as u32);
        if let Some(indices) = &mut self.indices {
            indices.push(0);
        }
        self.lines.push(0);
    }

    /// The numbers of what was pushed, in another order of it: that of these places.
    pub(crate) fn of_places(self, places: &[u32]) -> Option<Vec<u32>> {
        let numbers = self.finish()?;
        places.iter().map(|&place| numbers.get(place as usize).copied()).collect()
    }

    /// The numbers, where all differ; `None` where only the place can name an operation.
    fn finish(self) -> Option<Vec<u32>> {
        let Numbers { indices, lines, setup } = self;
        indices.and_then(|numbers| distinct(numbers, &setup)).or_else(|| distinct(lines, &setup))
    }

    /// Gives the operations of the history their numbers, where these say more than their places.
    pub(crate) fn name(self, history: &mut History) {
        let setup = self.setup.clone();
        let by_place = || {
            // As if nothing had been added.
            let mut before = setup.iter().peekable();
            let mut added = 0;
            let mut numbers = Vec::with_capacity(history.len());
            for op in history.ops() {
                if before.next_if(|&&at| at == op.id().0).is_some() {
                    added += 2;
                    numbers.push(0);
                } else {
                    numbers.push(op.index() - added);
                }
            }
            above(&mut numbers, &setup);
            numbers
        };
        let numbers = self.finish().unwrap_or_else(by_place);
        if history.ops().zip(&numbers).any(|(op, &number)| op.index() != number) {
            history.set_numbers(numbers);
        }
    }
}

/// Gives operations that are not in the file numbers above all others.
fn above(numbers: &mut [u32], setup: &[u32]) {
    let mut next = numbers.iter().max().map_or(0, |max| max.saturating_add(1));
    for &at in setup {
        numbers[at as usize] = next;
        next = next.saturating_add(1);
    }
}

fn distinct(mut numbers: Vec<u32>, setup: &[u32]) -> Option<Vec<u32>> {
    above(&mut numbers, setup);
    if numbers.is_sorted_by(|a, b| a < b) {
        return Some(numbers);
    }
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    sorted.is_sorted_by(|a, b| a < b).then_some(numbers)
}
