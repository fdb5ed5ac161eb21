//! `sumcast inspect`.

use super::verify::sentence;
use crate::error::Result;
use crate::opening;
use crate::output::Outcome;
use crate::summary::{self, ProgramSummary, srs_kind};
use crate::topic::tensors;
use crate::{files, format};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde::Serialize;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use sumcast_params::{Provenance, Srs};
use sumcast_verifier::vk::SrsKind;
use sumcast_verifier::{ProofFile, Tensor};

/// Arguments of `inspect`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    sumcast inspect model/vk.bin\n  \
    sumcast inspect model.proof --json")]
pub(crate) struct Inspect {
    /// A compiled model, verifying key, proof, opening or parameter file
    file: PathBuf,
}

/// What there is to inspect.
const TAKEN: &str = "inspect takes model.bin, vk.bin, srs.bin, a proof or an opening";

impl Inspect {
    pub(crate) fn run(self) -> Result<Outcome> {
        let path = &self.file;
        let contents = match &head(path)? {
            b"SCVK" => Contents::key(path)?,
            b"SCPF" => Contents::proof(path)?,
            b"SCMD" => Contents::model(path)?,
            b"SUMC" => Contents::srs(path)?,
            b"ptau" => bail!(
                "{} is a powers-of-tau file of snarkjs: import it with `sumcast params import`",
                path.display()
            ),
            [b'{', ..] => Contents::opening(path)?,
            _ => bail!("{} is no file of Sumcast's: {TAKEN}", path.display()),
        };
        let bytes = std::fs::metadata(path)?.len();
        Outcome::new(&Report { file: path.clone(), bytes, contents })
    }
}

/// The first four bytes of a file.
fn head(path: &Path) -> Result<[u8; 4]> {
    let mut head = Vec::new();
    let mut read = || File::open(path)?.take(4).read_to_end(&mut head);
    read().with_context(|| format!("cannot read {}", path.display()))?;
    head.resize(4, 0);
    Ok([head[0], head[1], head[2], head[3]])
}

/// A file and what it holds.
#[derive(Debug, Serialize)]
struct Report {
    file: PathBuf,
    bytes: u64,
    #[serde(flatten)]
    contents: Contents,
}

/// What a file holds.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Contents {
    Key {
        model_id: String,
        srs: &'static str,
        insecure_srs: bool,
        forms: usize,
        products: usize,
        #[serde(flatten)]
        program: ProgramSummary,
    },
    Proof {
        model_id: String,
        context: String,
        /// `synthesis` or `settlement`, of a statement of that form.
        #[serde(skip_serializing_if = "Option::is_none")]
        statement: Option<&'static str>,
        tensors: Vec<NamedTensor>,
        proof_body_bytes: usize,
    },
    /// Without what is secret in it.
    Opening {
        model_id: String,
        context: String,
        tensors: Vec<OpeningTensor>,
    },
    Model {
        name: String,
        model: &'static str,
        input_shape: Vec<usize>,
        output_names: Vec<String>,
        parameters: usize,
        nodes: usize,
        limb_bits: u8,
        #[serde(flatten)]
        program: ProgramSummary,
    },
    Srs {
        log_size: u32,
        provenance: String,
        id: String,
        digest: String,
        insecure_srs: bool,
    },
}

/// A tensor of a statement and, of one that is not of an ONNX model, its name.
#[derive(Debug, Serialize)]
struct NamedTensor {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    #[serde(flatten)]
    tensor: StatementTensor,
}

/// A tensor of a statement. Its role and scale are in the key.
#[derive(Debug, Serialize)]
#[serde(tag = "visibility", rename_all = "lowercase")]
enum StatementTensor {
    /// In decimal, since JSON's own integers are short.
    Public { integers: Vec<String> },
    /// In hexadecimal.
    Committed { commitments: Vec<String> },
}

/// A tensor that an opening file opens.
#[derive(Debug, Serialize)]
struct OpeningTensor {
    tensor: usize,
    role: String,
    name: String,
    len: usize,
}

impl Contents {
    fn key(path: &Path) -> Result<Self> {
        let (key, _) = files::read_key(path)?;
        Ok(Self::Key {
            model_id: hex::encode(key.model_id()),
            srs: srs_kind(key.srs.kind),
            insecure_srs: key.srs.kind == SrsKind::Development,
            forms: key.program.forms.len(),
            products: key.program.products.len(),
            program: ProgramSummary::of(&key.program),
        })
    }

