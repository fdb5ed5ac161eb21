//! Runs lane programs.

use super::{Lanes, NUMBER_BITS, Reach, Rule, SIGNED, SMALL_BITS, Terms};
use crate::execute::isqrt;

/// Why a program has no run: what a number is called, and its value in a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Beyond {
    /// The number.
    pub(crate) name: String,
    /// Its value; none where it divides by what is not positive.
    pub(crate) value: Option<i128>,
}

/// Hears of every number by its name as it is found, in all lanes, and may change it: a liar's part in a test.
pub(crate) type Liar<'a> = dyn FnMut(&str, &mut [i128]) + 'a;

struct Run<'a, 'b> {
    lanes: &'a Lanes,
    numbers: Vec<i128>,
    liar: &'a mut Liar<'b>,
}

impl Lanes {
    /// All numbers, from those of the statement's inputs, by number. A liar has what is found later found from its numbers.
    ///
    /// # Errors
    /// The first number that is beyond its bound.
    pub(crate) fn run(&self, inputs: &[i128], liar: &mut Liar<'_>) -> Result<Vec<i128>, Beyond> {
        let mut numbers = vec![0; 1 << self.log()];
        let (stated, masks) = self.constants.split_at(self.constants.len() / 2);
        let add = |at: u32, constants: &[i64], numbers: &mut [i128]| {
            let slots = numbers[(at as usize) << self.lanes()..].iter_mut().zip(constants);
            slots.for_each(|(slot, constant)| *slot += i128::from(*constant));
        };
        numbers[..inputs.len()].copy_from_slice(inputs);
        add(0, &stated[..inputs.len()], &mut numbers);
        add(self.masks.0, &masks[..1 << (self.masks.1 + self.lanes())], &mut numbers);
        let mut run = Run { lanes: self, numbers, liar };
        for _ in 0..self.passes {
            for rule in &self.rules {
                run.find(rule)?;
            }
        }
        Ok(run.numbers)
    }

    /// The factors of all gates: `a` of all, then `b` of all.
    pub(crate) fn factors(&self, numbers: &[i128]) -> Vec<i128> {
        let run = Run { lanes: self, numbers: numbers.to_vec(), liar: &mut |_, _| () };
        let size = 1usize << self.lanes();
        let mut out = vec![0; (2 * size) << self.gates_log];
        for (g, gate) in self.gates.iter().enumerate() {
            let b: Terms = gate.b.iter().map(|(slot, c)| (Reach::Own, *slot, *c)).collect();
            for (half, terms) in [&gate.a, &b].into_iter().enumerate() {
                let at = ((half << self.gates_log) | g) * size;
                out[at..at + size].copy_from_slice(&run.sum(terms));
            }
        }
        out
    }
}

#[cfg(test)]
impl Lanes {
    /// The gates that do not hold, and whether all digits find their entries.
    pub(crate) fn broken(&self, numbers: &[i128]) -> (Vec<usize>, bool) {
        let size = 1usize << self.lanes();
        let factors = self.factors(numbers);
        let (a, b) = factors.split_at(factors.len() / 2);
        let run = Run { lanes: self, numbers: numbers.to_vec(), liar: &mut |_, _| () };
        let own = |terms: &[(u16, i64)]| terms.iter().map(|(slot, c)| (Reach::Own, *slot, *c)).collect();
        let broken = |(g, gate): (usize, &super::Gate)| {
            let c = run.sum(&own(&gate.c));
            let wrong = (0..size).any(|i| a[g * size + i] * b[g * size + i] != c[i]);
            wrong.then_some(g)
        };
        let gates = self.gates.iter().enumerate().filter_map(broken).collect();
        let found = self.lookup.as_ref().is_none_or(|lookup| {
            (0..1u32 << lookup.log).all(|k| {
                let [digits, values] =
                    [lookup.positions, lookup.values].map(|first| run.slot((first + k) as u16));
                digits.iter().zip(values).all(|(digit, value)| {
                    let quarter = digit >> super::DIGIT_BITS == i128::from(k);
                    quarter && i128::from(lookup.table[*digit as usize]) == *value
                })
            })
        });
        (gates, found)
    }
}

