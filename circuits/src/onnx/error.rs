//! What can be wrong with a model file.

use std::path::PathBuf;

use crate::graph::GraphError;

/// Why a model was not imported, and where the fault is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is over [`super::MAX_FILE_BYTES`].
    #[error("the file has {bytes} bytes; the limit is {} bytes", super::MAX_FILE_BYTES)]
    FileSize {
        /// The file's size.
        bytes: u64,
    },
    /// The file holds more messages than [`super::MAX_RECORDS`].
    #[error("the file holds {records} records; the limit is {}", super::MAX_RECORDS)]
    Records {
        /// The records counted.
        records: usize,
    },
    /// The file is not protobuf, or it is cut off.
    #[error("not a readable ONNX file, or a cut off one: {0}")]
    Decode(#[from] prost::DecodeError),
    /// The file has no graph.
    #[error("the file holds no graph; is it an ONNX model?")]
    NoGraph,
    /// The model was made for an operator set this importer does not know.
    #[error(
        "operator set {version} of domain '{domain}' is not supported; export with one in {first} to {last}"
    )]
    Opset {
        /// The domain.
        domain: String,
        /// The version the model names.
        version: i64,
        /// The first version supported.
        first: i64,
        /// The last version supported.
        last: i64,
    },
    /// A domain is used without naming its version.
    #[error("node '{node}' uses domain '{domain}', and the model names no operator set of it")]
    NoOpset {
        /// The node.
        node: String,
        /// Its domain.
        domain: String,
    },
    /// A constant tensor is malformed.
    #[error("tensor '{name}': {problem}")]
    Tensor {
        /// The tensor's name, or that of the node which holds it.
        name: String,
        /// What is wrong.
        problem: TensorProblem,
    },
    /// The model does not have exactly one input.
    #[error("the model must have exactly one input beside its weights; it has {}: {}", names.len(), names.join(", "))]
    Inputs {
        /// The names of the inputs.
        names: Vec<String>,
    },
    /// The input's type or shape is not supported.
    #[error("input '{name}': {problem}")]
    Input {
        /// The input's name.
        name: String,
        /// What is wrong, and the mend.
        problem: String,
    },
    /// A tensor is read before any node makes it.
    #[error(
        "node '{node}' reads tensor '{tensor}', which nothing before it makes: the graph is cyclic, out of order or incomplete"
    )]
    Undefined {
        /// The reader; `graph output` for an output.
        node: String,
        /// The missing tensor.
        tensor: String,
    },
    /// Two tensors have one name.
    #[error("tensor '{0}' is defined twice")]
    Duplicate(String),
    /// An operator is not supported.
    #[error("operator {op} of domain '{domain}' (node '{node}') is not supported; supported are {supported}")]
    UnsupportedOperator {
        /// The operator.
        op: String,
        /// Its domain.
        domain: String,
        /// The node.
        node: String,
        /// All operators that are.
        supported: String,
    },
    /// An operator's use is wrong or not supported.
    #[error("{op} (node '{node}'): {problem}")]
    Operator {
        /// The operator.
        op: String,
        /// The node.
        node: String,
        /// What is wrong.
        problem: Problem,
    },
    /// The model has no output of floating point type.
    #[error("the model has no output of floating point type; its outputs are: {}", names.join(", "))]
    NoOutput {
        /// The outputs' names.
        names: Vec<String>,
    },
    /// An output cannot be proven.
    #[error("output '{name}' {problem}")]
    Output {
        /// The output's name.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The graph as a whole is malformed.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// What is wrong with a constant tensor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TensorProblem {
    /// A dimension is negative or the product is too large.
    #[error("its shape {0:?} has a negative side or too many elements")]
    Shape(Vec<i64>),
    /// The data do not fill the shape.
    #[error("its shape needs {expected} {unit}, and it holds {found}")]
    Length {
        /// What the shape needs.
        expected: usize,
        /// What the file holds.
        found: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// The data are in another file, and the model was given as bytes.
    #[error(
        "its data are in another file; save the model as one file (onnx.save with save_as_external_data=False)"
    )]
    External,
    /// The data are in another file, which cannot be read.
    #[error(
        "its data are in another file: {0}; keep that file beside the model, or save the model as one file"
    )]
    ExternalFile(String),
    /// The data are split over several messages or stored sparsely.
    #[error("segmented and sparse tensors are not supported; save it as a dense tensor")]
    Sparse,
    /// The element type is not supported.
    #[error("its element type {0} is not supported")]
    ElementType(i32),
    /// An element is NaN or infinite.
    #[error("element {0} is NaN or infinite; retrain or repair the model")]
    NotFinite(usize),
    /// An element is too large for a signed 64-bit integer.
    #[error("element {0} does not fit a signed 64-bit integer")]
    Range(usize),
}

/// What is wrong with an operator's use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The operator is of a later operator set.
    #[error("it came with operator set {since}, and the model names {opset}; export with {since} or later")]
    Since {
        /// The operator set it came with.
        since: i64,
        /// The one the model names.
        opset: i64,
    },
    /// A required input is absent.
    #[error("input {0} is missing")]
    MissingInput(usize),
    /// The operator computes on this input and it is constant, in a case that is not folded.
    #[error("input {0} is constant where a computed tensor is needed")]
    NeedsActivation(usize),
    /// An input must be constant and depends on the model's input.
    #[error("input {0} must be constant, and it depends on the model's input")]
    NotConstant(usize),
    /// An input is of another type.
    #[error("input {input} must be {expected}")]
    InputType {
        /// The input's position.
        input: usize,
        /// The type needed.
        expected: &'static str,
    },
    /// An input is a class label.
    #[error("input {0} is a class label, which is not computed in the graph")]
    Label(usize),
    /// A required attribute is absent.
    #[error("attribute '{0}' is missing")]
    MissingAttribute(&'static str),
    /// An attribute has a wrong type or value.
    #[error("attribute '{name}' {problem}")]
    Attribute {
        /// The attribute's name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The node holds a subgraph.
    #[error("it holds a subgraph (attribute '{0}'), which is not supported")]
    Subgraph(String),
    /// The inputs' shapes do not fit.
    #[error("{0}")]
    Shape(String),
    /// A legal use that is not supported.
    #[error("{0}")]
    Unsupported(String),
    /// Constant arithmetic failed.
    #[error("constant arithmetic fails: {0}")]
    Arithmetic(&'static str),
    /// The model asks for more work than its size allows; see [`super::MAX_GENERATED_ELEMENTS`].
    #[error("the model expands to more than {0} elements")]
    Budget(usize),
    /// A constant tensor held by the node is malformed.
    #[error(transparent)]
    Tensor(#[from] TensorProblem),
    /// A node of the graph cannot be built.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

impl Problem {
    pub(crate) fn attribute(name: &str, problem: impl Into<String>) -> Self {
        Self::Attribute { name: name.to_owned(), problem: problem.into() }
    }
}
