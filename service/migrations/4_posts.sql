-- What is to be posted: docs/relay.md.
CREATE TABLE sumcast_posts (
    id TEXT PRIMARY KEY,
    -- The job of its proof.
    job TEXT NOT NULL,
    -- Whose that is.
    owner TEXT NOT NULL,
    chain TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- In decimal.
    topic TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    worker TEXT NOT NULL,
    state TEXT NOT NULL,
    -- What holds it up, or why it was refused.
    error TEXT,
    -- Nonces that were signed for it.
    attempts BIGINT NOT NULL,
    -- The transaction that is in a block, or the one that was sent last.
    hash TEXT,
    block BIGINT,
    gas_used BIGINT,
    fee_wei TEXT,
    -- Milliseconds since 1970.
    created BIGINT NOT NULL,
    sent BIGINT,
    confirmed BIGINT
);
CREATE UNIQUE INDEX sumcast_posts_place ON sumcast_posts (chain, topic, epoch, worker);
CREATE INDEX sumcast_posts_state ON sumcast_posts (chain, state);

-- Every transaction that was ever signed for a post, before it is sent.
CREATE TABLE sumcast_transactions (
    hash TEXT PRIMARY KEY,
    post TEXT NOT NULL,
    chain TEXT NOT NULL,
    account TEXT NOT NULL,
    nonce BIGINT NOT NULL,
    -- Itself, in hexadecimal.
    raw TEXT NOT NULL,
    gas BIGINT NOT NULL,
    -- Wei for a gas, at most and for whoever makes the block.
    max_fee TEXT NOT NULL,
    tip TEXT NOT NULL,
    -- The chain's clock when it was signed, in seconds; and when its nonce was used for good, with what was paid.
    signed BIGINT NOT NULL,
    settled BIGINT,
    fee_wei TEXT
);
CREATE INDEX sumcast_transactions_post ON sumcast_transactions (post);
CREATE INDEX sumcast_transactions_settled ON sumcast_transactions (chain, settled);

-- Who works on a chain, and until when. The number goes up whenever it is taken.
CREATE TABLE sumcast_leases (
    chain TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    number BIGINT NOT NULL,
    until BIGINT NOT NULL
);
