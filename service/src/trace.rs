//! The request that is being answered, for whoever works on it.

use std::future::Future;

tokio::task_local! {
    static REQUEST: String;
}

/// Works on a request of an id.
pub(crate) async fn of<F: Future>(id: String, work: F) -> F::Output {
    REQUEST.scope(id, work).await
}

/// The id of the request that is being worked on, if there is one.
pub(crate) fn request() -> Option<String> {
    REQUEST.try_with(Clone::clone).ok()
}
