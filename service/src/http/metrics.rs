//! Metrics.

use super::caller::Operator;
use super::{Problem, Service};
use crate::metrics;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

/// The text format of OpenMetrics.
const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Metrics
///
/// In the text format of OpenMetrics, as Prometheus reads it.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    security(("key" = ["operate"])),
    responses((status = 200, content_type = "application/openmetrics-text", body = String))
)]
pub(super) async fn read(
    State(service): State<Service>,
    Operator(_caller): Operator,
) -> Result<impl IntoResponse, Problem> {
    let text = metrics::text(&service.store.counts(None).await?, &service.store.totals().await?)?;
    Ok(([(header::CONTENT_TYPE, FORMAT)], text))
}
