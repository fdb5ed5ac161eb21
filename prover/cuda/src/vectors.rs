//! Vectors of scalars on a device: which kernels run, on what (`kernels/vectors.cuh`).

use crate::device::Argument::{self, Word as Number};
use crate::device::{Device, Fault};
use crate::layout::{Cell, Scalar, Word};
use crate::memory::{Buffer, Memory};
use ark_bn254::Fr;
use std::sync::Arc;
use sumcast_prover::Summand;

/// Most threads that share a sum.
const THREADS: usize = 1 << 14;

/// Parts that a thread adds up, and most that are left to this machine.
const SPAN: usize = 64;

/// Most factors of a summand.
pub(crate) const MOST_FACTORS: usize = 5;

/// The sums of rows of parts.
fn sums<D: Device>(
    memory: &Arc<Memory<D>>,
    mut parts: Buffer<D, Scalar>,
    rows: usize,
) -> Result<Vec<Fr>, Fault> {
    let mut length = parts.len() / rows;
    while length > SPAN {
        let shorter = length.div_ceil(SPAN);
        let sums = memory.zeroed::<Scalar>(rows * shorter)?;
        let arguments = [parts.all(), Number(length as u64), Number(SPAN as u64), sums.all()];
        memory.launch("sums", sums.len(), &arguments)?;
        (parts, length) = (sums, shorter);
    }
    Ok(parts.read(0, rows * length)?.chunks(length).map(|row| row.iter().sum()).collect())
}

/// Vectors of one length that are folded together.
#[derive(Debug)]
pub(crate) struct Held<D: Device> {
    memory: Arc<Memory<D>>,
    values: Buffer<D, Scalar>,
    /// How far apart the vectors begin.
    stride: usize,
    /// How long they are now.
    len: usize,
}

impl<D: Device> Held<D> {
    /// Brings vectors to the device.
    pub(crate) fn new(memory: &Arc<Memory<D>>, vectors: &[Vec<Fr>]) -> Result<Self, Fault> {
        let stride = vectors[0].len();
        let mut values = memory.zeroed::<Scalar>(vectors.len() * stride)?;
        for (i, vector) in vectors.iter().enumerate() {
            assert_eq!(vector.len(), stride, "the vectors of a sumcheck have one length");
            values.write(i * stride, vector)?;
        }
        Ok(Self { memory: Arc::clone(memory), values, stride, len: stride })
    }

