//! The network inference of a topic's epoch as a circuit: from inferences, forecasts and regrets to weights, the combined
//! inference and its confidence interval (`docs/synthesis.md`).

mod places;
mod program;
mod weights;

use crate::circuit::{Circuit, Layout, Op, Tensor};
use places::{OBSERVED, PERCENTILES, Places, RESULT, STATE};

/// Fraction bits of losses, regrets and their scale.
pub const LOSS_FRACTION: u8 = 44;

/// Bits of losses and regrets.
pub const LOSS_BITS: u8 = 56;

/// Bits of inferences.
pub const VALUE_BITS: u8 = 53;

/// Fraction bits of weights.
pub const WEIGHT_FRACTION: u8 = 50;

/// Bits of weights, which are at most 4.5.
const WEIGHT_BITS: u8 = WEIGHT_FRACTION + 3;

/// What stands for a number that is absent, in a tensor of so many bits: the least that it can hold.
const fn absent(bits: u8) -> i64 {
    1 - (1 << bits)
}

/// How normalised regrets become weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WeightFunction {
    /// The gradient of the network's first generations, with bounds.
    Gradient,
    /// The quotient of its third.
    Exp1DivExp1,
}

/// What regrets are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegretScale {
    /// A number of the state.
    Stored,
    /// Each set's standard deviation, and epsilon.
    Std,
    /// Each set's median deviation from its median times 1.4826, and epsilon.
    Mad,
}

/// What a synthesis circuit is made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Most inferers, 1 to 32.
    pub inferers: usize,
    /// Most forecasters, up to 6.
    pub forecasters: usize,
    /// The weight function.
    pub weight_function: WeightFunction,
    /// The regret scale.
    pub regret_scale: RegretScale,
    p_norm: i64,
    p_weight: i64,
    p_c: i64,
    epsilon: i64,
    /// e^-6.75.
    e_bound: i64,
    /// Fraction bits of inferences.
    pub value_fraction: u8,
}

impl Form {
    /// The circuit, of limbs of so many bits.
    pub(crate) fn circuit(&self, limb: u8) -> Circuit {
        let places = Places::of(self);
        let columns = 1usize << places.columns;
        let (combined, naive) = (places.combined, places.combined + 1);
        let program = program::program(self);
        let value = self.value_fraction;
        let workers = self.inferers + self.forecasters;
        let inputs = [
            ("inferences", self.inferers, value, VALUE_BITS, (OBSERVED, combined, 0)),
            ("forecasts", self.forecasters.max(1) * columns, LOSS_FRACTION, LOSS_BITS, (OBSERVED, 0, 0)),
            ("state", 2 * columns, LOSS_FRACTION, LOSS_BITS, (STATE, combined, 0)),
        ];
        let outputs = [
            ("network_inference", 1, value, VALUE_BITS, (RESULT, naive, combined)),
            ("confidence", PERCENTILES.len(), value, VALUE_BITS, (RESULT, 0, 0)),
            ("naive_inference", 1, value, VALUE_BITS, (RESULT, naive, naive)),
            ("forecast_implied", self.forecasters.max(1), value, VALUE_BITS, (RESULT, naive, 0)),
            ("weights", workers, WEIGHT_FRACTION, WEIGHT_BITS, (RESULT, combined, 0)),
        ];
        let row = |len: usize| Layout { rows: 1, cols: len as u32 };
        let tensor = |name: &str, layout, fraction, op| Tensor { name: name.into(), layout, fraction, op };
        let mut tensors: Vec<Tensor> = inputs
            .iter()
            .map(|(name, len, fraction, bits, _)| tensor(name, row(*len), *fraction, Op::Input { bits: *bits }))
            .collect();
        let at = |(slot, row, column)| places.at(slot, row, column);
        let run = tensors.len();
        let taken = inputs.iter().enumerate().map(|(t, (.., place))| (t, at(*place))).collect();
        let layout = Layout { rows: 1 << (program.slots + program.rows), cols: columns as u32 };
        tensors.push(tensor("numbers", layout, 0, Op::Lanes { program: 0, inputs: taken }));
        tensors.extend(outputs.iter().map(|(name, len, fraction, bits, place)| {
            let op = Op::Result { of: run, at: at(*place), bits: *bits };
            tensor(name, row(*len), *fraction, op)
        }));
        Circuit {
            limb,
            inputs: (0..run).collect(),
            committed: vec![run - 1],
            outputs: (run + 1..tensors.len()).collect(),
            tensors,
            programs: vec![program],
            tables: vec![],
            forests: vec![],
            missing: false,
            bounds: vec![],
            batch: 0,
        }
    }
}

