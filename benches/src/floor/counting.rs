//! The processor, counting.

use super::pippenger::Magnitudes;
use super::{ELEMENT, Steps, Work};
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ff::Zero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use sumcast_params::Srs;
use sumcast_prover::{Backend, Cpu, Stage, Summand};

/// [`Cpu`], with a note of what each call takes at least.
///
/// It holds the factors of a sumcheck as any backend that has no memory of its own, so that each round comes here.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    stage: AtomicUsize,
    steps: Mutex<Steps>,
}

impl Counting {
    /// The calls to come are of this stage.
    pub(crate) fn enter(&self, stage: Stage) {
        let number = Stage::ALL.iter().position(|s| *s == stage).unwrap_or_default();
        self.stage.store(number, Ordering::Relaxed);
    }

    /// The calls of each stage.
    pub(crate) fn into_steps(self) -> Steps {
        self.steps.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn note(&self, step: Work) {
        let mut steps = self.steps.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        steps[self.stage.load(Ordering::Relaxed)].push(step);
    }

    fn note_additions(&self, additions: u64) {
        self.note(Work { additions, ..Work::default() });
    }

    /// Cells are read once, and each element that comes out is reduced once.
    fn note_combination(&self, cells: usize, elements: usize) {
        let (cells, elements) = (cells as u64, elements as u64);
        let bytes = 8 * cells + ELEMENT * elements;
        self.note(Work { small: cells, multiplications: elements, bytes, ..Work::default() });
    }

    /// Elements are read once.
    fn note_multiplications(&self, multiplications: usize, elements: usize) {
        self.note(Work { bytes: ELEMENT * elements as u64, ..Work::multiplications(multiplications as u64) });
    }
}

/// Multiplications of a summand of so many factors, `eq` among them or not.
pub(super) fn summand(summand: Summand, factors: usize, eq: bool) -> usize {
    let own = match summand {
        Summand::Product => factors - 1,
        // Those of `prod f_i`, of `h` with it, and of the sum of the products that lack a factor each.
        Summand::LookupCells => factors - 1 + factors.saturating_sub(3),
    };
    own + usize::from(eq)
}

impl Backend for Counting {
    fn msm(&self, bases: &[G1Affine], scalars: &[Fr]) -> G1Projective {
        let terms = scalars.iter().filter(|s| !s.is_zero()).count();
        self.note_additions(Magnitudes::full_size(terms).additions());
        Cpu.msm(bases, scalars)
    }

    fn msm_small(&self, bases: &[G1Affine], scalars: &[i64]) -> G1Projective {
        self.note_additions(Magnitudes::small(scalars).additions());
        Cpu.msm_small(bases, scalars)
    }

    fn msm_indexed(&self, bases: &[G1Affine], index: &[u32], table: &[Fr]) -> G1Projective {
        let mut found = vec![0u64; table.len()];
        for entry in index.iter().filter(|i| **i != u32::MAX) {
            found[*entry as usize] += 1;
        }
        let within: u64 = found.iter().map(|n| n.saturating_sub(1)).sum();
        let sums = found.iter().zip(table).filter(|(n, v)| **n > 0 && !v.is_zero()).count();
        self.note_additions(within + Magnitudes::full_size(sums).additions());
        Cpu.msm_indexed(bases, index, table)
    }

    fn combine(&self, cells: &[i64], width: usize, weights: &[Fr]) -> Vec<Fr> {
        self.note_combination(cells.len().min(width * weights.len()), width);
        Cpu.combine(cells, width, weights)
    }

    fn combine_rows(&self, rows: &[&[i64]], width: usize, weights: &[Fr]) -> Vec<Fr> {
        let cells = rows.iter().zip(weights).map(|(row, _)| row.len().min(width)).sum();
        self.note_combination(cells, width);
        Cpu.combine_rows(rows, width, weights)
    }

    fn dot(&self, weights: &[Fr], cells: &[i64]) -> Fr {
        self.note_combination(cells.len().min(weights.len()), 1);
        Cpu.dot(weights, cells)
    }

    fn round(&self, kind: Summand, factors: &[&[Fr]], eq: Option<&[Fr]>, points: usize) -> Vec<Fr> {
        let pairs = factors[0].len() / 2;
        let multiplications = pairs * points * summand(kind, factors.len(), eq.is_some());
        self.note_multiplications(multiplications, factors.len() * 2 * pairs + eq.map_or(0, |_| pairs));
        Cpu.round(kind, factors, eq, points)
    }

    fn round_product(&self, a: &[Fr], b: &[Fr]) -> [Fr; 2] {
        self.note_multiplications(a.len(), 2 * a.len());
        Cpu.round_product(a, b)
    }

    fn round_eq(&self, values: &[Fr], eq: &[Fr]) -> [Fr; 2] {
        self.note_multiplications(values.len(), values.len() + values.len() / 2);
        Cpu.round_eq(values, eq)
    }

