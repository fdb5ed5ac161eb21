//! Batched additions in vectors.
//!
//! The unsafe code is here, where a function that needs the instructions is called once they have been detected, and in
//! `rows`, where points become vectors.

mod batch;
mod convert;
mod places;
mod rows;

use super::affine::{Pairs, Point, Runs};
use crate::ifma::Ifma;
use batch::{GROUP, Places, Step};
use places::{Halved, InPlace};

/// The points in Montgomery form with 2^260, for coordinates below p in that with 2^256; those of the mask `images`
/// under the endomorphism. Identities stay.
#[allow(unsafe_code)]
pub(super) fn converted(_detected: Ifma, points: &[Point; 8], images: u8) -> [Point; 8] {
    // SAFETY: there is an `Ifma`, so the machine has the instructions.
    unsafe { convert::converted(points, images) }
}

/// Additions, with buffers that outlive a batch.
pub(super) struct Adder {
    /// The machine has the instructions.
    _detected: Ifma,
    steps: Vec<[Step; 2]>,
    pairs: Vec<[u32; 2]>,
    to: Vec<u32>,
}

impl Adder {
    pub(super) fn new(detected: Ifma) -> Self {
        Self { _detected: detected, steps: Vec::new(), pairs: Vec::new(), to: Vec::new() }
    }

    /// [`super::affine::Adder::add_pairs`].
    pub(super) fn add_pairs(&mut self, points: &mut [Point], pairs: &Pairs) {
        self.pairs.clear();
        self.pairs.extend_from_slice(pairs);
        self.to.clear();
        self.to.extend(pairs.iter().map(|pair| pair[0]));
        self.add(&mut InPlace { points });
    }

    /// [`super::affine::Adder::gather`]: the sums of the first and second entry of each run, of the third and fourth
    /// and so on, as the table's points are read but once.
    pub(super) fn gather(&mut self, table: &[Point], entries: &[u32], starts: &[u32], to: &mut Runs) {
        let Runs { points, runs } = to;
        let most = (entries.len() + starts.len()) / 2;
        if points.len() < most {
            points.resize(most, Point::IDENTITY);
        }
        runs.clear();
        self.pairs.clear();
        self.to.clear();
        let mut place = 0;
        for bounds in starts.windows(2) {
            let run = &entries[(bounds[0] - starts[0]) as usize..(bounds[1] - starts[0]) as usize];
            let start = place;
            let (pairs, rest) = run.as_chunks::<2>();
            self.pairs.extend_from_slice(pairs);
            place += pairs.len() as u32;
            self.to.extend(start..place);
            if let [entry] = rest {
                points[place as usize] = Point::of_entry(table, *entry);
                place += 1;
            }
            runs.push((start, place - start));
        }
        self.add(&mut Halved { table, points });
    }

    /// Adds the pairs, filled up to whole groups with more of the last one: its sum is then stored more than once.
    #[allow(unsafe_code)]
    fn add<P: Places>(&mut self, places: &mut P) {
        let Self { steps, pairs, to, .. } = self;
        let (Some(&pair), Some(&place)) = (pairs.last(), to.last()) else { return };
        let count = pairs.len().next_multiple_of(GROUP);
        pairs.resize(count, pair);
        to.resize(count, place);
        // SAFETY: there is an `Ifma`, so the machine has the instructions.
        unsafe { batch::add_pairs(places, pairs, to, steps) }
    }
}
