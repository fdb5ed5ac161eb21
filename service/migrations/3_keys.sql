CREATE TABLE sumcast_keys (
    id TEXT PRIMARY KEY,
    -- Whose it is: jobs belong to this name, which several keys may have.
    name TEXT NOT NULL,
    -- SHA-256 of the secret, in hexadecimal; the secret itself is nowhere.
    digest TEXT NOT NULL,
    -- Words with commas between them.
    scopes TEXT NOT NULL,
    -- Requests in a minute; as the settings have it where there is none.
    per_minute BIGINT,
    -- Milliseconds since 1970.
    created BIGINT NOT NULL,
    expires BIGINT,
    revoked BIGINT
);
CREATE INDEX sumcast_jobs_owner ON sumcast_jobs (owner, id);
-- The id of the HTTP request that asked for the job.
ALTER TABLE sumcast_jobs ADD COLUMN request_id TEXT;
-- Of a failed job: 'job' if it would fail again, 'service' if it was given up after its attempts.
ALTER TABLE sumcast_jobs ADD COLUMN cause TEXT;
-- Attempts that count no longer, since an operator has asked for the job again.
ALTER TABLE sumcast_jobs ADD COLUMN forgiven BIGINT NOT NULL DEFAULT 0;
