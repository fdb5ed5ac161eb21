CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    stage TEXT,
    -- Whose it is: the id of an API key, or empty where none is asked for.
    owner TEXT NOT NULL,
    -- The caller's name for the request, and what was asked for under that name.
    idempotency TEXT,
    digest TEXT NOT NULL,
    -- The job that made the model; none of one that makes a model.
    model TEXT,
    request TEXT NOT NULL,
    result TEXT,
    error TEXT,
    priority BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- Milliseconds since 1970.
    deadline BIGINT,
    created BIGINT NOT NULL,
    started BIGINT,
    finished BIGINT
);
CREATE UNIQUE INDEX jobs_idempotency ON jobs (owner, idempotency);
CREATE INDEX jobs_state ON jobs (state, id);
CREATE INDEX jobs_kind ON jobs (kind, id);
