//! Writes lane programs.

use super::{DIGIT_BITS, Gate, Lane, Lanes, Lookup, NUMBER_BITS, Number, Rule, SMALL_BITS, Shape, Sum};
use crate::circuit::log2_ceil;

/// Where a number lies, in the order of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Statement,
    Signed,
    Unsigned,
    Position,
    Value,
    /// A constant of few bits; the first small ones.
    Mask,
    Small,
}

#[derive(Debug)]
struct Slot {
    name: String,
    place: Place,
    constants: Vec<i64>,
}

/// Writes a program. Numbers are found in the order they are made.
#[derive(Debug)]
pub(crate) struct Builder {
    shape: Shape,
    slots: Vec<Slot>,
    gates: Vec<[Sum; 3]>,
    rules: Vec<Rule>,
    table: Vec<i64>,
    one: Number,
    /// Whether there are numbers that are found from later ones.
    again: bool,
}

impl Builder {
    /// For lanes of this shape.
    pub(crate) fn new(shape: Shape) -> Self {
        let one = Number(0);
        let (slots, gates, rules, table) = (vec![], vec![], vec![], vec![]);
        let mut new = Self { shape, slots, gates, rules, table, one, again: false };
        new.one = new.mask("one", |_| 1);
        new
    }

    fn number(&mut self, name: &str, place: Place) -> Number {
        self.slots.push(Slot { name: name.into(), place, constants: vec![] });
        Number(self.slots.len() as u16 - 1)
    }

    /// A number of the statement, whose lanes are tensors of it, and zero elsewhere.
    pub(crate) fn stated(&mut self, name: &str) -> Number {
        self.number(name, Place::Statement)
    }

    /// A constant for each lane, below 2^59 in magnitude.
    pub(crate) fn constant(&mut self, name: &str, of: impl Fn(Lane) -> i64) -> Number {
        self.constant_in(name, Place::Statement, of)
    }

    /// A constant for each lane, below a thousand and not negative.
    pub(crate) fn mask(&mut self, name: &str, of: impl Fn(Lane) -> i64) -> Number {
        self.constant_in(name, Place::Mask, of)
    }

    fn constant_in(&mut self, name: &str, place: Place, of: impl Fn(Lane) -> i64) -> Number {
        let (shape, lanes) = (self.shape, 0..1 << self.shape.lanes());
        let number = self.number(name, place);
        if let Some(slot) = self.slots.last_mut() {
            slot.constants = lanes.map(|lane| of(shape.lane(lane))).collect();
        }
        number
    }

    /// The same constant in all lanes.
    pub(crate) fn same(&self, c: i64) -> Sum {
        self.one * c
    }

    /// `a b = c`. One factor may reach other lanes.
    pub(crate) fn gate(&mut self, a: impl Into<Sum>, b: impl Into<Sum>, c: impl Into<Sum>) {
        let (mut a, mut b, c) = (a.into(), b.into(), c.into());
        if b.reaches() {
            (a, b) = (b, a);
        }
        if b.reaches() {
            b = self.linear("a factor", b).into();
        }
        debug_assert!(!c.reaches(), "results are of the lane itself");
        self.gates.push([a, b, c]);
    }

    /// `x = 0`.
    pub(crate) fn zero(&mut self, x: impl Into<Sum>) {
        let one = self.one;
        self.gate(x, one, Sum::default());
    }

    /// `x`, as a signed number.
    pub(crate) fn linear(&mut self, name: &str, x: impl Into<Sum>) -> Number {
        self.linear_in(name, Place::Signed, x.into())
    }

    /// Makes a number of the statement one that the program gives: `x`.
    pub(crate) fn give(&mut self, to: Number, x: impl Into<Sum>) {
        let x = x.into();
        self.rules.push(Rule::Linear { to: to.0, x: x.0.clone() });
        self.zero(x - to);
    }