    fn count(&self) -> usize {
        self.values.len() / self.stride
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn half(&self) -> usize {
        self.len / 2
    }

    /// Sums of several parts a thread, which the kernel with these arguments leaves.
    fn summed(
        &self,
        kernel: &'static str,
        arguments: &[Argument<'_, D::Buffer>],
        sums: usize,
    ) -> Result<Vec<Fr>, Fault> {
        let threads = self.half().min(THREADS);
        let parts = self.memory.zeroed::<Scalar>(sums * threads)?;
        self.memory.launch(kernel, threads, &[arguments, &[parts.all()]].concat())?;
        self::sums(&self.memory, parts, sums)
    }

    fn pair(&self, kernel: &'static str, arguments: &[Argument<'_, D::Buffer>]) -> Result<[Fr; 2], Fault> {
        let half = Number(self.half() as u64);
        let sums = self.summed(kernel, &[arguments, &[half]].concat(), 2)?;
        Ok([sums[0], sums[1]])
    }

    pub(crate) fn round(&self, summand: Summand, eq: Option<&[Fr]>, points: usize) -> Result<Vec<Fr>, Fault> {
        assert!(points <= MOST_FACTORS + 1, "more points than a summand's degree asks for");
        let half = self.half();
        let eq = eq.map(|eq| self.memory.filled::<Scalar>(&eq[..half])).transpose()?;
        let [stride, half, count, points_, lookup] =
            [self.stride, half, self.count(), points, usize::from(summand == Summand::LookupCells)]
                .map(|n| Number(n as u64));
        let eq = eq.as_ref().map_or(Argument::None, Buffer::all);
        let arguments = [self.values.all(), stride, half, count, lookup, eq, points_];
        self.summed("round_summand", &arguments, points)
    }

    pub(crate) fn round_product(&self) -> Result<[Fr; 2], Fault> {
        self.pair("round_product", &[self.values.all(), self.values.from(self.stride)])
    }

    pub(crate) fn round_eq(&self, eq: &[Fr]) -> Result<[Fr; 2], Fault> {
        let eq = self.memory.filled::<Scalar>(&eq[..self.half()])?;
        self.pair("round_eq", &[self.values.all(), eq.all()])
    }

    pub(crate) fn halves(&self) -> Result<[Fr; 2], Fault> {
        self.pair("halves", &[self.values.all()])
    }

    pub(crate) fn fold(&mut self, x: Fr) -> Result<(), Fault> {
        let half = self.half();
        let x = self.memory.filled::<Scalar>(&[x])?;
        let arguments = [self.values.all(), Number(self.stride as u64), Number(half as u64), x.all()];
        self.memory.launch("fold", self.count() * half, &arguments)?;
        self.len = half;
        Ok(())
    }

    pub(crate) fn values(&self) -> Result<Vec<Vec<Fr>>, Fault> {
        (0..self.count()).map(|i| self.values.read(i * self.stride, self.len)).collect()
    }
}

/// `out[x] = sum_j weights[j] rows[j][x]`; rows are zero beyond their end.
pub(crate) fn combine<D: Device>(
    memory: &Arc<Memory<D>>,
    rows: &[&[i64]],
    width: usize,
    weights: &[Fr],
) -> Result<Vec<Fr>, Fault> {
    let mut cells = memory.zeroed::<Cell>(rows.len() * width)?;
    for (j, row) in rows.iter().enumerate() {
        cells.write(j * width, &row[..row.len().min(width)])?;
    }
    combine_cells(memory, &cells, width, weights)
}

/// `sum weights[i] cells[i]`.
pub(crate) fn dot<D: Device>(memory: &Arc<Memory<D>>, weights: &[Fr], cells: &[i64]) -> Result<Fr, Fault> {
    let cells = memory.filled::<Cell>(cells)?;
    Ok(combine_cells(memory, &cells, 1, weights)?[0])
}

fn combine_cells<D: Device>(
    memory: &Arc<Memory<D>>,
    cells: &Buffer<D, Cell>,
    width: usize,
    weights: &[Fr],
) -> Result<Vec<Fr>, Fault> {
    let rows = weights.len();
    let weights = memory.filled::<Scalar>(weights)?;
    let groups = THREADS.div_ceil(width).min(rows);
    let parts = memory.zeroed::<Scalar>(width * groups)?;
    let [count, width_, rows, groups] = [cells.len(), width, rows, groups].map(|n| Number(n as u64));
    let arguments = [cells.all(), count, width_, weights.all(), rows, groups, parts.all()];
    memory.launch("combine", parts.len(), &arguments)?;
    sums(memory, parts, width)
}

/// `out[i] = sum_c table[columns[c][i]]`.
pub(crate) fn gather<D: Device>(
    memory: &Arc<Memory<D>>,
    table: &[Fr],
    columns: &[Vec<u32>],
) -> Result<Vec<Fr>, Fault> {
    let len = columns[0].len();
    let mut index = memory.zeroed::<Word>(columns.len() * len)?;
    for (c, column) in columns.iter().enumerate() {
        index.write(c * len, column)?;
    }
    let table = memory.filled::<Scalar>(table)?;
    let out = memory.zeroed::<Scalar>(len)?;
    memory.launch("gather", len, &[index.all(), Number(columns.len() as u64), table.all(), out.all()])?;
    out.read(0, len)
}
