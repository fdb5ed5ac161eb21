//! Models.

use super::body::idempotency;
use super::caller::{Reader, Uploader};
use super::jobs::{Jobs, Listed};
use super::{Problem, Service, digest};
use crate::artifacts::File;
use crate::job::{Job, Kind};
use crate::store::NewJob;
use crate::worker::Compile;
use axum::Json;
use axum::extract::State;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use sumcast_circuits::FRAC_BITS;
use utoipa::ToSchema;

/// A model to be compiled.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "it describes the parts of a form")]
struct Upload {
    /// The ONNX file
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    model: String,
    /// Inputs to choose bounds by: {"inputs": [[..], ..]}
    calibrate: Option<String>,
    /// What it is called
    name: Option<String>,
    /// Fraction bits that every tensor has at least, 8 to 24
    frac_bits: Option<u8>,
    /// Leave the weights' commitments unblinded, so that whoever has the ONNX file can recompute the model id
    public_model: Option<bool>,
    /// Have commitments of inputs in statements in place of their numbers: true or false
    hide_input: Option<bool>,
    /// As hide_input
    hide_output: Option<bool>,
}

/// Upload a model
///
/// It is compiled in its turn: `GET /v1/jobs/{id}` tells when it is there.
#[utoipa::path(
    post,
    path = "/v1/models",
    tag = "models",
    security(("key" = ["models"])),
    request_body(content = inline(Upload), content_type = "multipart/form-data"),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same request twice is one job")),
    responses(
        (status = 202, description = "it will be compiled", body = Job),
        (status = 200, description = "the job of an earlier request of this key", body = Job),
        (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)
    )
)]
pub(super) async fn upload(
    State(service): State<Service>,
    Uploader(caller): Uploader,
    headers: HeaderMap,
    mut form: Multipart,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let (mut network, mut calibration) = (None::<Bytes>, None::<Bytes>);
    let mut request = Compile {
        name: String::new(),
        frac_bits: 16,
        public_model: false,
        hide_input: false,
        hide_output: false,
        calibrated: false,
    };
    while let Some(part) = form.next_field().await.map_err(|error| unreadable(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "model" => network = Some(part.bytes().await.map_err(|error| unreadable(&error))?),
            "calibrate" => calibration = Some(part.bytes().await.map_err(|error| unreadable(&error))?),
            "name" => request.name = part.text().await.map_err(|error| unreadable(&error))?,
            "frac_bits" => {
                let text = part.text().await.map_err(|error| unreadable(&error))?;
                let bits = text.parse().ok().filter(|bits| FRAC_BITS.contains(bits));
                request.frac_bits =
                    bits.ok_or_else(|| Problem::invalid(format!("frac_bits is {text:?}: from 8 to 24")))?;
            }
            "public_model" | "hide_input" | "hide_output" => {
                let text = part.text().await.map_err(|error| unreadable(&error))?;
                let refused = |_| Problem::invalid(format!("{name} is {text:?}: true or false"));
                let flag = match name.as_str() {
                    "public_model" => &mut request.public_model,
                    "hide_input" => &mut request.hide_input,
                    _ => &mut request.hide_output,
                };
                *flag = text.parse().map_err(refused)?;
            }
            other => return Err(Problem::invalid(format!("there is no part {other:?} in a model's form"))),
        }
    }
    let Some(network) = network else {
        return Err(Problem::invalid(
            "the form has no part \"model\": give the ONNX file, as -F model=@FILE",
        ));
    };
    request.calibrated = calibration.is_some();
    let request = serde_json::to_value(&request)?;
    let inputs = calibration.as_deref().unwrap_or_default();
    let digest = digest([&*network, inputs, request.to_string().as_bytes()]);
    let job = NewJob {
        idempotency: idempotency(&headers)?,
        digest,
        ..NewJob::new(Kind::Compile, caller.owner(), request)
    };
    service.artifacts.put_given(&job.id, File::Network, network).await?;
    if let Some(calibration) = calibration {
        service.artifacts.put_given(&job.id, File::Calibration, calibration).await?;
    }
    let (status, job) = service.put_with_files(job).await?;
    Ok((status, Json(job)))
}

fn unreadable(error: &MultipartError) -> Problem {
    Problem::unreadable(error.status(), error.body_text())
}

/// List models
#[utoipa::path(
    get,
    path = "/v1/models",
    tag = "models",
    security(("key" = ["read"])),
    params(super::jobs::Asked),
    responses((status = 200, body = Jobs), (status = 422, body = Problem))
)]
pub(super) async fn list(
    State(service): State<Service>,
    Reader(caller): Reader,
    asked: Listed,
) -> Result<Json<Jobs>, Problem> {
    Ok(Json(service.jobs(&caller, Kind::Compile, asked.0).await?))
}