    fn linear_in(&mut self, name: &str, place: Place, x: Sum) -> Number {
        let to = self.number(name, place);
        self.rules.push(Rule::Linear { to: to.0, x: x.0.clone() });
        let one = self.one;
        self.gate(x, one, to);
        to
    }

    /// That `x` is not negative: an unsigned number.
    pub(crate) fn not_negative(&mut self, name: &str, x: impl Into<Sum>) -> Number {
        self.linear_in(name, Place::Unsigned, x.into())
    }

    /// `a b`, signed.
    pub(crate) fn product(&mut self, name: &str, a: impl Into<Sum>, b: impl Into<Sum>) -> Number {
        self.product_in(name, Place::Signed, a.into(), b.into())
    }

    /// A signed number that is a product of later ones: see [`Builder::close`].
    pub(crate) fn later(&mut self, name: &str) -> Number {
        self.again = true;
        self.number(name, Place::Signed)
    }

    /// Makes a number of [`Builder::later`] `a b`. It is 0 where numbers are found for the first time, and they are found
    /// a second time with what it is then.
    pub(crate) fn close(&mut self, to: Number, a: impl Into<Sum>, b: impl Into<Sum>) {
        let (a, b) = (a.into(), b.into());
        self.rules.push(Rule::Product { to: to.0, a: a.0.clone(), b: b.0.clone() });
        self.gate(a, b, to);
    }

    /// `a b`, at most a thousand and not negative, as a product of bits is.
    pub(crate) fn both(&mut self, name: &str, a: impl Into<Sum>, b: impl Into<Sum>) -> Number {
        self.product_in(name, Place::Small, a.into(), b.into())
    }

    /// `a b`, not negative.
    pub(crate) fn positive_product(&mut self, name: &str, a: impl Into<Sum>, b: impl Into<Sum>) -> Number {
        self.product_in(name, Place::Unsigned, a.into(), b.into())
    }

    fn product_in(&mut self, name: &str, place: Place, a: Sum, b: Sum) -> Number {
        let to = self.number(name, place);
        self.rules.push(Rule::Product { to: to.0, a: a.0.clone(), b: b.0.clone() });
        self.gate(a, b, to);
        to
    }

    /// `a b = 2^shift high + low`, exactly; of any such pair, for a shift below 60. `high` is signed.
    pub(crate) fn split(
        &mut self,
        name: &str,
        a: impl Into<Sum>,
        b: impl Into<Sum>,
        shift: u8,
    ) -> (Number, Number) {
        self.split_in(name, Place::Signed, a.into(), b.into(), shift)
    }

    /// `floor(a b / 2^60)`, not negative.
    pub(crate) fn times(&mut self, name: &str, a: impl Into<Sum>, b: impl Into<Sum>) -> Number {
        self.split_in(name, Place::Unsigned, a.into(), b.into(), NUMBER_BITS).0
    }

    fn split_in(&mut self, name: &str, place: Place, a: Sum, b: Sum, shift: u8) -> (Number, Number) {
        let high = self.number(name, place);
        let low = self.number(name, Place::Unsigned);
        self.rules.push(Rule::Split { high: high.0, low: low.0, a: a.0.clone(), b: b.0.clone(), shift });
        self.gate(a, b, high * (1 << shift) + low);
        (high, low)
    }

    /// `floor(x / by)`, signed, and what is left of `x`; `by > 0`.
    pub(crate) fn quotient(&mut self, name: &str, x: impl Into<Sum>, by: impl Into<Sum>) -> (Number, Number) {
        let (x, by) = (x.into(), by.into());
        let to = self.number(name, Place::Signed);
        let [rest, above] = [(); 2].map(|()| self.number(name, Place::Unsigned));
        let (x_terms, by_terms) = (x.0.clone(), by.0.clone());
        self.rules.push(Rule::Quotient { to: to.0, rest: rest.0, above: above.0, x: x_terms, by: by_terms });
        self.gate(to, by.clone(), x - rest);
        let most = by - self.same(1);
        self.zero(most - rest - above);
        (to, rest)
    }

