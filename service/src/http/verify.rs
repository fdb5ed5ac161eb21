//! Verification.

use super::body::Asking;
use super::caller::Reader;
use super::{Problem, Service};
use crate::artifacts::File;
use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sumcast_verifier::{Key, ProofFile, verify};
use utoipa::{IntoParams, ToSchema};

/// By which key the proof is to be valid.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    /// The job that has the key: the model's, or the proof's own
    job: String,
}

/// Whether a proof is valid.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Verdict {
    valid: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    model_id: String,
}

/// Verify a proof
///
/// The body is the file of a proof with its statement.
#[utoipa::path(
    post,
    path = "/v1/verify",
    tag = "proofs",
    security(("key" = ["read"])),
    params(Of),
    request_body(content = [u8], content_type = "application/octet-stream"),
    responses((status = 200, body = Verdict), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub(super) async fn check(
    State(service): State<Service>,
    Reader(caller): Reader,
    Asking(of): Asking<Of>,
    proof: Bytes,
) -> Result<Json<Verdict>, Problem> {
    let bytes = service.made(&caller, &of.job, File::Key).await?;
    let verdict = tokio::task::spawn_blocking(move || -> anyhow::Result<Verdict> {
        let key = Key::from_bytes(&bytes)?;
        let found = ProofFile::from_bytes(&proof).and_then(|file| verify(&key, &file));
        let error = found.err().map(|error| error.to_string());
        Ok(Verdict { valid: error.is_none(), error, model_id: hex::encode(key.model_id()) })
    });
    Ok(Json(verdict.await??))
}
