-- The network topic whose epoch it is of.
ALTER TABLE sumcast_jobs ADD COLUMN topic TEXT;
-- The request that asked for it with others.
ALTER TABLE sumcast_jobs ADD COLUMN batch TEXT;
-- Waiting jobs with the same digest here may be in one proof.
ALTER TABLE sumcast_jobs ADD COLUMN together TEXT;
-- The job that has to be at an end before this one is begun.
ALTER TABLE sumcast_jobs ADD COLUMN needs TEXT;
-- The job whose attempt does this one, too.
ALTER TABLE sumcast_jobs ADD COLUMN leader TEXT;
CREATE INDEX sumcast_jobs_topic ON sumcast_jobs (topic, id);
CREATE INDEX sumcast_jobs_batch ON sumcast_jobs (batch, id);
CREATE INDEX sumcast_jobs_together ON sumcast_jobs (together, state, id);
CREATE INDEX sumcast_jobs_needs ON sumcast_jobs (needs);
CREATE INDEX sumcast_jobs_leader ON sumcast_jobs (leader);
-- The last input of a worker's model, by the token that its offchain node asks for.
CREATE TABLE sumcast_inputs (
    token TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    model TEXT NOT NULL,
    request TEXT NOT NULL,
    -- How often it was given.
    version BIGINT NOT NULL,
    -- Milliseconds since 1970.
    updated BIGINT NOT NULL
);