    /// `floor(sqrt(x))`.
    pub(crate) fn root(&mut self, name: &str, x: impl Into<Sum>) -> Number {
        let x = x.into();
        let [to, rest, above] = [(); 3].map(|()| self.number(name, Place::Unsigned));
        self.rules.push(Rule::Root { to: to.0, rest: rest.0, above: above.0, x: x.0.clone() });
        self.gate(to, to, x - rest);
        self.zero(to * 2 - rest - above);
        to
    }

    /// The positive and the negative part of `x`, both not negative.
    pub(crate) fn parts(&mut self, name: &str, x: impl Into<Sum>) -> (Number, Number) {
        let x = x.into();
        let [positive, negative] = [(); 2].map(|()| self.number(name, Place::Unsigned));
        self.rules.push(Rule::Parts { positive: positive.0, negative: negative.0, x: x.0.clone() });
        self.gate(positive, negative, Sum::default());
        self.zero(x - positive + negative);
        (positive, negative)
    }

    /// One where `x`, not negative, is not zero, otherwise zero.
    pub(crate) fn nonzero(&mut self, name: &str, x: impl Into<Sum>) -> Number {
        let x = x.into();
        let [to, less] = [Place::Small, Place::Unsigned].map(|place| self.number(name, place));
        self.rules.push(Rule::Nonzero { to: to.0, less: less.0, x: x.0.clone() });
        // Where x is zero, so is `to`, since `less` is not negative.
        let not = self.same(1) - to;
        self.gate(x.clone(), not, Sum::default());
        self.zero(x - to - less);
        to
    }

    /// A one in each row, among lanes where `among` is one: in a row without any, none. `present` is one for rows with
    /// some.
    fn one_of(&mut self, to: Number, among: &Sum, present: Sum) {
        // `to` is zero or, where `among` is one, one.
        self.gate(among.clone() - to, to, Sum::default());
        self.zero(to.row() - present);
    }

    /// One in the lane of each row that has its largest `x`, among those where `among` is one, otherwise zero.
    /// `present` is one in rows that have any, zero in others. And the largest one, 0 in others.
    pub(crate) fn largest(
        &mut self,
        name: &str,
        x: &Sum,
        among: &Sum,
        present: impl Into<Sum>,
    ) -> (Number, Sum) {
        let to = self.number(name, Place::Small);
        self.rules.push(Rule::Largest { to: to.0, x: x.0.clone(), among: among.0.clone() });
        self.one_of(to, among, present.into());
        let at = self.product(name, to, x.clone());
        let most = at.row();
        let over = self.number(name, Place::Unsigned);
        let excess = most.clone() - x.clone();
        self.rules.push(Rule::Product { to: over.0, a: excess.0.clone(), b: among.0.clone() });
        self.gate(excess, among.clone(), over);
        (to, most)
    }

    /// One of a table's entries for each lane, where a digit of `x` is: `bits` of it from `shift` on. Gives the digit and
    /// the entry. That the digit is of `x` is for the caller to say.
    pub(super) fn entry(&mut self, name: &str, x: &Sum, shift: u8, table: &[i64]) -> (Sum, Number) {
        let start = self.table.len() as i64;
        self.table.extend(table);
        let [position, value] = [Place::Position, Place::Value].map(|place| self.number(name, place));
        let x = x.0.clone();
        self.rules.push(Rule::Digit { to: position.0, x, shift, bits: DIGIT_BITS, start });
        self.rules.push(Rule::Entry { to: value.0, position: position.0 });
        (position - self.same(start), value)
    }

    /// Bits of `x`, as a number. That they are is for the caller to say.
    pub(super) fn bits(&mut self, name: &str, x: &Sum, shift: u8, bits: u8) -> Number {
        let to = self.number(name, if bits <= SMALL_BITS { Place::Small } else { Place::Unsigned });
        self.rules.push(Rule::Digit { to: to.0, x: x.0.clone(), shift, bits, start: 0 });
        to
    }

