//! Sliding windows, shared by pooling and convolution: which elements of the input each element of the output reads.

use crate::{
    graph::{MAX_TENSOR_ELEMENTS, layout},
    onnx::{Problem, call::Call, tensor},
};

/// The most cells of the constant matrix that averages or convolves: half of what a model of any size may generate.
const MAX_CELLS: usize = 1 << 23;

/// The windows over the spatial axes of a tensor: those after its batch and its channels.
pub(super) struct Windows {
    axes: Vec<Axis>,
    /// The lengths of the input's spatial axes.
    pub(super) from: Vec<usize>,
    /// Those of the output's.
    pub(super) to: Vec<usize>,
    kernel: Vec<usize>,
}

/// The windows along one axis.
struct Axis {
    size: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
    after: usize,
}

impl Windows {
    /// The windows of length `kernel` over the tensor of shape `shape` that `call`'s attributes ask for. Pays for a walk
    /// over all of them.
    pub(super) fn of(
        call: &mut Call<'_>,
        shape: &[usize],
        kernel: Vec<usize>,
        round_up: bool,
    ) -> Result<Self, Problem> {
        let from = spatial(shape)?.to_vec();
        let n = from.len();
        if kernel.len() != n || kernel.contains(&0) {
            return Err(Problem::Shape(format!(
                "a window of shape {kernel:?} does not fit {n} spatial axes of {from:?}"
            )));
        }
        let strides = lengths(call, "strides", 1, 1, n)?;
        let dilations = lengths(call, "dilations", 1, 1, n)?;
        let auto = call.text("auto_pad", "NOTSET")?;
        let pads = match auto.as_str() {
            "NOTSET" | "" => lengths(call, "pads", 0, 0, 2 * n)?,
            "VALID" | "SAME_UPPER" | "SAME_LOWER" => vec![0; 2 * n],
            _ => return Err(Problem::attribute("auto_pad", format!("has the unknown value '{auto}'"))),
        };
        let (mut axes, mut to) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for (i, size) in from.iter().copied().enumerate() {
            let (kernel, stride, dilation) = (kernel[i], strides[i], dilations[i]);
            let mut axis = Axis { size, kernel, stride, dilation, before: pads[i], after: pads[n + i] };
            if auto.starts_with("SAME") {
                axis.pad_to(size.div_ceil(stride), auto == "SAME_UPPER");
            }
            to.push(axis.outputs(round_up)?);
            axes.push(axis);
        }
        let windows = Self { axes, from, to, kernel };
        let walk = tensor::count(&windows.to)?.saturating_mul(tensor::count(&windows.kernel)?);
        call.charge(walk)?;
        Ok(windows)
    }

    /// The length that `kernel_shape` gives a window on each axis.
    pub(super) fn kernel(call: &Call<'_>, shape: &[usize]) -> Result<Vec<usize>, Problem> {
        let list = call.int_list("kernel_shape")?.ok_or(Problem::MissingAttribute("kernel_shape"))?;
        numbers("kernel_shape", &list, 1, spatial(shape)?.len())
    }

    /// The elements of the input in one channel.
    pub(super) fn inputs(&self) -> usize {
        self.from.iter().product()
    }

    /// The elements of the output in one channel: windows.
    pub(super) fn outputs(&self) -> usize {
        self.to.iter().product()
    }

