-- The queue has a table of the name jobs.
CREATE TABLE sumcast_jobs (
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
CREATE UNIQUE INDEX sumcast_jobs_idempotency ON sumcast_jobs (owner, idempotency);
CREATE INDEX sumcast_jobs_state ON sumcast_jobs (state, id);
CREATE INDEX sumcast_jobs_kind ON sumcast_jobs (kind, id);
