//! What is asked of the service: jobs.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Makes a model of an ONNX file.
    Compile,
    /// Proves an inference.
    Prove,
    /// Proves the network inference of an epoch.
    Synthesize,
    /// Proves the losses and regrets of an epoch.
    Settle,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It waits.
    Queued,
    /// Somebody works on it.
    Running,
    /// It has its result.
    Done,
    /// It has none, and why is its error.
    Failed,
    /// Nobody wants it any more.
    Cancelled,
}

impl State {
    /// Whether nothing more happens to it.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// By whose fault a job has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// By its own: it would again.
    Job,
    /// By the service's: it was given up after its attempts.
    Service,
}

/// A word for a value of an enum, as JSON and the database have it.
macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $type {
            /// The word for it.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What a word stands for.
            pub(crate) fn of_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

pub(crate) use words;

words!(Kind {
    Compile = "compile",
    Prove = "prove",
    Synthesize = "synthesize",
    Settle = "settle",
});
words!(Cause { Job = "job", Service = "service" });
words!(State {
    Queued = "queued",
    Running = "running",
    Done = "done",
    Failed = "failed",
    Cancelled = "cancelled",
});

/// Why a job has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// By whose fault.
    pub cause: Cause,
    /// What was wrong, in words.
    pub why: String,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Job {
    /// Its name.
    #[schema(example = "01kb2c8nq4s5v6w7x8y9z0a1b2")]
    pub id: String,
    /// What it does.
    pub kind: Kind,
    /// Whose it is; nobody's, where no keys are asked for.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// How far it is.
    pub state: State,
    /// The stage it is at, while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The model, of a proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The network topic, of a proof of its epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The request that asked for it with others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// Jobs that have the same here, and wait, may be in one proof.
    #[serde(skip)]
    pub together: Option<String>,
    /// What was asked for.
    pub request: Value,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// Why nothing came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// By whose fault it has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Jobs of a higher one go first.
    pub priority: i64,
    /// How often it was begun.
    pub attempts: i64,
    /// The attempts that count no longer, since an operator has asked for it again.
    #[serde(skip)]
    pub forgiven: i64,
    /// The HTTP request that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When it is no longer wanted, milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<i64>,
    /// When it was asked for, milliseconds since 1970.
    pub created: i64,
    /// When it was last begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<i64>,
    /// When it was done, failed or was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<i64>,
}
