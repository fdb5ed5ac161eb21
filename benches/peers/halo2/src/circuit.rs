//! The circuit: dot products over parallel columns, then rescaling and ReLU by range chains.
//!
//! *Dot products.* A row holds `columns` inputs as advice and as many weights as fixed cells, and adds
//! their products to the accumulator of the row above: `acc = cont * acc_above + sum w_i x_i + bias`.
//! The inputs are copies of the instance or of the outputs of the layer before.
//!
//! *Rescaling.* An activation takes a block of `shift/limb_bits + value_limbs` rows of two columns.
//! The first holds the running decompositions of the remainder and of the magnitude `m`, one limb a row,
//! each limb `r - 2^limb_bits r_below` looked up in the range table. The second holds the accumulator `z`,
//! the sign `b` (1 for `y >= 0`) and the output. With `y = b (2m + 1) - m - 1`:
//! `z + 2^(shift-1) = y 2^shift + rem`, and the output is `b m` under a ReLU, else `y`.

use halo2_axiom::{
    circuit::{Cell, Layouter, Region, SimpleFloorPlanner, Value},
    plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Expression, Fixed, Instance, TableColumn},
    poly::Rotation,
};
use halo2curves::{
    bn256::Fr,
    ff::{Field, PrimeField},
};

use crate::{
    layout::{Kind, Layout},
    network::{Layer, Network, Rescaled, Trace},
};

/// `v` as a field element.
pub fn field(v: i128) -> Fr {
    let magnitude = Fr::from_u128(v.unsigned_abs());
    if v < 0 { -magnitude } else { magnitude }
}

/// The public values of a proof: the input, then the output.
pub fn instance(input: &[i64], output: &[i64]) -> Vec<Fr> {
    input.iter().chain(output).map(|&v| field(v.into())).collect()
}

/// A network, its layout, and one evaluation of it as the witness.
#[derive(Clone, Debug)]
pub struct DenseCircuit<'a> {
    /// The network; its weights become fixed cells.
    pub network: &'a Network,
    /// The layout.
    pub layout: &'a Layout,
    /// The witness.
    pub trace: Trace,
}

/// The columns of one range chain.
#[derive(Clone, Copy, Debug)]
struct Chain {
    running: Column<Advice>,
    values: Column<Advice>,
}

/// The columns.
#[derive(Clone, Debug)]
pub struct Config {
    layout: Layout,
    inputs: Vec<Column<Advice>>,
    weights: Vec<Column<Fixed>>,
    acc: Column<Advice>,
    bias: Column<Fixed>,
    dot: Column<Fixed>,
    cont: Column<Fixed>,
    chains: Vec<Chain>,
    more: Column<Fixed>,
    rescale: Vec<Column<Fixed>>,
    table: TableColumn,
    instance: Column<Instance>,
}

/// Rows of the second column of a block.
const Z_ROW: usize = 0;
const SIGN_ROW: usize = 1;
const OUT_ROW: usize = 2;

impl Config {
    fn new(meta: &mut ConstraintSystem<Fr>, layout: Layout) -> Self {
        let inputs: Vec<_> = (0..layout.columns).map(|_| meta.advice_column()).collect();
        let weights: Vec<_> = (0..layout.columns).map(|_| meta.fixed_column()).collect();
        let acc = meta.advice_column();
        let [bias, dot, cont, more] = std::array::from_fn(|_| meta.fixed_column());
        let chains: Vec<_> = (0..layout.chains)
            .map(|_| Chain { running: meta.advice_column(), values: meta.advice_column() })
            .collect();
        let rescale: Vec<_> = layout.kinds.iter().map(|_| meta.fixed_column()).collect();
        let table = meta.lookup_table_column();
        let instance = meta.instance_column();
        for &column in inputs.iter().chain([&acc]).chain(chains.iter().map(|c| &c.values)) {
            meta.enable_equality(column);
        }
        meta.enable_equality(instance);
        // The lookups have degree 5, as large as the quotient's four pieces allow.
        meta.set_minimum_degree(5);

        let config =
            Self { layout, inputs, weights, acc, bias, dot, cont, chains, more, rescale, table, instance };
        config.dot_gate(meta);
        for &chain in &config.chains {
            config.range_lookup(meta, chain);
            for (kind, &selector) in config.layout.kinds.iter().zip(&config.rescale) {
                config.rescale_gate(meta, chain, *kind, selector);
            }
        }
        config
    }

