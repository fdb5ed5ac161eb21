//! What attestors are to sign of posts, and what they have signed.

use super::posts::{list, read};
use super::{Store, damaged, now};
use crate::relay::Post;
use sqlx::any::AnyRow;
use sqlx::{Error, Row};
use std::str::FromStr;
use sumcast_contracts::alloy_primitives::{Address, B256};
use sumcast_contracts::{SIGNATURE_BYTES, read_signature};

/// How many are listed.
const MOST: i64 = 100;

/// What attestors are to sign of a post's proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attestation {
    /// The hash that is signed.
    pub(crate) hash: B256,
    /// The epoch that was settled last.
    pub(crate) settled_epoch: u64,
    /// The contract of the attestors.
    pub(crate) attestors: Address,
    /// How many of them have to sign.
    pub(crate) threshold: usize,
    /// Who they are, in ascending order.
    pub(crate) signers: Vec<Address>,
}

/// A signature of an attestor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) signer: Address,
    pub(crate) bytes: [u8; SIGNATURE_BYTES],
}

impl Store {
    /// Notes what is to be signed of a post's proof, in the place of what was before.
    pub(crate) async fn attest(&self, post: &Post, to_sign: &Attestation) -> Result<(), Error> {
        let put = sqlx::query(
            "INSERT INTO sumcast_attestations (post, job, hash, settled_epoch, attestors, threshold, signers) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (post) DO UPDATE SET job = excluded.job, hash = excluded.hash, \
             settled_epoch = excluded.settled_epoch, attestors = excluded.attestors, threshold = excluded.threshold, \
             signers = excluded.signers WHERE sumcast_attestations.hash <> excluded.hash OR sumcast_attestations.job <> excluded.job",
        );
        let signers: Vec<_> = to_sign.signers.iter().map(Address::to_string).collect();
        let put = put.bind(&post.id).bind(&post.job).bind(to_sign.hash.to_string());
        let put = put.bind(i64::try_from(to_sign.settled_epoch).unwrap_or(i64::MAX));
        let put = put.bind(to_sign.attestors.to_string());
        let put = put.bind(i64::try_from(to_sign.threshold).unwrap_or(i64::MAX)).bind(signers.join(","));
        put.execute(&self.pool).await.map(|_| ())
    }

    /// The posts that wait and of which something is to be signed, from the first epoch.
    pub(crate) async fn attestations(&self) -> Result<Vec<(Post, Attestation)>, Error> {
        self.to_sign("").await
    }

    /// What is to be signed of a post, if it waits.
    pub(crate) async fn attestation(&self, post: &str) -> Result<Option<Attestation>, Error> {
        Ok(self.to_sign(post).await?.pop().map(|(_, to_sign)| to_sign))
    }

    /// What is to be signed of one post, or of all, of their last proofs.
    async fn to_sign(&self, post: &str) -> Result<Vec<(Post, Attestation)>, Error> {
        let list = sqlx::query(
            "SELECT p.*, a.hash AS attestation, a.settled_epoch, a.attestors, a.threshold, a.signers \
             FROM sumcast_posts p JOIN sumcast_attestations a ON a.post = p.id AND a.job = p.job \
             WHERE p.state = 'waiting' AND (p.id = $1 OR $1 = '') ORDER BY p.epoch, p.id LIMIT $2",
        );
        let rows = list.bind(post).bind(MOST).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((read(row)?, to_sign(row)?))).collect()
    }

    /// Puts a signature of an attestor over a hash, in the place of what it has signed of the post before.
    pub(crate) async fn sign(&self, post: &str, hash: B256, signature: &Signature) -> Result<(), Error> {
        let put = sqlx::query(
            "INSERT INTO sumcast_signatures (post, signer, hash, signature, created) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (post, signer) DO UPDATE SET hash = excluded.hash, signature = excluded.signature, \
             created = excluded.created WHERE sumcast_signatures.hash <> excluded.hash",
        );
        let put = put.bind(post).bind(signature.signer.to_string()).bind(hash.to_string());
        let put = put.bind(hex::encode(signature.bytes)).bind(now());
        put.execute(&self.pool).await.map(|_| ())
    }

    /// When the last signature was given for a post of a chain that waits, or 0.
    pub(crate) async fn last_signature(&self, chain: &str) -> Result<i64, Error> {
        let last = sqlx::query(
            "SELECT COALESCE(MAX(s.created), 0) AS last FROM sumcast_signatures s JOIN sumcast_posts p ON p.id = s.post \
             WHERE p.chain = $1 AND p.state = 'waiting'",
        );
        last.bind(chain).fetch_one(&self.pool).await?.try_get("last")
    }

    /// The signatures of a post over a hash, in ascending order of the signers.
    pub(crate) async fn signatures(&self, post: &str, hash: B256) -> Result<Vec<Signature>, Error> {
        let list =
            sqlx::query("SELECT signer, signature FROM sumcast_signatures WHERE post = $1 AND hash = $2");
        let rows = list.bind(post).bind(hash.to_string()).fetch_all(&self.pool).await?;
        let read = |row: &AnyRow| {
            let bytes = read_signature(&row.try_get::<String, _>("signature")?);
            let bytes = bytes.map_err(|error| damaged("signature", error))?;
            Ok(Signature { signer: parsed(row, "signer")?, bytes })
        };
        let mut all = rows.iter().map(read).collect::<Result<Vec<_>, Error>>()?;
        all.sort_by_key(|signature: &Signature| signature.signer);
        Ok(all)
    }
}

