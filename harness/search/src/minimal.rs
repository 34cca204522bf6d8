//! Delta debugging: of a list that shows something, a part that shows it as well and of which no item can be left out (Zeller and
//! Hildebrandt, Simplifying and isolating failure-inducing input, IEEE TSE 2002; only complements are tried).

/// A part of the items that `shows` accepts, as the whole list is taken to be. `shows` is asked about n log n times if little is
/// needed, and n² at most; it ends the search by accepting nothing more.
pub(crate) fn minimal<T: Clone>(items: &[T], shows: &mut dyn FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept = items.to_vec();
    if kept.is_empty() || shows(&[]) {
        return Vec::new();
    }
    let mut size = kept.len().div_ceil(2);
    loop {
        let before = kept.len();
        let mut at = 0;
        while at < kept.len() && kept.len() > 1 {
            let end = (at + size).min(kept.len());
            let without: Vec<T> = kept[..at].iter().chain(&kept[end..]).cloned().collect();
            if !without.is_empty() && shows(&without) {
                kept = without;
            } else {
                at = end;
            }
        }
        if size == 1 && kept.len() == before {
            return kept;
        }
        // Where something could be left out at the finest, more may be now.
        size = if size == 1 { 1 } else { size.div_ceil(2).min(kept.len()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_stays_and_nothing_else() {
        for needed in [vec![], vec![7], vec![3, 60], vec![0, 1, 98, 99], (0..100).collect()] {
            let mut asked = 0;
            let items: Vec<u32> = (0..100).collect();
            let kept = minimal(&items, &mut |part| {
                asked += 1;
                needed.iter().all(|item| part.contains(item))
            });
            assert_eq!(kept, needed);
            assert!(asked < 500, "{asked}");
        }
    }

    #[test]
    fn one_item_is_left_where_none_shows_it() {
        let kept = minimal(&[1, 2, 3], &mut |part| !part.is_empty());
        assert_eq!(kept.len(), 1);
    }
}