    fn dot_gate(&self, meta: &mut ConstraintSystem<Fr>) {
        meta.create_gate("dot product", |meta| {
            let [bias, dot, cont] =
                [self.bias, self.dot, self.cont].map(|c| meta.query_fixed(c, Rotation::cur()));
            let acc = meta.query_advice(self.acc, Rotation::cur());
            let above = meta.query_advice(self.acc, Rotation::prev());
            let sum = self.inputs.iter().zip(&self.weights).fold(cont * above + bias, |sum, (&x, &w)| {
                sum + meta.query_advice(x, Rotation::cur()) * meta.query_fixed(w, Rotation::cur())
            });
            Some(dot * acc - sum)
        });
    }

    fn range_lookup(&self, meta: &mut ConstraintSystem<Fr>, chain: Chain) {
        let base = Fr::from(1 << self.layout.limb_bits);
        meta.lookup("limb", |meta| {
            let running = meta.query_advice(chain.running, Rotation::cur());
            let below = meta.query_advice(chain.running, Rotation::next());
            let more = meta.query_fixed(self.more, Rotation::cur());
            vec![(running - more * below * base, self.table)]
        });
    }

    fn rescale_gate(
        &self,
        meta: &mut ConstraintSystem<Fr>,
        chain: Chain,
        kind: Kind,
        selector: Column<Fixed>,
    ) {
        let m_row = (kind.shift / self.layout.limb_bits) as i32;
        meta.create_gate("rescale", |meta| {
            let q = meta.query_fixed(selector, Rotation::cur());
            let rem = meta.query_advice(chain.running, Rotation::cur());
            let m = meta.query_advice(chain.running, Rotation(m_row));
            let [z, b, out] =
                [Z_ROW, SIGN_ROW, OUT_ROW].map(|row| meta.query_advice(chain.values, Rotation(row as i32)));
            let one = Expression::Constant(Fr::ONE);
            let scale = Fr::from(1 << kind.shift);
            let half = Expression::Constant(Fr::from(1 << (kind.shift - 1)));
            let positive = b.clone() * m.clone();
            let y = positive.clone() * Fr::from(2) + b.clone() - m - one.clone();
            let result = if kind.relu { positive } else { y.clone() };
            vec![
                q.clone() * b.clone() * (b - one),
                q.clone() * (z + half - y * scale - rem),
                q * (out - result),
            ]
        });
    }

    /// Fills the rows of one dot product and returns the cell of its sum.
    fn assign_dot(
        &self,
        region: &mut Region<'_, Fr>,
        row: &mut usize,
        (weights, bias): (&[i64], i64),
        x: &[i64],
        sources: Option<&[Cell]>,
    ) -> Cell {
        let mut total = i128::from(bias);
        let mut last = None;
        let width = self.layout.columns;
        for (chunk, weights) in weights.chunks(width).enumerate() {
            for (c, &w) in weights.iter().enumerate() {
                let j = chunk * width + c;
                let cell =
                    region.assign_advice(self.inputs[c], *row, Value::known(field(x[j].into()))).cell();
                match sources {
                    Some(cells) => region.constrain_equal(cell, cells[j]),
                    None => region.constrain_equal(cell, self.instance_cell(j)),
                }
                region.assign_fixed(self.weights[c], *row, field(w.into()));
                total += i128::from(w) * i128::from(x[j]);
            }
            region.assign_fixed(self.dot, *row, Fr::ONE);
            if chunk == 0 {
                region.assign_fixed(self.bias, *row, field(bias.into()));
            } else {
                region.assign_fixed(self.cont, *row, Fr::ONE);
            }
            last = Some(region.assign_advice(self.acc, *row, Value::known(field(total))).cell());
            *row += 1;
        }
        last.expect("a layer has at least one input")
    }