impl Run<'_, '_> {
    fn columns(&self) -> usize {
        1 << self.lanes.shape.columns
    }

    fn slot(&self, slot: u16) -> &[i128] {
        let size = 1 << self.lanes.lanes();
        &self.numbers[usize::from(slot) * size..][..size]
    }

    /// A sum in every lane.
    fn sum(&self, terms: &Terms) -> Vec<i128> {
        let (columns, group) = (self.columns(), 1usize << self.lanes.shape.group());
        let mut out = vec![0i128; 1 << self.lanes.lanes()];
        for (reach, slot, c) in terms {
            let (c, values) = (i128::from(*c), self.slot(*slot));
            match reach {
                Reach::Own => out.iter_mut().zip(values).for_each(|(slot, v)| *slot += c * v),
                Reach::Row => {
                    for (out, row) in out.chunks_mut(columns).zip(values.chunks(columns)) {
                        let sum = c * row.iter().sum::<i128>();
                        out.iter_mut().for_each(|slot| *slot += sum);
                    }
                }
                Reach::Column => {
                    for (out, group) in out.chunks_mut(group).zip(values.chunks(group)) {
                        add_sums(out, group, c, columns);
                    }
                }
                Reach::Group => add_sums(&mut out, values, c, group),
            }
        }
        out
    }

    fn set(&mut self, slot: u16, values: &[i128]) -> Result<(), Beyond> {
        let mut values = values.to_vec();
        let name = self.name(slot);
        (self.liar)(&name, &mut values);
        let signed = u32::from(slot) < self.lanes.signed;
        let bits = if usize::from(slot) >> self.lanes.wide == 0 { NUMBER_BITS } else { SMALL_BITS };
        let bounds = if signed { -SIGNED..SIGNED } else { 0..1i128 << bits };
        if let Some(value) = values.iter().find(|v| !bounds.contains(v)) {
            return Err(Beyond { name: self.name(slot), value: Some(*value) });
        }
        let size = values.len();
        self.numbers[usize::from(slot) * size..][..size].copy_from_slice(&values);
        Ok(())
    }

    fn name(&self, slot: u16) -> String {
        self.lanes.names.get(usize::from(slot)).cloned().unwrap_or_default()
    }