    /// Where the weights of each row are cut in the order of keys: ones for the lanes below the cut, for the last of them,
    /// and for the next one. That they are is for the caller to say.
    pub(super) fn cut(&mut self, name: &str, order: [&Sum; 3], target: &Sum, median: bool) -> [Number; 3] {
        let found =
            ["below", "last", "next"].map(|part| self.number(&format!("{name}: {part}"), Place::Small));
        let [key, among, weight] = order.map(|sum| sum.0.clone());
        let target = target.0.clone();
        self.rules.push(Rule::Cut { slots: found.map(|n| n.0), key, among, weight, target, median });
        found
    }

    /// The program, its slots in the order of their places.
    pub(crate) fn finish(mut self) -> Lanes {
        let count = |of: Place| self.slots.iter().filter(|slot| slot.place == of).count() as u32;
        let statement = log2_ceil(count(Place::Statement) as usize);
        let signed = (1 << statement) + count(Place::Signed);
        let digits = log2_ceil(count(Place::Position) as usize);
        let lookups = if self.table.is_empty() { 0 } else { 2u32 << digits };
        let used = |signed: u32| signed + count(Place::Unsigned) + lookups;
        let wide = log2_ceil(used(signed) as usize);
        // A boundary of few bits is few terms of a form.
        let rounded = (0..5).rev().map(|k| signed.next_multiple_of(1 << k));
        let signed = rounded.into_iter().find(|signed| used(*signed) <= 1 << wide).unwrap_or(signed);
        let positions = (1u32 << wide) - lookups;
        let masks = log2_ceil(count(Place::Mask) as usize);
        let small = (1u32 << wide).next_multiple_of(1 << masks);
        let slots = log2_ceil((small + (1 << masks) + count(Place::Small)) as usize);

        let mut next =
            [0, 1 << statement, signed, positions, positions + lookups / 2, small, small + (1 << masks)];
        let numbers: Vec<u16> = self
            .slots
            .iter()
            .map(|slot| {
                let next = &mut next[slot.place as usize];
                *next += 1;
                (*next - 1) as u16
            })
            .collect();
        let map = |slot: u16| numbers[usize::from(slot)];

        let mut names = vec![String::new(); 1 << slots];
        let lanes = 1usize << self.shape.lanes();
        // Constants of the statement's slots, and above them masks.
        let half = statement.max(masks);
        let mut constants = vec![0; lanes << (half + 1)];
        for (slot, number) in self.slots.iter().zip(&numbers) {
            names[usize::from(*number)].clone_from(&slot.name);
            if !slot.constants.is_empty() {
                let number = u32::from(*number);
                let at = number.checked_sub(small).map_or(number, |mask| (1 << half) + mask);
                constants[at as usize * lanes..][..lanes].copy_from_slice(&slot.constants);
            }
        }
        self.rules.iter_mut().for_each(|rule| rule.map(map));
        let gates = std::mem::take(&mut self.gates);
        let (mut gates, others): (Vec<[Sum; 3]>, _) = gates.into_iter().partition(|[a, _, _]| a.reaches());
        let reaching = log2_ceil(gates.len());
        gates.extend(others);
        let own = |sum: &Sum| sum.0.iter().map(|(_, slot, c)| (map(*slot), *c)).collect();
        let gates: Vec<Gate> = gates
            .iter()
            .map(|[a, b, c]| Gate {
                a: a.0.iter().map(|(reach, slot, c)| (*reach, map(*slot), *c)).collect(),
                b: own(b),
                c: own(c),
            })
            .collect();
        let lookup = (!self.table.is_empty()).then(|| Lookup {
            positions,
            values: positions + lookups / 2,
            log: digits,
            table: std::mem::take(&mut self.table),
        });
        Lanes {
            shape: self.shape,
            slots,
            wide,
            gates_log: log2_ceil(gates.len()),
            statement,
            masks: (small, masks),
            constants,
            signed,
            reaching,
            names,
            gates,
            passes: if self.again { 2 } else { 1 },
            rules: self.rules,
            lookup,
        }
    }
}
