//! The description of the interface.

use super::Problem;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Response};
use utoipa::{OpenApi, openapi};

/// The name of the scheme in which keys are sent.
const KEY: &str = "key";

/// The kind of refusals.
const PROBLEM: &str = "application/problem+json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sumcast",
        description = "Compiles ONNX models, proves their inferences, verifies the proofs."
    ),
    components(schemas(Problem))
)]
pub(super) struct Api;

/// What all operations that ask for a key have in common.
pub(super) fn complete(openapi: &mut openapi::OpenApi) {
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.description =
        Some("A key, where the service asks for one: its operators make it by `sumcast key new`".into());
    let components = openapi.components.get_or_insert_default();
    components.security_schemes.insert(KEY.into(), SecurityScheme::Http(scheme).into());
    for operation in openapi.paths.paths.values_mut().flat_map(operations) {
        if operation.security.is_some() {
            add(operation, 400, "it cannot be read");
            if operation.request_body.is_some() {
                add(operation, 413, "its body is too large");
                add(operation, 415, "its body is of another kind");
                add(operation, 422, "its body is not what it should be");
            }
            add(operation, 401, "there is no key, or none that counts");
            add(operation, 403, "the key is not for this");
            add(operation, 408, "it has taken too long");
            add(operation, 429, "too many requests in a minute, or too many jobs wait");
            add(operation, 503, "too much is asked for at once");
        }
        refusals(operation);
    }
}

/// Says of all refusals that they are problems.
fn refusals(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let (true, RefOr::T(response)) = (status.starts_with(['4', '5']), response) {
            let content = response.content.swap_remove("application/json");
            response.content.extend(content.map(|content| (PROBLEM.to_owned(), content)));
        }
    }
}

/// Adds a way to be refused.
fn add(operation: &mut Operation, status: u16, why: &str) {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = Response::builder().description(why).content(PROBLEM, content).build();
    operation.responses.responses.entry(status.to_string()).or_insert(response.into());
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut path.get, &mut path.put, &mut path.post, &mut path.delete].into_iter().flatten()
}