    /// The elements of a window.
    pub(super) fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// For each window, in order, its elements that are in the input, as pairs of the place in the window and in the
    /// input, and how many are in the input or its padding.
    pub(super) fn each(&self) -> impl Iterator<Item = (Vec<(usize, usize)>, usize)> {
        let (strides, places) = (layout::strides(&self.from), layout::strides(&self.kernel));
        (0..self.outputs()).map(move |window| {
            let (mut rest, mut padded) = (window, 1);
            let mut inside = vec![(0, 0)];
            // From the last axis to the first, for that is how a flat position comes apart.
            for (i, axis) in self.axes.iter().enumerate().rev() {
                let (at, length) = (rest % self.to[i], self.to[i]);
                rest /= length;
                let start = at * axis.stride;
                let along: Vec<_> = (0..axis.kernel)
                    .map(|k| (k, start + k * axis.dilation))
                    .filter(|(_, at)| *at < axis.before + axis.size + axis.after)
                    .collect();
                padded *= along.len();
                let within = |at: usize| at.checked_sub(axis.before).filter(|at| *at < axis.size);
                inside = along
                    .into_iter()
                    .filter_map(|(k, at)| Some((k * places[i], within(at)? * strides[i])))
                    .flat_map(|(k, at)| inside.iter().map(move |(place, j)| (k + place, at + j)))
                    .collect();
            }
            (inside, padded)
        })
    }
}

impl Axis {
    /// The elements from the first of a window to its last.
    fn span(&self) -> usize {
        (self.kernel - 1) * self.dilation + 1
    }

    /// Pads for `outputs` windows, the odd element after the input or before it.
    fn pad_to(&mut self, outputs: usize, after: bool) {
        let total = ((outputs - 1) * self.stride + self.span()).saturating_sub(self.size);
        let (less, more) = (total / 2, total - total / 2);
        (self.before, self.after) = if after { (less, more) } else { (more, less) };
    }

    /// The number of windows, one that starts beyond the input left out.
    fn outputs(&self, round_up: bool) -> Result<usize, Problem> {
        let length = self.before + self.size + self.after;
        let room = length.checked_sub(self.span()).ok_or_else(|| {
            Problem::Shape(format!(
                "a window spans {} elements and the padded axis has {length}",
                self.span()
            ))
        })?;
        let steps = if round_up { room.div_ceil(self.stride) } else { room / self.stride };
        let beyond = round_up && steps * self.stride >= self.size + self.before;
        Ok(steps + usize::from(!beyond))
    }
}

/// The axes after batch and channels, of which there is at least one.
pub(super) fn spatial(shape: &[usize]) -> Result<&[usize], Problem> {
    shape.get(2..).filter(|axes| !axes.is_empty()).ok_or_else(|| {
        Problem::Shape(format!("shape {shape:?} has no axis after those of the batch and the channels"))
    })
}

/// The list attribute `name` of `n` numbers from `least` on, all `default` when it is absent.
fn lengths(
    call: &Call<'_>,
    name: &str,
    default: usize,
    least: usize,
    n: usize,
) -> Result<Vec<usize>, Problem> {
    match call.int_list(name)? {
        Some(list) => numbers(name, &list, least, n),
        None => Ok(vec![default; n]),
    }
}

/// `n` numbers from `least` to the largest number of elements of a tensor, so that products of two do not overflow.
fn numbers(name: &str, list: &[i64], least: usize, n: usize) -> Result<Vec<usize>, Problem> {
    let number = |v: &i64| usize::try_from(*v).ok().filter(|v| (least..=MAX_TENSOR_ELEMENTS).contains(v));
    let numbers: Option<Vec<usize>> = list.iter().map(number).collect();
    numbers.filter(|numbers| numbers.len() == n).ok_or_else(|| {
        Problem::attribute(
            name,
            format!("must be {n} numbers from {least} to {MAX_TENSOR_ELEMENTS}, not {list:?}"),
        )
    })
}

/// Pays for a constant matrix, unless it is larger than [`MAX_CELLS`].
pub(super) fn charge_matrix(call: &mut Call<'_>, outputs: usize, inputs: usize) -> Result<(), Problem> {
    let cells = outputs.saturating_mul(inputs);
    if cells > MAX_CELLS {
        return Err(Problem::Unsupported(format!(
            "it becomes a constant matrix from {inputs} inputs to {outputs} outputs, and at most {MAX_CELLS} cells are \
             supported: larger ones come with an argument of their own; until then use a smaller input, fewer channels \
             or a larger stride"
        )));
    }
    // They are the matrix and nothing besides, where other elements take a few numbers each.
    call.charge(cells.div_ceil(4))
}