    /// Fills a block of one chain and returns the cells of `z` and of the output.
    fn assign_block(
        &self,
        region: &mut Region<'_, Fr>,
        chain: Chain,
        start: usize,
        shift: u32,
        value: &Rescaled,
    ) -> (Cell, Cell) {
        let bits = self.layout.limb_bits;
        let rem_limbs = shift / bits;
        for (first, limbs, whole) in
            [(0, rem_limbs, value.rem), (rem_limbs, self.layout.value_limbs, value.m)]
        {
            for limb in 0..limbs {
                let row = start + (first + limb) as usize;
                let rest = whole.checked_shr(bits * limb).unwrap_or(0);
                region.assign_advice(chain.running, row, Value::known(Fr::from(rest)));
            }
        }
        let mut assign =
            |row, v| region.assign_advice(chain.values, start + row, Value::known(field(v))).cell();
        let z = assign(Z_ROW, value.z);
        assign(SIGN_ROW, value.positive.into());
        (z, assign(OUT_ROW, value.out.into()))
    }

    /// Fills the blocks of a layer, `sums` being the cells of its accumulators; returns its output cells.
    fn assign_rescaling(
        &self,
        region: &mut Region<'_, Fr>,
        row: &mut usize,
        layer: &Layer,
        values: &[Rescaled],
        sums: &[Cell],
    ) -> Vec<Cell> {
        let kind = Kind { shift: layer.shift, relu: layer.relu };
        let selector =
            self.layout.kinds.iter().position(|&k| k == kind).expect("the layout lists every kind");
        let rem_limbs = (layer.shift / self.layout.limb_bits) as usize;
        let height = rem_limbs + self.layout.value_limbs as usize;
        let mut outputs = Vec::with_capacity(values.len());
        // A block without an activation proves that zero rescales to zero.
        let idle = Rescaled { z: 0, rem: 1 << (layer.shift - 1), positive: true, m: 0, out: 0 };
        for first in (0..values.len()).step_by(self.chains.len()) {
            for (c, &chain) in self.chains.iter().enumerate() {
                let value = values.get(first + c).unwrap_or(&idle);
                let (z, out) = self.assign_block(region, chain, *row, layer.shift, value);
                if let Some(&sum) = sums.get(first + c) {
                    region.constrain_equal(z, sum);
                    outputs.push(out);
                }
            }
            region.assign_fixed(self.rescale[selector], *row, Fr::ONE);
            for limb in (0..height).filter(|&l| l + 1 != rem_limbs && l + 1 != height) {
                region.assign_fixed(self.more, *row + limb, Fr::ONE);
            }
            *row += height;
        }
        outputs
    }

    fn instance_cell(&self, row: usize) -> Cell {
        Cell { row_offset: row, column: self.instance.into() }
    }
}

impl Circuit<Fr> for DenseCircuit<'_> {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Layout;

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn params(&self) -> Layout {
        self.layout.clone()
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, layout: Layout) -> Config {
        Config::new(meta, layout)
    }

    fn configure(_: &mut ConstraintSystem<Fr>) -> Config {
        unreachable!("the circuit is configured with its layout")
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_table(
            || "range",
            |mut table| {
                (0..1usize << config.layout.limb_bits).try_for_each(|v| {
                    table.assign_cell(|| "", config.table, v, || Value::known(Fr::from(v as u64)))
                })
            },
        )?;
        // One region: this floor planner starts every region at row 0.
        layouter.assign_region(
            || "network",
            |mut region| {
                let (mut dot_row, mut chain_row) = (0, 0);
                let mut sources: Option<Vec<Cell>> = None;
                for (i, layer) in self.network.layers.iter().enumerate() {
                    let x = &self.trace.inputs[i];
                    let sums: Vec<_> = layer
                        .weights
                        .iter()
                        .zip(&layer.bias)
                        .map(|(w, &b)| {
                            config.assign_dot(&mut region, &mut dot_row, (w, b), x, sources.as_deref())
                        })
                        .collect();
                    let values = &self.trace.layers[i];
                    sources =
                        Some(config.assign_rescaling(&mut region, &mut chain_row, layer, values, &sums));
                }
                for (o, &cell) in sources.iter().flatten().enumerate() {
                    region.constrain_equal(cell, config.instance_cell(self.network.input.len() + o));
                }
                Ok(())
            },
        )
    }
}