    fn find(&mut self, rule: &Rule) -> Result<(), Beyond> {
        let each = |x: Vec<i128>, of: &dyn Fn(i128) -> i128| -> Vec<i128> { x.into_iter().map(of).collect() };
        match rule {
            Rule::Linear { to, x } => self.set(*to, &self.sum(x)),
            Rule::Product { to, a, b } => {
                let products = self.sum(a).into_iter().zip(self.sum(b)).map(|(a, b)| a * b);
                self.set(*to, &products.collect::<Vec<_>>())
            }
            Rule::Split { high, low, a, b, shift } => {
                let products: Vec<i128> =
                    self.sum(a).into_iter().zip(self.sum(b)).map(|(a, b)| a * b).collect();
                self.set(*low, &each(products.clone(), &|v| v & ((1 << shift) - 1)))?;
                self.set(*high, &each(products, &|v| v >> shift))
            }
            Rule::Quotient { to, rest, above, x, by } => {
                let (x, by) = (self.sum(x), self.sum(by));
                if by.iter().any(|by| *by <= 0) {
                    return Err(Beyond { name: self.name(*to), value: None });
                }
                let pairs = || x.iter().zip(&by);
                self.set(*rest, &pairs().map(|(x, by)| x.rem_euclid(*by)).collect::<Vec<_>>())?;
                self.set(*above, &pairs().map(|(x, by)| by - 1 - x.rem_euclid(*by)).collect::<Vec<_>>())?;
                self.set(*to, &pairs().map(|(x, by)| x.div_euclid(*by)).collect::<Vec<_>>())
            }
            Rule::Root { to, rest, above, x } => {
                let x = self.sum(x);
                let roots: Option<Vec<i128>> = x.iter().map(|v| isqrt(*v)).collect();
                let roots = roots.ok_or_else(|| Beyond { name: self.name(*to), value: None })?;
                let pairs = || x.iter().zip(&roots);
                self.set(*rest, &pairs().map(|(x, root)| x - root * root).collect::<Vec<_>>())?;
                self.set(*above, &pairs().map(|(x, root)| 2 * root - (x - root * root)).collect::<Vec<_>>())?;
                self.set(*to, &roots)
            }
            Rule::Parts { positive, negative, x } => {
                let x = self.sum(x);
                self.set(*negative, &each(x.clone(), &|v| (-v).max(0)))?;
                self.set(*positive, &each(x, &|v| v.max(0)))
            }
            Rule::Nonzero { to, less, x } => {
                let x = self.sum(x);
                self.set(*less, &each(x.clone(), &|v| v - i128::from(v != 0)))?;
                self.set(*to, &each(x, &|v| (v != 0).into()))
            }
            Rule::Largest { to, x, among } => {
                let (x, among, columns) = (self.sum(x), self.sum(among), self.columns());
                let mut out = vec![0; x.len()];
                for row in (0..x.len()).step_by(columns) {
                    let lanes = (row..row + columns).filter(|lane| among[*lane] == 1);
                    if let Some(lane) = lanes.max_by_key(|lane| (x[*lane], std::cmp::Reverse(*lane))) {
                        out[lane] = 1;
                    }
                }
                self.set(*to, &out)
            }
            Rule::Digit { to, x, shift, bits, start } => {
                let mask = (1i128 << bits) - 1;
                let digits = each(self.sum(x), &|v| i128::from(*start) + ((v >> shift) & mask));
                self.set(*to, &digits)
            }
            Rule::Entry { to, position } => {
                let table = self.lanes.lookup.as_ref().map_or(&[][..], |lookup| &lookup.table);
                let entry =
                    |v: &i128| usize::try_from(*v).ok().and_then(|i| table.get(i)).map_or(0, |v| (*v).into());
                let entries: Vec<i128> = self.slot(*position).iter().map(entry).collect();
                self.set(*to, &entries)
            }
            Rule::Cut { slots, key, among, weight, target, median } => {
                let [key, among, weight, target] = [key, among, weight, target].map(|x| self.sum(x));
                let mut out = [(); 3].map(|()| vec![0; key.len()]);
                let columns = self.columns();
                for row in (0..key.len()).step_by(columns) {
                    let mut lanes: Vec<usize> = (row..row + columns).filter(|i| among[*i] == 1).collect();
                    lanes.sort_by_key(|lane| key[*lane]);
                    cut(&lanes, &weight, target[row], *median, &mut out);
                }
                let [below, last, next] = out;
                self.set(slots[0], &below)?;
                self.set(slots[1], &last)?;
                self.set(slots[2], &next)
            }
        }
    }
}

/// Adds to each number the sum of those, times `c`, that are as far from the start of their part, of so many each.
fn add_sums(out: &mut [i128], values: &[i128], c: i128, each: usize) {
    let mut sums = vec![0i128; each];
    for part in values.chunks(each) {
        sums.iter_mut().zip(part).for_each(|(sum, v)| *sum += c * v);
    }
    for part in out.chunks_mut(each) {
        part.iter_mut().zip(&sums).for_each(|(slot, sum)| *slot += sum);
    }
}

/// The first lane whose weight's middle is above the target comes next after the cut; without one, or without one below,
/// the lane at the end is on both sides.
fn cut(
    lanes: &[usize],
    weight: &[i128],
    target: i128,
    median: bool,
    [below, last, next]: &mut [Vec<i128>; 3],
) {
    let Some(end) = lanes.len().checked_sub(1) else { return };
    let mut under = 0;
    let above = lanes.iter().position(|lane| {
        under += weight[*lane];
        target < 2 * under - weight[*lane]
    });
    let at = above.unwrap_or(end + 1);
    lanes[..at].iter().for_each(|lane| below[*lane] = 1);
    last[lanes[at.saturating_sub(1)]] = 1;
    if !(median && lanes.len() % 2 == 1) {
        next[lanes[at.min(end)]] = 1;
    }
}