    fn proof(path: &Path) -> Result<Self> {
        let bytes = files::read_small(path)?;
        let file = ProofFile::from_bytes(&bytes).map_err(|error| anyhow!(sentence(path, &error)))?;
        let committed = file.statement.tensors.iter().map(|tensor| tensor.public().is_none());
        let known = tensors::names(&committed.collect::<Vec<_>>());
        let tensors = file.statement.tensors.iter().enumerate().map(|(i, tensor)| NamedTensor {
            name: known.and_then(|(_, names)| names.get(i).copied()),
            tensor: match tensor {
                Tensor::Public(values) => {
                    StatementTensor::Public { integers: values.iter().map(ToString::to_string).collect() }
                }
                Tensor::Committed(points) => {
                    StatementTensor::Committed { commitments: points.iter().map(summary::point).collect() }
                }
            },
        });
        Ok(Self::Proof {
            model_id: hex::encode(file.model_id),
            context: hex::encode(file.statement.context),
            statement: known.map(|(what, _)| what),
            tensors: tensors.collect(),
            proof_body_bytes: file.body.len(),
        })
    }

    fn opening(path: &Path) -> Result<Self> {
        let file = opening::read(path)
            .with_context(|| format!("{} is no file of Sumcast's: {TAKEN}", path.display()))?;
        let tensors = file.tensors.into_iter().map(|entry| OpeningTensor {
            tensor: entry.tensor,
            role: entry.role,
            name: entry.name,
            len: entry.integers.len(),
        });
        Ok(Self::Opening { model_id: file.model_id, context: file.context, tensors: tensors.collect() })
    }

    fn model(path: &Path) -> Result<Self> {
        let model = files::read_model(path)?;
        let relation = model.lower().with_context(|| path.display().to_string())?;
        Ok(Self::Model {
            name: model.name().to_owned(),
            model: summary::model(&model),
            input_shape: model.input_shape().to_vec(),
            output_names: model.output_names().to_vec(),
            parameters: model.parameters(),
            nodes: model.nodes(),
            limb_bits: model.limb_bits(),
            program: ProgramSummary::of(&relation.program),
        })
    }

    fn srs(path: &Path) -> Result<Self> {
        let info = Srs::info(path)?;
        Ok(Self::Srs {
            log_size: info.log_size,
            provenance: info.provenance.to_string(),
            id: hex::encode(info.id),
            digest: hex::encode(info.digest),
            insecure_srs: info.provenance == Provenance::Development,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, bytes) = (self.file.display(), format::bytes(self.bytes));
        match &self.contents {
            Contents::Key { model_id, srs, forms, products, program, .. } => {
                writeln!(f, "{file}: a verifying key, {bytes}")?;
                writeln!(f, "model id       {model_id}")?;
                writeln!(f, "SRS            {srs}")?;
                writeln!(f, "forms          {forms}")?;
                writeln!(f, "products       {products}")?;
                write!(f, "{program}")
            }
            Contents::Proof { model_id, context, statement, tensors, proof_body_bytes } => {
                let of = statement.map(|what| format!(" in the form of a {what}")).unwrap_or_default();
                writeln!(f, "{file}: a proof with its statement{of}, {bytes}")?;
                writeln!(f, "model id  {model_id}")?;
                writeln!(f, "context   {context}")?;
                writeln!(f, "proof     {}", format::bytes(*proof_body_bytes as u64))?;
                for (i, NamedTensor { name, tensor }) in tensors.iter().enumerate() {
                    let name = name.map(|name| format!("{name}, ")).unwrap_or_default();
                    match tensor {
                        StatementTensor::Public { integers } => {
                            let count = integers.len();
                            writeln!(
                                f,
                                "tensor {i}  {name}public, {count} integers, scaled as the key says"
                            )?;
                        }
                        StatementTensor::Committed { commitments } => {
                            writeln!(f, "tensor {i}  {name}committed as {}", commitments.join(" "))?;
                        }
                    }
                }
                Ok(())
            }
            Contents::Opening { model_id, context, tensors } => {
                writeln!(f, "{file}: the opening of a proof's commitments, {bytes}: a secret")?;
                writeln!(f, "model id  {model_id}")?;
                writeln!(f, "context   {context}")?;
                for OpeningTensor { tensor, role, name, len } in tensors {
                    writeln!(f, "tensor {tensor}  {role} {name}, {len} integers")?;
                }
                Ok(())
            }
            Contents::Model {
                name,
                model,
                input_shape,
                output_names,
                parameters,
                nodes,
                limb_bits,
                program,
            } => {
                writeln!(f, "{file}: the compiled model {name}, {bytes}")?;
                writeln!(f, "model          {model}")?;
                writeln!(f, "input          {input_shape:?}")?;
                writeln!(f, "outputs        {}", output_names.join(", "))?;
                writeln!(f, "parameters     {}", format::count(*parameters as u64))?;
                writeln!(f, "nodes          {nodes}")?;
                writeln!(f, "limbs          {limb_bits} bits")?;
                write!(f, "{program}")
            }
            Contents::Srs { log_size, provenance, id, digest, .. } => {
                writeln!(f, "{file}: parameters of 2^{log_size} powers, {bytes}")?;
                writeln!(f, "source  {provenance}")?;
                writeln!(f, "id      {id}")?;
                writeln!(f, "digest  {digest}")
            }
        }
    }
}
