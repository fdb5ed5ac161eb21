-- Posts of network inferences and settlements: docs/relay.md. A place is one for each kind, too.
DROP INDEX sumcast_posts_place;
CREATE UNIQUE INDEX sumcast_posts_place ON sumcast_posts (chain, kind, topic, epoch, worker);
-- Addresses by slot with commas between them, - for an absent one; of a synthesis.
ALTER TABLE sumcast_posts ADD COLUMN members TEXT;

-- What attestors are to sign of a post's proof, as the relayer has last found it on the chain.
CREATE TABLE sumcast_attestations (
    post TEXT PRIMARY KEY,
    -- The job of the proof.
    job TEXT NOT NULL,
    -- The hash that is signed.
    hash TEXT NOT NULL,
    -- The epoch that was settled last.
    settled_epoch BIGINT NOT NULL,
    -- The contract of the attestors, how many of them have to sign, and who they are, with commas between them.
    attestors TEXT NOT NULL,
    threshold BIGINT NOT NULL,
    signers TEXT NOT NULL
);

-- The last signature that each attestor has given for a post.
CREATE TABLE sumcast_signatures (
    post TEXT NOT NULL,
    signer TEXT NOT NULL,
    -- The hash that is signed.
    hash TEXT NOT NULL,
    -- In hexadecimal.
    signature TEXT NOT NULL,
    -- Milliseconds since 1970.
    created BIGINT NOT NULL,
    PRIMARY KEY (post, signer)
);
