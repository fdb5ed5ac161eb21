//! Where things go: how many dot-product columns and range chains, and the rows they take.

use crate::network::Network;

/// Rows at the end of every column that halo2 keeps for blinding: five factors and the last row.
/// The circuit queries no column at more than three rotations.
pub const UNUSABLE_ROWS: usize = 6;

/// Most range chains side by side that the search considers.
const MAX_CHAINS: usize = 4;
/// Most dot-product columns that the search considers.
const MAX_COLUMNS: usize = 128;

/// A rescaling gate that the network needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Bits dropped.
    pub shift: u32,
    /// Whether negative results become zero.
    pub relu: bool,
}

/// The shape of the circuit: fixes the constraint system, and with the network the verifying key.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Products summed in one row.
    pub columns: usize,
    /// Range chains side by side, each with its own lookup argument.
    pub chains: usize,
    /// Bits of a range limb; the table holds `2^limb_bits` values.
    pub limb_bits: u32,
    /// Limbs of a value's magnitude.
    pub value_limbs: u32,
    /// The distinct rescaling gates.
    pub kinds: Vec<Kind>,
    /// Rows of the dot products.
    pub dot_rows: usize,
    /// Rows of a range chain.
    pub chain_rows: usize,
    /// Base-two logarithm of the rows of the circuit.
    pub k: u32,
}

impl Layout {
    /// Lays `network` out over `columns` dot-product columns, with as many range chains as cost least.
    ///
    /// # Errors
    /// When no limb width of 8 to 12 bits divides every shift.
    pub fn new(network: &Network, columns: usize, value_limbs: u32) -> Result<Self, String> {
        let limb_bits = (8..=12)
            .find(|bits| network.layers.iter().all(|l| l.shift % bits == 0))
            .ok_or("the shifts of the layers need a common divisor between 8 and 12")?;
        if columns == 0 || !(2..=5).contains(&value_limbs) {
            return Err("--columns must be positive and --value-limbs between 2 and 5".into());
        }
        let mut kinds: Vec<Kind> = Vec::new();
        for layer in &network.layers {
            let kind = Kind { shift: layer.shift, relu: layer.relu };
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let dot_rows =
            network.layers.iter().map(|l| l.bias.len() * l.weights[0].len().div_ceil(columns)).sum();
        let io_rows = network.input.len() + network.layers.last().map_or(0, |l| l.bias.len());
        let with_chains = |chains: usize| {
            let height = |shift: u32| (shift / limb_bits + value_limbs) as usize;
            let chain_rows =
                network.layers.iter().map(|l| l.bias.len().div_ceil(chains) * height(l.shift)).sum::<usize>();
            let rows = [dot_rows, chain_rows, io_rows, 1 << limb_bits].into_iter().max().unwrap_or(0);
            let k = (rows + UNUSABLE_ROWS).next_power_of_two().trailing_zeros();
            let kinds = kinds.clone();
            Self { columns, chains, limb_bits, value_limbs, kinds, dot_rows, chain_rows, k }
        };
        (1..=MAX_CHAINS).map(with_chains).min_by_key(Self::cost).ok_or_else(|| "no layout".into())
    }

    /// The layout with the least estimated proving time.
    ///
    /// # Errors
    /// As [`Layout::new`].
    pub fn best(network: &Network, value_limbs: u32) -> Result<Self, String> {
        let candidates = (1..=MAX_COLUMNS).map(|columns| Self::new(network, columns, value_limbs));
        let candidates = candidates.collect::<Result<Vec<_>, _>>()?;
        candidates.into_iter().min_by_key(Self::cost).ok_or_else(|| "no layout".into())
    }

    /// Bits of a value's magnitude that the circuit allows.
    pub fn value_bits(&self) -> u32 {
        self.limb_bits * self.value_limbs
    }

    /// Estimated proving time in arbitrary units, fitted to processor times of 4 to 64 columns and 2^9 to 2^14
    /// rows: a chain costs as much as ten columns, and longer multi-scalar multiplications cost less a point.
    fn cost(&self) -> u64 {
        (((2 + self.columns + 10 * self.chains) as u64) << self.k) / u64::from(self.k - 3)
    }
}
