//! The contract gives the verdicts of the Rust verifier, on every chain, and what it costs adds up.

mod common;

use common::{deploy, honest, lines, specs, vk};
use sumcast_contracts::abi::IModelRegistry::{self, IModelRegistryErrors as RegistryError};
use sumcast_contracts::abi::ISumcastVerifier::ISumcastVerifierErrors as VerifierError;
use sumcast_contracts::alloy_primitives::B256;
use sumcast_contracts::alloy_sol_types::SolCall;
use sumcast_contracts::{Failure, statement};
use sumcast_evm::{Chain, Error, Outcome, Part, Receipt, Route, Sumcast};
use sumcast_verifier::{Key, ProofFile, Tensor};

/// The verifier's error.
fn error(receipt: &Receipt) -> VerifierError {
    match &receipt.outcome {
        Outcome::Reverted(failure @ Failure::Verifier(error)) => {
            assert!(failure.rejects_proof(), "{failure}");
            error.clone()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_proof_gets_its_verdict() {
    for chain in Chain::ALL {
        for number in ["1", "2"] {
            let vk = vk(number);
            let mut contracts = deploy(chain, &vk);
            for (_, verdict, name, file) in lines().filter(|line| line.0 == number) {
                let receipt = contracts.verify(&vk, &specs(&vk), &file, Route::Registry).unwrap();
                let expected = match (&receipt.outcome, verdict) {
                    (Outcome::Returned(_), word) => word == "accepted",
                    (_, "constraints") => matches!(error(&receipt), VerifierError::ConstraintsFailed(_)),
                    (_, "opening") => matches!(error(&receipt), VerifierError::OpeningFailed(_)),
                    _ => false,
                };
                assert!(expected, "{name}: {verdict}, {receipt:?}");
            }
        }
    }
}

#[test]
fn malformed_proofs_have_errors_that_say_where() {
    let (vk, honest) = honest();
    let mut contracts = deploy(Chain::Ethereum, &vk);
    let mut verdict = |change: &dyn Fn(&mut ProofFile)| {
        let mut file = honest.clone();
        change(&mut file);
        let receipt = contracts.verify(&vk, &specs(&vk), &file, Route::Verifier).unwrap();
        (error(&receipt), receipt.outcome.to_string())
    };
    let (error, text) = verdict(&|file| file.body.truncate(64));
    let expected = honest.body.len();
    assert!(matches!(error, VerifierError::InvalidProofLength(error) if error.found.to::<u64>() == 64));
    assert_eq!(text, format!("the proof has 64 bytes where the key asks for {expected}"));
    let (error, text) = verdict(&|file| file.body[..32].fill(0xff));
    assert!(matches!(error, VerifierError::InvalidPoint(error) if error.offset.is_zero()));
    assert_eq!(text, "malformed proof: the point at byte 0 is not on the curve");
    let (error, text) = verdict(&|file| file.statement.tensors.truncate(1));
    assert!(matches!(error, VerifierError::InvalidStatement(_)));
    assert!(text.contains("of the statement"), "{text}");
    let (error, text) = verdict(&|file| {
        let Tensor::Public(values) = &mut file.statement.tensors[0] else { panic!() };
        // One bit more than the tensor has.
        values[0] = 1 << 4;
    });
    assert!(matches!(error, VerifierError::InvalidStatement(error) if error.tensor.is_zero()));
    assert!(text.starts_with("tensor 0 of the statement"), "{text}");
    let (error, text) = verdict(&|file| file.statement.context[31] ^= 1);
    assert!(matches!(error, VerifierError::ConstraintsFailed(_)));
    assert_eq!(text, "check failed: the constraints at the sumcheck's point (section 5)");
}

#[test]
fn keys_are_refused_for_a_reason() {
    let (vk, proof) = honest();
    let mut contracts = deploy(Chain::Ethereum, &vk);
    let refused = |result: Result<Receipt, Error>| match result {
        Err(Error::Key(outcome)) => outcome.to_string(),
        other => panic!("{other:?}"),
    };
    let other = -Key::from_bytes(&vk).unwrap().srs.tau;
    let text = refused(Sumcast::deploy(Chain::Ethereum, &other).unwrap().verify(
        &vk,
        &specs(&vk),
        &proof,
        Route::Registry,
    ));
    assert!(text.contains("other parameters"), "{text}");
    let text = refused(contracts.verify(&vk[..vk.len() - 1], &specs(&vk), &proof, Route::Registry));
    assert!(text.starts_with("the verifying key is malformed"), "{text}");
    let text = refused(contracts.verify(b"no key", &specs(&vk), &proof, Route::Registry));
    assert!(text.starts_with("the verifying key is malformed: header"), "{text}");

    // A model that was never registered, and one that is twice.
    let model_id = B256::repeat_byte(7);
    let call = IModelRegistry::verifyCall {
        modelId: model_id,
        statement: statement(&proof.statement, &specs(&vk)),
        proof: proof.body.clone().into(),
    };
    let receipt = contracts.evm.call(contracts.registry, call.abi_encode().into()).unwrap();
    assert!(matches!(receipt.outcome, Outcome::Reverted(Failure::Registry(RegistryError::UnknownModel(_)))));
    assert!(receipt.outcome.to_string().contains(&"07".repeat(32)), "{}", receipt.outcome);
    assert!(matches!(contracts.register(&vk).unwrap().outcome, Outcome::Returned(_)));
    assert!(contracts.is_registered(proof.model_id).unwrap());
    let again = contracts.register(&vk).unwrap().outcome;
    assert!(
        matches!(again, Outcome::Reverted(Failure::Registry(RegistryError::ModelExists(_)))),
        "{again:?}"
    );
}

#[test]
fn gas_adds_up_at_each_chains_prices() {
    let (vk, proof) = honest();
    let of = |chain, route| deploy(chain, &vk).verify(&vk, &specs(&vk), &proof, route).unwrap();
    let [ethereum, monad] = [Chain::Ethereum, Chain::Monad].map(|chain| of(chain, Route::Registry));
    for receipt in [&ethereum, &monad] {
        let parts = receipt.parts.unwrap();
        assert_eq!(Some(parts.total()), receipt.gas);
        assert_eq!(parts.base, 21_000);
        let bytes = receipt.calldata_bytes as u64;
        assert!(parts.calldata > 4 * bytes && parts.calldata <= 16 * bytes);
        assert!(parts.keccak.gas >= 36 * parts.keccak.calls && parts.keccak.calls > 10);
        assert_eq!(parts.pairing.calls, 1);
    }
    let (on_ethereum, on_monad) = (ethereum.parts.unwrap(), monad.parts.unwrap());
    let price = |part: Part| part.gas / part.calls;
    assert_eq!(
        [on_ethereum.ec_add, on_ethereum.ec_mul, on_ethereum.pairing].map(price),
        [150, 6_000, 113_000]
    );
    assert_eq!([on_monad.ec_add, on_monad.ec_mul, on_monad.pairing].map(price), [300, 30_000, 565_000]);
    assert_eq!(on_monad.calldata, on_ethereum.calldata);

    let direct = of(Chain::Ethereum, Route::Verifier);
    assert!(direct.calldata_bytes >= ethereum.calldata_bytes + vk.len());
    let zksync = of(Chain::Zksync, Route::Registry);
    assert_eq!((zksync.gas, zksync.parts), (None, None));
    assert!(Chain::Zksync.unpriced().is_some());
}

#[test]
fn much_data_costs_its_floor() {
    let (vk, mut proof) = honest();
    let mut contracts = deploy(Chain::Ethereum, &vk);
    proof.body = vec![1; 50_000];
    let receipt = contracts.verify(&vk, &specs(&vk), &proof, Route::Verifier).unwrap();
    let parts = receipt.parts.unwrap();
    assert!(parts.floor > 500_000, "{parts:?}");
    assert_eq!(Some(parts.total()), receipt.gas);
    proof.body = vec![1; 500_000];
    assert!(matches!(contracts.verify(&vk, &specs(&vk), &proof, Route::Verifier), Err(Error::Refused(_))));
}