/// TEMP
pub fn temp(e: &serde_json::Value) -> (crate::Model, Vec<i128>) {
    let fixed = |v: &serde_json::Value, f: u8| (v.as_str().unwrap().parse::<f64>().unwrap() * 2f64.powi(f.into())).round() as i128;
            let p = &e["params"];
            let f = |k: &str| p[k].as_str().unwrap().parse::<f64>().unwrap();
            let g3 = p["weight_function"] == "exp1_div_exp1";
            let form = Form {
                inferers: e["inferers"].as_array().unwrap().len(),
                forecasters: e["forecasters"].as_array().unwrap().len(),
                weight_function: if g3 { WeightFunction::Exp1DivExp1 } else { WeightFunction::Gradient },
                regret_scale: if p["regret_scale"] == "mad" { RegretScale::Mad } else { RegretScale::Std },
                p_norm: (f("p_norm") * 2f64.powi(40)).round() as i64,
                p_weight: (f("p_norm") * 2f64.powi(50)).round() as i64,
                p_c: (f("p_norm") * f("c_norm") * 2f64.powi(40)).round() as i64,
                epsilon: (f("epsilon") * 2f64.powi(44)).round() as i64,
                e_bound: 674_966_147_058_028,
                value_fraction: 48,
            };

            let places = Places::of(&form);
            let columns = 1usize << places.columns;
            let (n, k) = (form.inferers, form.forecasters);
            let mut input: Vec<i128> =
                e["inferers"].as_array().unwrap().iter().map(|w| fixed(&w["inference"], 48)).collect();
            let mut forecasts = vec![i128::from(absent(LOSS_BITS)); k * columns];
            for (row, w) in e["forecasters"].as_array().unwrap().iter().enumerate() {
                forecasts[row * columns + n..(row + 1) * columns].fill(0);
                for (j, v) in w["forecasts"].as_array().unwrap().iter().enumerate() {
                    
                    let j = e["inferers"].as_array().unwrap().iter().position(|i| i["address"] == v["inferer"]).unwrap();
                    forecasts[row * columns + j] = fixed(&v["loss"], 44);
                }
            }
            let mut state = vec![0i128; 2 * columns];
            for (j, w) in e["inferers"].as_array().unwrap().iter().enumerate() {
                state[j] = fixed(&w["regret"], 44);
                state[columns + j] = fixed(&w["naive_regret"], 44);
            }
            for (j, w) in e["forecasters"].as_array().unwrap().iter().enumerate() {
                state[n + j] = fixed(&w["regret"], 44);
            }
            state[columns + n] = fixed(&e["previous_network_loss"], 44);
            input.extend(forecasts);
            input.extend(state);

    let model = crate::Model::of_circuits("synthesis", vec![form.circuit(10), form.circuit(12)]).unwrap();
    (model, input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(format!("/work/shared/data/epochs/{name}.json")).unwrap()).unwrap()
    }
    fn fixed(v: &serde_json::Value, f: u8) -> i128 {
        (v.as_str().unwrap().parse::<f64>().unwrap() * 2f64.powi(f.into())).round() as i128
    }

    #[test]
    fn epochs() {
        for name in ["synthesis_g1_301", "synthesis_g1_302", "synthesis_g3_301"] {
            let e = read(name);
            let x = read(&format!("{name}.expected"));
            let p = &e["params"];
            let f = |k: &str| p[k].as_str().unwrap().parse::<f64>().unwrap();
            let g3 = p["weight_function"] == "exp1_div_exp1";
            let form = Form {
                inferers: e["inferers"].as_array().unwrap().len(),
                forecasters: e["forecasters"].as_array().unwrap().len(),
                weight_function: if g3 { WeightFunction::Exp1DivExp1 } else { WeightFunction::Gradient },
                regret_scale: if p["regret_scale"] == "mad" { RegretScale::Mad } else { RegretScale::Std },
                p_norm: (f("p_norm") * 2f64.powi(40)).round() as i64,
                p_weight: (f("p_norm") * 2f64.powi(50)).round() as i64,
                p_c: (f("p_norm") * f("c_norm") * 2f64.powi(40)).round() as i64,
                epsilon: (f("epsilon") * 2f64.powi(44)).round() as i64,
                e_bound: 674_966_147_058_028,
                value_fraction: 48,
            };
            let circuit = form.circuit(12);
            let program = &circuit.programs[0];
            eprintln!(
                "{name}: slots {} gates {} ({}) statement {} signed {} wide {} reaching {} wides {:?}",
                program.slots, program.gates_log, program.gates.len(), program.statement, program.signed,
                program.wide, program.reaching, (program.names.iter().take(1 << program.wide).filter(|n| !n.is_empty()).count(), program.names.iter().skip(1 << program.wide).filter(|n| !n.is_empty()).count())
            );
            let columns = 1usize << program.columns;
            let (n, k) = (form.inferers, form.forecasters);
            let mut input: Vec<i128> =
                e["inferers"].as_array().unwrap().iter().map(|w| fixed(&w["inference"], 48)).collect();
            let mut forecasts = vec![i128::from(absent(LOSS_BITS)); k * columns];
            for (row, w) in e["forecasters"].as_array().unwrap().iter().enumerate() {
                forecasts[row * columns + n..(row + 1) * columns].fill(0);
                for (j, v) in w["forecasts"].as_array().unwrap().iter().enumerate() {
                    assert_eq!(v["inferer"], e["inferers"][j]["address"]);
                    forecasts[row * columns + j] = fixed(&v["loss"], 44);
                }
            }
            let mut state = vec![0i128; 2 * columns];
            for (j, w) in e["inferers"].as_array().unwrap().iter().enumerate() {
                state[j] = fixed(&w["regret"], 44);
                state[columns + j] = fixed(&w["naive_regret"], 44);
            }
            for (j, w) in e["forecasters"].as_array().unwrap().iter().enumerate() {
                state[n + j] = fixed(&w["regret"], 44);
            }
            state[columns + n] = fixed(&e["previous_network_loss"], 44);
            input.extend(forecasts);
            input.extend(state);
            let values = circuit.execute(&input).unwrap();
            let get = |t: usize, i: usize| values[circuit.outputs[t]][i] as f64 / 2f64.powi(48);
            let expect = |v: &serde_json::Value| v.as_str().unwrap().parse::<f64>().unwrap();
            let close = |what: &str, a: f64, b: f64| eprintln!("{what} {a} {b} {:e}", ((a - b) / b).abs());
            close("network", get(0, 0), expect(&x["network_inference"]));
            close("naive", get(2, 0), expect(&x["naive_inference"]));
            for i in 0..5 {
                close("confidence", get(1, i), expect(&x["confidence"]["values"][i]));
            }
            for i in 0..k {
                close("implied", get(3, i), expect(&x["forecast_implied"][format!("forecaster{i}")]));
            }
        }
    }
}
