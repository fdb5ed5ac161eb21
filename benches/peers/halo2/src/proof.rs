//! Keys, proofs and their verification: KZG over BN254 with SHPLONK and a Blake2b transcript.

use halo2_axiom::{
    plonk::{Error, ProvingKey, create_proof, keygen_pk, keygen_vk, verify_proof},
    poly::kzg::{
        commitment::{KZGCommitmentScheme, ParamsKZG},
        multiopen::{ProverSHPLONK, VerifierSHPLONK},
        strategy::SingleStrategy,
    },
    transcript::{Blake2bRead, Blake2bWrite, Challenge255, TranscriptReadBuffer, TranscriptWriterBuffer},
};
use halo2curves::bn256::{Bn256, Fr, G1Affine};
use rand_core::OsRng;

use crate::circuit::DenseCircuit;

/// The SRS.
pub type Params = ParamsKZG<Bn256>;
/// The proving key.
pub type Key = ProvingKey<G1Affine>;

/// An SRS for measurements only: whoever runs this could know its secret.
pub fn test_only_params(k: u32) -> Params {
    Params::setup(k, OsRng)
}

/// The proving and verifying keys of a network in a layout.
///
/// # Errors
/// When the circuit does not fit the SRS.
pub fn keygen(params: &Params, circuit: &DenseCircuit<'_>) -> Result<Key, Error> {
    let vk = keygen_vk(params, circuit)?;
    keygen_pk(params, vk, circuit)
}

/// A proof that the network maps the input to the output, both in `instance`.
///
/// # Errors
/// When the witness does not fit a lookup table.
pub fn prove(
    params: &Params,
    key: &Key,
    circuit: DenseCircuit<'_>,
    instance: &[Fr],
) -> Result<Vec<u8>, Error> {
    let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new());
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        params,
        key,
        &[circuit],
        &[&[instance]],
        OsRng,
        &mut transcript,
    )?;
    Ok(transcript.finalize())
}

/// Whether `proof` shows `instance`.
pub fn verify(params: &Params, key: &Key, proof: &[u8], instance: &[Fr]) -> bool {
    let mut transcript = Blake2bRead::<_, G1Affine, Challenge255<_>>::init(proof);
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        params,
        key.get_vk(),
        SingleStrategy::new(params),
        &[&[instance]],
        &mut transcript,
    )
    .is_ok()
}