    fn fold(&self, values: &mut Vec<Fr>, x: Fr) {
        // Both halves are read, and one is written.
        self.note_multiplications(values.len() / 2, values.len() + values.len() / 2);
        Cpu.fold(values, x);
    }

    fn gather(&self, table: &[Fr], columns: &[Vec<u32>]) -> Vec<Fr> {
        let cells: usize = columns.iter().map(Vec::len).sum();
        let out = columns.first().map_or(0, Vec::len);
        self.note(Work { bytes: 4 * cells as u64 + ELEMENT * out as u64, ..Work::default() });
        Cpu.gather(table, columns)
    }

    fn prepare(&self, srs: &Srs) {
        Cpu.prepare(srs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::{Subject, prove_on};
    use crate::{Case, EpochCase, Numbers, Source};
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    /// What a call takes.
    fn counted<T>(call: impl FnOnce(&Counting) -> T) -> Work {
        let counting = Counting::default();
        counting.enter(Stage::Reduction);
        call(&counting);
        let [witness, lookups, constraints, reduction, opening] = counting.into_steps();
        for other in [witness, lookups, constraints, opening] {
            assert!(other.is_empty());
        }
        reduction.into_iter().sum()
    }

    #[test]
    fn a_call_takes_what_its_sizes_say() {
        let numbers = &mut Numbers::default();
        let (a, b, eq) = (numbers.scalars(8), numbers.scalars(8), numbers.scalars(4));
        let of = |multiplications, elements: u64| Work {
            bytes: ELEMENT * elements,
            ..Work::multiplications(multiplications)
        };
        assert_eq!(counted(|c| c.fold(&mut a.clone(), b[0])), of(4, 12));
        assert_eq!(counted(|c| c.round_product(&a, &b)), of(8, 16));
        assert_eq!(counted(|c| c.round_eq(&a, &eq)), of(8, 12));
        // Three points of four pairs: `a b eq`.
        let product = counted(|c| c.round(Summand::Product, &[&a, &b], Some(&eq), 3));
        assert_eq!(product, of(4 * 3 * 2, 20));
        // `h f - 1`, and `h f g - f - g` with `eq`.
        let one = counted(|c| c.round(Summand::LookupCells, &[&a, &b], None, 3));
        assert_eq!(one, of(4 * 3, 16));
        let two = counted(|c| c.round(Summand::LookupCells, &[&a, &b, &a], Some(&eq), 4));
        assert_eq!(two, of(4 * 4 * 3, 28));

        let cells = numbers.small(24);
        let combined = Work { small: 24, multiplications: 8, bytes: 24 * 8 + 8 * ELEMENT, additions: 0 };
        assert_eq!(counted(|c| c.combine(&cells, 8, &a)), combined);
        let rows: Vec<&[i64]> = cells.chunks(8).collect();
        assert_eq!(counted(|c| c.combine_rows(&rows, 8, &a)), combined);
        assert_eq!(counted(|c| c.dot(&a, &cells)).small, 8);
    }

    #[test]
    fn sums_of_points_take_an_addition_a_cell_and_those_of_the_table() {
        let srs = Srs::development(4, &mut rand::rng());
        let numbers = &mut Numbers::default();
        let table = numbers.scalars(3);
        let indexed = counted(|c| c.msm_indexed(srs.g1(), &[2, 0, 2, u32::MAX, 2, 0], &table));
        let of_two = counted(|c| c.msm(srs.g1(), &table[..2]));
        assert_eq!(indexed.additions, 3 + of_two.additions);
        let sparse = counted(|c| c.msm(srs.g1(), &[table[0], Fr::zero(), table[1]]));
        assert_eq!(sparse, of_two);
        assert_eq!(counted(|c| c.msm_small(srs.g1(), &[0, 1, -1])).additions, 2 + 2);
    }

    #[test]
    fn a_proof_is_the_same_where_it_is_counted() {
        let srs = |log_size| Ok(Srs::development(log_size, &mut rand::rng()));
        let model = Case::set_up(Source::open("mlp_tanh").unwrap(), srs).unwrap();
        let epoch = EpochCase::set_up("size_2x0_exp1_mad", srs).unwrap();
        for subject in [&model as &dyn Subject, &epoch] {
            let counting = Counting::default();
            let proof = |backend: &dyn Backend| {
                let rng = &mut StdRng::seed_from_u64(7);
                let mut progress = |stage| counting.enter(stage);
                let proven = prove_on(backend, subject, subject.run().unwrap(), rng, &mut progress);
                proven.unwrap().file.to_bytes()
            };
            assert_eq!(proof(&counting), proof(&Cpu));
            assert!(counting.into_steps().iter().all(|stage| !stage.is_empty()));
        }
    }
}