fn to_sign(row: &AnyRow) -> Result<Attestation, Error> {
    let signers = list(row, "signers")?;
    let signers = signers.iter().map(|one| one.parse::<Address>()).collect::<Result<Vec<_>, _>>();
    Ok(Attestation {
        hash: parsed(row, "attestation")?,
        settled_epoch: row.try_get::<i64, _>("settled_epoch")?.unsigned_abs(),
        attestors: parsed(row, "attestors")?,
        threshold: usize::try_from(row.try_get::<i64, _>("threshold")?).unwrap_or(usize::MAX),
        signers: signers.map_err(|error| damaged("signers", error))?,
    })
}

fn parsed<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    row: &AnyRow,
    column: &str,
) -> Result<T, Error> {
    row.try_get::<String, _>(column)?.parse().map_err(|error: T::Err| damaged(column, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Kind;
    use crate::relay::PostKind;
    use crate::store::{NewJob, NewPost, Put};

    fn asked(job: &str, kind: PostKind) -> (NewJob, NewPost) {
        let new = NewJob { id: job.into(), ..NewJob::new(Kind::Synthesize, "", serde_json::Value::Null) };
        let [chain, topic] = ["c", "1"].map(String::from);
        let (id, members) = (format!("post of {job}"), vec!["0x1".into(), "-".into()]);
        (new, NewPost { id, chain, kind, topic, epoch: 7, worker: String::new(), members })
    }

    fn to_sign(byte: u8) -> Attestation {
        let signers = [1, 2, 3].map(Address::repeat_byte).into();
        let attestors = Address::repeat_byte(9);
        Attestation { hash: B256::repeat_byte(byte), settled_epoch: 6, attestors, threshold: 2, signers }
    }

    fn signature(signer: u8, byte: u8) -> Signature {
        Signature { signer: Address::repeat_byte(signer), bytes: [byte; SIGNATURE_BYTES] }
    }

    #[tokio::test]
    async fn signatures_are_of_one_proof() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite://{}/a.db", folder.path().display())).await.unwrap();
        let (job, new) = asked("first", PostKind::Synthesis);
        store.put_posting(&job, &new).await.unwrap();
        let post = store.post(&new.id).await.unwrap().unwrap();
        assert_eq!((post.kind, &post.members), (PostKind::Synthesis, &new.members));
        assert_eq!(store.attestation(&post.id).await.unwrap(), None);
        store.attest(&post, &to_sign(5)).await.unwrap();
        assert_eq!(store.attestation(&post.id).await.unwrap(), Some(to_sign(5)));
        assert_eq!(store.attestations().await.unwrap(), [(post.clone(), to_sign(5))]);

        // In the order of their signers, each once.
        let five = B256::repeat_byte(5);
        for signed in [signature(3, 1), signature(1, 2), signature(3, 1), signature(1, 4)] {
            store.sign(&post.id, five, &signed).await.unwrap();
        }
        let both = [signature(1, 2), signature(3, 1)];
        assert_eq!(store.signatures(&post.id, five).await.unwrap(), both);
        assert_eq!(store.signatures("another", five).await.unwrap(), []);
        assert!(store.last_signature("c").await.unwrap() >= post.created);
        assert_eq!(store.last_signature("d").await.unwrap(), 0);
        // Of another state of the topic there is something else to sign.
        store.attest(&post, &to_sign(6)).await.unwrap();
        let six = B256::repeat_byte(6);
        assert_eq!(store.signatures(&post.id, six).await.unwrap(), []);
        store.sign(&post.id, six, &signature(3, 7)).await.unwrap();
        assert_eq!(store.signatures(&post.id, six).await.unwrap(), [signature(3, 7)]);
        assert_eq!(store.signatures(&post.id, five).await.unwrap(), [signature(1, 2)]);

        // Another proof takes the place, and nothing is to be signed of the first one.
        store.refuse(&post.id, "why").await.unwrap();
        assert_eq!(store.attestations().await.unwrap(), []);
        let (job, again) = asked("second", PostKind::Synthesis);
        assert!(matches!(store.put_posting(&job, &again).await.unwrap(), Put::New(_)));
        let second = store.post(&new.id).await.unwrap().unwrap();
        assert_eq!((&*second.job, second.state.word()), ("second", "waiting"));
        assert_eq!(store.attestation(&post.id).await.unwrap(), None);
        store.attest(&second, &to_sign(6)).await.unwrap();
        assert_eq!(store.attestation(&post.id).await.unwrap(), Some(to_sign(6)));
    }

    #[tokio::test]
    async fn an_epoch_has_one_post_of_each_kind() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite://{}/a.db", folder.path().display())).await.unwrap();
        let kinds = [PostKind::Settlement, PostKind::Synthesis, PostKind::Inference];
        for kind in kinds {
            let (job, new) = asked(kind.word(), kind);
            assert!(matches!(store.put_posting(&job, &new).await.unwrap(), Put::New(_)));
            let (job, new) = asked("again", kind);
            assert!(matches!(store.put_posting(&job, &new).await.unwrap(), Put::Posted(_)));
        }
        let open = store.open_posts("c").await.unwrap();
        assert!(open.iter().map(|open| open.post.kind).eq(kinds.into_iter().rev()));
    }
}
