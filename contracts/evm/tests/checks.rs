//! Each check of the contract by itself: what it is there for is refused, and by it; what is at its limit is not.

mod common;

use common::{deploy, honest, specs};
use revm::context::TxEnv;
use revm::context::result::{ExecutionResult, Output};
use revm::database::{CacheDB, EmptyDB};
use revm::handler::EthPrecompiles;
use revm::precompile::Precompiles;
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, Bytes, TxKind};
use revm::{Context, ExecuteCommitEvm, MainBuilder, MainContext};
use sumcast_contracts::abi::ISumcastVerifier::{self, ISumcastVerifierErrors as VerifierError};
use sumcast_contracts::abi::{IModelRegistry, KeyPart, Statement as AbiStatement};
use sumcast_contracts::alloy_sol_types::{SolCall, SolInterface};
use sumcast_contracts::{Contract, Failure, statement};
use sumcast_evm::{Chain, Outcome, Receipt, Sumcast};
use sumcast_verifier::encoding::scalar_bytes;
use sumcast_verifier::opening::denominators;
use sumcast_verifier::relation::{Challenges, ClaimList, terms_at};
use sumcast_verifier::transcript::Label;
use sumcast_verifier::vk::{
    Axis, Block, Claim, Coefficient, Form, FormTerm, Limbs, Lookup, Piece, Product, ProductTerm, Program,
    Role, Run, SrsKind, SrsPoints, TensorSpec, Visibility,
};
use sumcast_verifier::{
    Check, Fr, G1Affine, Key, ProofFile, Shape, Statement, Tensor, VerifyError, trace, verify as rust_verify,
};

fn one(piece: Piece) -> FormTerm {
    FormTerm { coefficient: Coefficient::ONE, cube: 0, piece }
}

fn ones(log: u8) -> Form {
    Form { log, terms: vec![one(Piece::One { log })] }
}

fn empty(log: u8) -> Form {
    Form { log, terms: vec![] }
}

fn tensor(visibility: Visibility, log: u8, bits: u8, len: u32) -> TensorSpec {
    TensorSpec { role: Role::Input, visibility, log, bits, fraction: 8, len }
}

fn block(log: u8, row: u16, at: u32) -> Block {
    Block { log, row, at }
}

fn limbs(log: u8, row: u16, at: u32, count: u8, width: u8, stride: u8) -> FormTerm {
    one(Piece::Limbs(Limbs { block: block(log, row, at), count, width, stride }))
}

fn run(axis: Axis, start: u8, len: u8) -> Run {
    Run { axis, start, len }
}

fn term(vars: u8, factors: Vec<u16>) -> ProductTerm {
    ProductTerm { coefficient: Coefficient::ONE, vars, eq: false, factors }
}

fn product(log: u8, linear: Option<u16>, terms: Vec<ProductTerm>) -> Product {
    Product { log, linear, terms }
}

/// Rows of 256: 0, 1 weights; 2 a committed tensor; 3, 4 witness; 5, 6 helper.
fn program() -> Program {
    Program {
        row_log: 8,
        tensors: vec![tensor(Visibility::Public, 2, 20, 3), tensor(Visibility::Committed, 2, 20, 3)],
        fixed_rows: 2,
        witness_rows: 2,
        helper_rows: 2,
        forms: vec![
            Form { log: 9, terms: vec![one(Piece::Block(block(9, 0, 2)))] },
            Form { log: 2, terms: vec![one(Piece::Public { log: 2, tensor: 0 })] },
            Form {
                log: 3,
                terms: vec![
                    one(Piece::Block(block(3, 3, 8))),
                    FormTerm { cube: 1, ..one(Piece::Block(block(2, 2, 0))) },
                    one(Piece::One { log: 3 }),
                    one(Piece::Index { log: 1 }),
                    limbs(2, 4, 4, 3, 8, 4),
                ],
            },
        ],
        claims: vec![
            Claim { form: 0, vars: 2, runs: vec![run(Axis::X, 0, 2), run(Axis::Tau, 0, 7)] },
            Claim { form: 1, vars: 2, runs: vec![run(Axis::X, 0, 2)] },
        ],
        products: vec![product(3, Some(2), vec![term(2, vec![0, 1])])],
        lookups: vec![Lookup {
            log: 3,
            table_log: 4,
            columns: vec![vec![2]],
            table: vec![],
            multiplicity: block(4, 4, 0),
            helper: block(3, 5, 8),
            table_helper: block(4, 6, 0),
        }],
    }
}

/// A program of nothing but rows.
fn bare() -> Program {
    Program { row_log: 8, witness_rows: 4, helper_rows: 4, ..Program::default() }
}

/// A lookup of the bare program: cells of 2^`log` ones, a table of 2^`table_log` entries.
fn lookup(log: u8, table_log: u8, columns: usize, arity: usize) -> Program {
    let at = |log: u8, row| block(log, row, u32::from(log > 8));
    Program {
        forms: vec![empty(log.min(32)), empty(table_log.min(32))],
        lookups: vec![Lookup {
            log,
            table_log,
            columns: vec![vec![0; arity]; columns],
            table: vec![1; arity - 1],
            multiplicity: at(table_log, 0),
            helper: at(log, 4),
            table_helper: at(table_log, 6),
        }],
        ..bare()
    }
}

/// A form of one term in the bare program.
fn form(log: u8, term: FormTerm) -> Program {
    Program { forms: vec![Form { log, terms: vec![term] }], ..bare() }
}

fn in_rows(log: u8, row: u16, at: u32) -> Program {
    form(log, one(Piece::Block(block(log, row, at))))
}

/// A lookup whose blocks are these, of this size each.
fn blocks(log: u8, m: (u16, u32), h: (u16, u32), u: (u16, u32)) -> Program {
    let mut program = lookup(log, log, 1, 1);
    program.tensors = vec![tensor(Visibility::Committed, 8, 8, 256)];
    let l = &mut program.lookups[0];
    l.multiplicity = block(log, m.0, m.1);
    l.helper = block(log, h.0, h.1);
    l.table_helper = block(log, u.0, u.1);
    program
}

/// A claim of one form of the bare program.
fn claim(log: u8, vars: u8, runs: Vec<Run>) -> Program {
    let mut program =
        Program { forms: vec![ones(log)], claims: vec![Claim { form: 0, vars, runs }], ..bare() };
    program.products = vec![product(0, None, vec![term(vars, vec![0])])];
    program
}

/// Forms that take this many steps, by a public tensor for the most part.
fn steps(count: u32) -> Program {
    let rest = 1 + 64 + 1 + 2 + 1 + 1;
    let terms = vec![
        limbs(0, 0, 0, 64, 1, 1),
        one(Piece::Block(block(2, 0, 4))),
        one(Piece::Block(block(9, 1, 2))),
        one(Piece::Index { log: 3 }),
        one(Piece::Public { log: 18, tensor: 0 }),
    ];
    Program {
        tensors: vec![tensor(Visibility::Public, 18, 8, count - rest)],
        forms: vec![Form { log: 18, terms }],
        claims: vec![Claim { form: 0, vars: 0, runs: vec![run(Axis::Tau, 0, 18)] }],
        ..bare()
    }
}

/// The same with a lookup, whose form takes two of them and whose blocks none.
fn steps_and_lookup(count: u32) -> Program {
    let mut program = steps(count - 2);
    program.forms.push(ones(3));
    program.lookups.push(Lookup {
        log: 3,
        table_log: 4,
        columns: vec![vec![1]],
        table: vec![],
        multiplicity: block(4, 3, 0),
        helper: block(3, 4, 0),
        table_helper: block(4, 5, 0),
    });
    program
}

fn key(program: Program) -> Key {
    let srs = SrsPoints { kind: SrsKind::Development, ..Key::from_bytes(&honest().0).unwrap().srs };
    let fixed = vec![G1Affine::default(); program.fixed_rows.into()];
    Key { srs, program, fixed }
}

fn with(change: impl Fn(&mut Program)) -> Program {
    let mut program = program();
    change(&mut program);
    program
}

/// What `checkKey` says.
fn part(contracts: &mut Sumcast, vk: &[u8]) -> Option<KeyPart> {
    let call = ISumcastVerifier::checkKeyCall { vk: vk.to_vec().into() };
    let receipt = contracts.evm.call(contracts.verifier, call.abi_encode().into()).unwrap();
    match receipt.outcome {
        Outcome::Returned(_) => None,
        Outcome::Reverted(Failure::Verifier(VerifierError::InvalidKey(error))) => Some(error.part),
        other => panic!("{other:?}"),
    }
}

fn compare(contracts: &mut Sumcast, what: &str, vk: &[u8], expected: Option<&KeyPart>) {
    let rust = Key::from_bytes(vk);
    assert_eq!(rust.is_err(), expected.is_some(), "{what}: {:?}", rust.err());
    assert_eq!(part(contracts, vk).as_ref(), expected, "{what}");
}

type Case = (&'static str, Option<KeyPart>, fn() -> Program);

const fn ok(what: &'static str, program: fn() -> Program) -> Case {
    (what, None, program)
}

const CASES: &[Case] = &[
    ok("all kinds of pieces", program),
    ok("nothing", bare),
    ("row length", Some(KeyPart::Header), || with(|p| p.row_log = 7)),
    ("row length", Some(KeyPart::Header), || with(|p| p.row_log = 21)),
    ok("the longest rows", || Program { row_log: 20, ..bare() }),
    ok("64 tensors", || Program { tensors: vec![tensor(Visibility::Public, 0, 8, 1); 64], ..bare() }),
    ("65 tensors", Some(KeyPart::Header), || Program {
        tensors: vec![tensor(Visibility::Public, 0, 8, 1); 65],
        ..bare()
    }),
    ok("a full tensor of most bits", || Program {
        tensors: vec![tensor(Visibility::Public, 20, 100, 1 << 20)],
        ..bare()
    }),
    ("a tensor's size", Some(KeyPart::Tensor), || Program {
        tensors: vec![tensor(Visibility::Public, 21, 8, 1)],
        ..bare()
    }),
    ("a tensor's length", Some(KeyPart::Tensor), || Program {
        tensors: vec![tensor(Visibility::Public, 2, 8, 5)],
        ..bare()
    }),
    ("a tensor's bits", Some(KeyPart::Tensor), || Program {
        tensors: vec![tensor(Visibility::Public, 2, 101, 4)],
        ..bare()
    }),
    ok("as many rows as may be", || Program {
        tensors: vec![tensor(Visibility::Committed, 20, 8, 1 << 20)],
        witness_rows: 4096,
        helper_rows: 4096,
        ..bare()
    }),
    ("too many witness rows", Some(KeyPart::Header), || Program { witness_rows: 4097, ..bare() }),
    ("too many helper rows", Some(KeyPart::Header), || Program { helper_rows: 4097, ..bare() }),
    ok("as many fixed rows as may be", || Program { fixed_rows: 4096, ..bare() }),
    ("too many fixed rows", Some(KeyPart::Header), || Program { fixed_rows: 4097, ..bare() }),
    ("too many statement rows", Some(KeyPart::Header), || Program {
        tensors: vec![tensor(Visibility::Committed, 20, 8, 1 << 20), tensor(Visibility::Committed, 0, 8, 1)],
        ..bare()
    }),
    ok("as many forms as may be", || Program { forms: vec![empty(0); 4096], ..bare() }),
    ("too many forms", Some(KeyPart::Form), || Program { forms: vec![empty(0); 4097], ..bare() }),
    ok("as many claims as may be", || Program {
        forms: vec![empty(0)],
        claims: vec![Claim { form: 0, vars: 0, runs: vec![] }; 4096],
        ..bare()
    }),
    ("too many claims", Some(KeyPart::Claim), || Program {
        forms: vec![empty(0)],
        claims: vec![Claim { form: 0, vars: 0, runs: vec![] }; 4097],
        ..bare()
    }),
    ok("as many products as may be", || Program { products: vec![product(0, None, vec![]); 4096], ..bare() }),
    ("too many products", Some(KeyPart::Product), || Program {
        products: vec![product(0, None, vec![]); 4097],
        ..bare()
    }),
    ok("as many lookups as may be", || many_lookups(64)),
    ("too many lookups", Some(KeyPart::Lookup), || many_lookups(65)),
    // Forms.
    ok("the longest form", || Program { forms: vec![empty(32)], ..bare() }),
    ("too long a form", Some(KeyPart::Form), || Program { forms: vec![empty(33)], ..bare() }),
    ("a piece longer than its form", Some(KeyPart::Form), || form(2, one(Piece::One { log: 3 }))),
    ok("the last sub-cube", || form(3, FormTerm { cube: 3, ..one(Piece::One { log: 1 }) })),
    ("a sub-cube outside", Some(KeyPart::Form), || {
        form(3, FormTerm { cube: 4, ..one(Piece::One { log: 1 }) })
    }),
    ("a sub-cube of the whole", Some(KeyPart::Form), || {
        form(3, FormTerm { cube: 1, ..one(Piece::One { log: 3 }) })
    }),
    ("no such tensor", Some(KeyPart::Form), || {
        with(|p| p.forms[1].terms[0].piece = Piece::Public { log: 2, tensor: 2 })
    }),
    ("a tensor of another size", Some(KeyPart::Form), || {
        with(|p| p.forms[1].terms[0].piece = Piece::Public { log: 1, tensor: 0 })
    }),
    ("a committed tensor as a public one", Some(KeyPart::Form), || {
        with(|p| p.forms[1].terms[0].piece = Piece::Public { log: 2, tensor: 1 })
    }),
    ok("a row", || in_rows(8, 3, 0)),
    ok("the last cells of the last row", || in_rows(2, 3, 252)),
    ("a helper row", Some(KeyPart::Form), || in_rows(2, 4, 0)),
    ("not aligned", Some(KeyPart::Form), || in_rows(2, 3, 2)),
    ("behind its row", Some(KeyPart::Form), || in_rows(2, 3, 256)),
    ok("rows to the last", || in_rows(10, 0, 4)),
    ("rows beyond the last", Some(KeyPart::Form), || in_rows(10, 1, 4)),
    ("more rows than it has", Some(KeyPart::Form), || in_rows(9, 0, 3)),
    ("no rows", Some(KeyPart::Form), || in_rows(9, 0, 0)),
    ok("one of its rows", || in_rows(9, 0, 1)),
    ok("two limbs", || form(2, limbs(2, 3, 0, 2, 0, 2))),
    ok("64 limbs that fill a row", || form(2, limbs(2, 3, 0, 64, 63, 2))),
    ("one limb", Some(KeyPart::Form), || form(2, limbs(2, 3, 0, 1, 8, 2))),
    ("no limb", Some(KeyPart::Form), || form(2, limbs(2, 3, 0, 0, 8, 2))),
    ("65 limbs", Some(KeyPart::Form), || form(0, limbs(0, 3, 0, 65, 8, 0))),
    ("limbs too wide", Some(KeyPart::Form), || form(2, limbs(2, 3, 0, 2, 64, 2))),
    ("limbs that overlap", Some(KeyPart::Form), || form(2, limbs(2, 3, 0, 2, 8, 1))),
    ("limbs further apart than a row", Some(KeyPart::Form), || form(2, limbs(2, 3, 0, 3, 8, 255))),
    ("limbs further apart than a row", Some(KeyPart::Form), || form(2, limbs(2, 3, 0, 2, 8, 9))),
    ("limbs in two rows", Some(KeyPart::Form), || form(2, limbs(2, 3, 0, 2, 8, 8))),
    ("the last limb behind its row", Some(KeyPart::Form), || form(2, limbs(2, 3, 248, 3, 8, 2))),
    ("limbs not aligned", Some(KeyPart::Form), || form(2, limbs(2, 3, 2, 2, 8, 2))),
    ("limbs in a helper row", Some(KeyPart::Form), || form(2, limbs(2, 4, 0, 2, 8, 2))),
    ("limbs longer than a row", Some(KeyPart::Form), || form(9, limbs(9, 0, 2, 2, 8, 9))),
    ("a form of no claim", Some(KeyPart::Form), || with(|p| p.forms.push(in_rows(2, 5, 0).forms[0].clone()))),
    // Claims.
    ("no such form", Some(KeyPart::Claim), || with(|p| p.claims[0].form = 3)),
    ok("all variables", || claim(32, 32, vec![run(Axis::X, 0, 32)])),
    ok("the last of tau", || claim(1, 1, vec![run(Axis::Tau, 31, 1)])),
    ("beyond tau", Some(KeyPart::Claim), || claim(1, 1, vec![run(Axis::Tau, 32, 1)])),
    ("an empty run", Some(KeyPart::Claim), || claim(1, 1, vec![run(Axis::Tau, 0, 1), run(Axis::Tau, 0, 0)])),
    ("a variable of another claim", Some(KeyPart::Claim), || claim(2, 2, vec![run(Axis::X, 1, 2)])),
    ("a variable twice", Some(KeyPart::Claim), || claim(2, 2, vec![run(Axis::X, 1, 1), run(Axis::X, 1, 1)])),
    ("too few variables", Some(KeyPart::Claim), || claim(2, 2, vec![run(Axis::X, 1, 1)])),
    ("too many variables", Some(KeyPart::Claim), || claim(1, 2, vec![run(Axis::X, 0, 2)])),
    ("too few variables", Some(KeyPart::Claim), || claim(2, 2, vec![run(Axis::X, 0, 1)])),
    ("too many variables", Some(KeyPart::Claim), || {
        claim(2, 3, vec![run(Axis::X, 0, 2), run(Axis::X, 2, 1)])
    }),
    ("nothing to bind", Some(KeyPart::Claim), || claim(0, 0, vec![run(Axis::X, 0, 0)])),
    ("nothing to bind", Some(KeyPart::Claim), || claim(0, 2, vec![run(Axis::X, 0, 0)])),
    ("more variables than the claim has", Some(KeyPart::Claim), || claim(3, 2, vec![run(Axis::X, 0, 3)])),
    ok("two runs", || claim(3, 3, vec![run(Axis::X, 0, 2), run(Axis::X, 2, 1)])),
    ok("no runs", || claim(0, 2, vec![])),
    ("more variables than S1 has", Some(KeyPart::Claim), || {
        with(|p| p.claims.push(Claim { form: 1, vars: 5, runs: p.claims[1].runs.clone() }))
    }),
    ok("as many variables as S1 has", || {
        with(|p| p.claims.push(Claim { form: 1, vars: 4, runs: p.claims[1].runs.clone() }))
    }),
    // Products.
    ok("the longest product", || Program { products: vec![product(32, None, vec![])], ..bare() }),
    ("too long a product", Some(KeyPart::Product), || Program {
        products: vec![product(33, None, vec![])],
        ..bare()
    }),
    ("no such linear part", Some(KeyPart::Product), || with(|p| p.products[0].linear = Some(3))),
    ("a linear part of another size", Some(KeyPart::Product), || with(|p| p.products[0].log = 4)),
    ("no factors", Some(KeyPart::Product), || with(|p| p.products[0].terms[0].factors.clear())),
    ok("four factors", || with(|p| p.products[0].terms[0].factors = vec![0; 4])),
    ("five factors", Some(KeyPart::Product), || with(|p| p.products[0].terms[0].factors = vec![0; 5])),
    ("no such claim", Some(KeyPart::Product), || with(|p| p.products[0].terms[0].factors[1] = 2)),
    ("a factor over other variables", Some(KeyPart::Product), || with(|p| p.products[0].terms[0].vars = 3)),
    // Lookups.
    ok("the longest lookup", || lookup(32, 32, 1, 1)),
    ("too long a column", Some(KeyPart::Lookup), || lookup(33, 1, 1, 1)),
    ("too long a table", Some(KeyPart::Lookup), || lookup(1, 33, 1, 1)),
    ok("four columns of eight components", || lookup(1, 2, 4, 8)),
    ("five columns", Some(KeyPart::Lookup), || lookup(1, 2, 5, 1)),
    ("no column", Some(KeyPart::Lookup), || lookup(1, 2, 0, 1)),
    ("nine components", Some(KeyPart::Lookup), || lookup(1, 2, 1, 9)),
    ("no such component", Some(KeyPart::Lookup), || with(|p| p.lookups[0].columns[0][0] = 3)),
    ("a component of another size", Some(KeyPart::Lookup), || with(|p| p.lookups[0].columns[0][0] = 1)),
    ("multiplicities of another size", Some(KeyPart::Lookup), || with(|p| p.lookups[0].multiplicity.log = 3)),
    ("a helper of another size", Some(KeyPart::Lookup), || with(|p| p.lookups[0].helper.log = 2)),
    ("a table's helper of another size", Some(KeyPart::Lookup), || {
        with(|p| p.lookups[0].table_helper.log = 3)
    }),
    // Row 0 is the statement's, 1 to 4 the witness's, 5 to 8 the helpers'.
    ok("blocks of a row, side by side", || blocks(8, (4, 0), (5, 0), (6, 0))),
    ok("blocks of two rows, side by side", || blocks(9, (3, 2), (5, 2), (7, 2))),
    ok("the last rows", || blocks(9, (3, 2), (7, 2), (5, 2))),
    ok("halves of a row", || blocks(7, (1, 128), (5, 128), (5, 0))),
    ok("fewer rows than there could be", || blocks(10, (1, 3), (5, 1), (6, 3))),
    ("multiplicities in the statement", Some(KeyPart::Lookup), || blocks(8, (0, 0), (5, 0), (6, 0))),
    ("multiplicities in the statement", Some(KeyPart::Lookup), || blocks(9, (0, 2), (5, 2), (7, 2))),
    ("multiplicities in helper rows", Some(KeyPart::Lookup), || blocks(8, (5, 0), (6, 0), (7, 0))),
    ("multiplicities in helper rows", Some(KeyPart::Lookup), || blocks(9, (4, 2), (5, 2), (7, 2))),
    ("multiplicities not aligned", Some(KeyPart::Lookup), || blocks(7, (4, 64), (5, 0), (6, 0))),
    ("multiplicities behind their row", Some(KeyPart::Lookup), || blocks(7, (4, 256), (5, 0), (6, 0))),
    ("multiplicities of no row", Some(KeyPart::Lookup), || blocks(9, (3, 0), (5, 2), (7, 2))),
    ("multiplicities of three rows", Some(KeyPart::Lookup), || blocks(9, (1, 3), (5, 2), (7, 2))),
    ("a helper in the witness", Some(KeyPart::Lookup), || blocks(8, (1, 0), (4, 0), (6, 0))),
    ("a helper in the witness", Some(KeyPart::Lookup), || blocks(9, (1, 2), (4, 2), (7, 2))),
    ("a helper beyond the rows", Some(KeyPart::Lookup), || blocks(8, (1, 0), (9, 0), (6, 0))),
    ("a helper beyond the rows", Some(KeyPart::Lookup), || blocks(9, (1, 2), (8, 2), (5, 2))),
    ("a table's helper in the witness", Some(KeyPart::Lookup), || blocks(8, (1, 0), (6, 0), (4, 0))),
    ("a table's helper beyond the rows", Some(KeyPart::Lookup), || blocks(8, (1, 0), (6, 0), (9, 0))),
    ("one block for both helpers", Some(KeyPart::Helpers), || blocks(8, (1, 0), (5, 0), (5, 0))),
    ("helpers that share a row", Some(KeyPart::Helpers), || blocks(9, (1, 2), (5, 2), (6, 2))),
    ("helpers that share a row", Some(KeyPart::Helpers), || blocks(9, (1, 2), (6, 2), (5, 2))),
    ("the last two helpers are one", Some(KeyPart::Helpers), || {
        let mut program = many_lookups(2);
        program.lookups[1].table_helper = program.lookups[1].helper;
        program
    }),
    // The whole.
    ok("as many steps as may be", || steps(1 << 18)),
    ("too many steps", Some(KeyPart::Steps), || steps((1 << 18) + 1)),
    ok("as many steps as may be, and a lookup", || steps_and_lookup(1 << 18)),
    ("too many steps, and a lookup", Some(KeyPart::Steps), || steps_and_lookup((1 << 18) + 1)),
    ok("masks that fill a row", || masks(256)),
    ("too many masks", Some(KeyPart::Masks), || masks(257)),
];

/// Lookups of one cell and a table of one entry each.
fn many_lookups(count: u32) -> Program {
    let lookups = (0..count).map(|i| {
        let [h, u] = [4, 5].map(|row| block(0, row, i));
        Lookup { helper: h, table_helper: u, ..lookup(0, 0, 1, 1).lookups[0].clone() }
    });
    Program { lookups: lookups.collect(), ..lookup(0, 0, 1, 1) }
}

/// Claims sent so that the mask has this many cells.
fn masks(cells: usize) -> Program {
    let mut program = claim(2, 2, vec![run(Axis::X, 0, 2)]);
    program.forms[0] = in_rows(2, 0, 0).forms[0].clone();
    let others = 1 + 2 + 2 + 16;
    program.claims = vec![program.claims[0].clone(); cells - others];
    program
}

#[test]
fn keys_are_refused_by_the_check_that_is_for_it() {
    let mut contracts = deploy(Chain::Ethereum, &honest().0);
    for (what, expected, program) in CASES {
        compare(&mut contracts, what, &key(program()).to_bytes(), expected.as_ref());
    }
}

/// Replaces bytes of a key that are there once.
fn patch(vk: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at: Vec<usize> = (135..=vk.len() - from.len()).filter(|i| vk[*i..].starts_with(from)).collect();
    assert_eq!(at.len(), 1, "{from:?}");
    [&vk[..at[0]], to, &vk[at[0] + from.len()..]].concat()
}

#[test]
fn terms_are_canonical() {
    let mut contracts = deploy(Chain::Ethereum, &honest().0);
    let scaled = |mantissa, shift, log| {
        let coefficient = Coefficient::from_parts(mantissa, shift).unwrap();
        form(9, FormTerm { coefficient, cube: 1, piece: Piece::One { log } })
    };
    let times = |mantissa, shift| {
        let coefficient = Coefficient::from_parts(mantissa, shift).unwrap();
        with(|p| p.products[0].terms[0].coefficient = coefficient)
    };
    // Of a form: head, mantissa, shift, sub-cube, piece.
    let plain = key(form(
        9,
        FormTerm { coefficient: Coefficient::from_parts(1, 200).unwrap(), ..one(Piece::One { log: 9 }) },
    ))
    .to_bytes();
    let cube = key(scaled(1, 200, 7)).to_bytes();
    let large = key(scaled(3, 200, 7)).to_bytes();
    let small = key(scaled(2, 0, 7)).to_bytes();
    let (p_plain, p_large, p_small) =
        (key(times(1, 200)).to_bytes(), key(times(3, 200)).to_bytes(), key(times(-2, 0)).to_bytes());
    let form = Some(&KeyPart::Form);
    let product = Some(&KeyPart::Product);
    for vk in [&plain, &cube, &large, &small, &p_plain, &p_large, &p_small] {
        compare(&mut contracts, "canonical", vk, None);
    }
    let cases: &[(&str, Vec<u8>, Option<&KeyPart>)] = &[
        ("shift", patch(&plain, &[0x20, 200, 9], &[0x20, 201, 9]), form),
        ("no shift", patch(&plain, &[0x20, 200, 9], &[0x20, 0, 9]), form),
        ("unknown bit", patch(&plain, &[0x20, 200, 9], &[0xa0, 200, 9]), form),
        ("piece 5", patch(&plain, &[0x20, 200, 9], &[0x25, 200, 9]), form),
        ("shift", patch(&cube, &[0x60, 200], &[0x60, 201]), form),
        ("no shift", patch(&cube, &[0x60, 200], &[0x60, 0]), form),
        ("no sub-cube", patch(&cube, &[0x60, 200, 0, 0, 0, 1], &[0x60, 200, 0, 0, 0, 0]), form),
        ("unknown bit", patch(&cube, &[0x60, 200], &[0xe0, 200]), form),
        ("even", patch(&large, &[0, 0, 0, 3, 200], &[0, 0, 0, 4, 200]), form),
        ("one", patch(&large, &[0, 0, 0, 3, 200], &[0, 0, 0, 1, 200]), form),
        ("shift", patch(&large, &[0, 0, 0, 3, 200], &[0, 0, 0, 3, 201]), form),
        ("no shift", patch(&large, &[0, 0, 0, 3, 200], &[0, 0, 0, 3, 0]), form),
        ("minus twice", patch(&large, &[0x70, 0, 0, 0, 3], &[0x78, 0, 0, 0, 3]), form),
        ("one", patch(&small, &[0x50, 0, 0, 0, 2], &[0x50, 0, 0, 0, 1]), form),
        ("zero", patch(&small, &[0x50, 0, 0, 0, 2], &[0x50, 0, 0, 0, 0]), form),
        ("minus one", patch(&small, &[0x50, 0, 0, 0, 2], &[0x50, 255, 255, 255, 255]), form),
        ("shift", patch(&p_plain, &[0x20, 200], &[0x20, 201]), product),
        ("no shift", patch(&p_plain, &[0x20, 200], &[0x20, 0]), product),
        ("even", patch(&p_large, &[0, 0, 0, 3, 200], &[0, 0, 0, 4, 200]), product),
        ("minus twice", patch(&p_large, &[0x30, 0, 0, 0, 3], &[0x38, 0, 0, 0, 3]), product),
        ("minus one", patch(&p_small, &[255, 255, 255, 254], &[255, 255, 255, 255]), product),
        ("zero", patch(&p_small, &[255, 255, 255, 254], &[0, 0, 0, 0]), product),
        ("unknown bit", patch(&p_small, &[0x10, 255, 255, 255, 254], &[0x14, 255, 255, 255, 254]), product),
    ];
    for (what, vk, expected) in cases {
        compare(&mut contracts, what, vk, *expected);
    }
    // A lookup without components, and its four bytes at the end of the key.
    let vk = key(lookup(1, 2, 1, 1)).to_bytes();
    compare(
        &mut contracts,
        "no components",
        &patch(&vk, &[1, 1, 2, 1, 1, 0, 0], &[1, 1, 2, 1, 0]),
        Some(&KeyPart::Lookup),
    );
    // The last point.
    let vk = key(program()).to_bytes();
    for (at, byte) in [(1, 3), (33, 1), (65, 1), (128, 1)] {
        let mut wrong = vk.clone();
        let at = wrong.len() - at;
        wrong[at] = byte;
        compare(&mut contracts, "no point", &wrong, Some(&KeyPart::FixedRow));
    }
    compare(&mut contracts, "shorter", &vk[..vk.len() - 1], Some(&KeyPart::End));
    compare(&mut contracts, "longer", &[vk.clone(), vec![0]].concat(), Some(&KeyPart::End));
    for (at, byte, part) in
        [(0, 0, KeyPart::Header), (5, 1, KeyPart::Header), (6, 3, KeyPart::Srs), (137, 4, KeyPart::Tensor)]
    {
        let mut wrong = vk.clone();
        wrong[at] = byte;
        compare(&mut contracts, "head", &wrong, Some(&part));
    }
    for kind in [1, 2] {
        let mut other = vk.clone();
        other[6] = kind;
        compare(&mut contracts, "kind", &other, None);
    }
    compare(&mut contracts, "no rows", &vk[..136], Some(&KeyPart::Header));
}

fn verify(contracts: &mut Sumcast, vk: &[u8], context: [u8; 32], tensors: &[u8], proof: &[u8]) -> Receipt {
    let statement = AbiStatement { context: context.into(), tensors: tensors.to_vec().into() };
    let call =
        ISumcastVerifier::verifyCall { vk: vk.to_vec().into(), statement, proof: proof.to_vec().into() };
    contracts.evm.call(contracts.verifier, call.abi_encode().into()).unwrap()
}

#[test]
fn statements_keep_their_bounds() {
    let mut contracts = deploy(Chain::Ethereum, &honest().0);
    for bits in [0u8, 1, 7, 8, 15, 20, 100] {
        let tensors = vec![tensor(Visibility::Public, 2, bits, 3), tensor(Visibility::Public, 0, 0, 1)];
        let program = Program { tensors, ..bare() };
        let proof = vec![0; Shape::of(&program).bytes()];
        let vk = key(program).to_bytes();
        let width = usize::from(bits / 8) + 1;
        let mut invalid = |values: [i128; 3], last: &[u8]| {
            let packed: Vec<u8> =
                values.iter().flat_map(|v| v.to_be_bytes()[16 - width..].to_vec()).collect();
            match verify(&mut contracts, &vk, [0; 32], &[packed, last.to_vec()].concat(), &proof).outcome {
                Outcome::Reverted(Failure::Verifier(VerifierError::OpeningFailed(_))) => None,
                Outcome::Reverted(Failure::Verifier(VerifierError::InvalidStatement(e))) => {
                    Some(e.tensor.to::<u64>())
                }
                other => panic!("{other:?}"),
            }
        };
        let most = (1i128 << bits) - 1;
        for at in 0..3 {
            for (value, expected) in [(most, None), (-most, None), (most + 1, Some(0)), (-most - 1, Some(0))]
            {
                let mut values = [0; 3];
                values[at] = value;
                assert_eq!(invalid(values, &[0]), expected, "{value} of {bits} bits");
            }
        }
        assert_eq!(invalid([0; 3], &[1]), Some(1));
        assert_eq!(invalid([0; 3], &[]), Some(2));
        assert_eq!(invalid([0; 3], &[0, 0]), Some(2));
        // The length comes first.
        assert_eq!(invalid([0; 3], &[1, 0]), Some(2));
    }
    let tensors = vec![tensor(Visibility::Committed, 9, 8, 300)];
    let vk = key(Program { tensors, ..bare() }).to_bytes();
    let mut invalid = |at: usize, byte: u8| {
        let mut points = [0; 128];
        points[at] = byte;
        match verify(&mut contracts, &vk, [0; 32], &points, &[]).outcome {
            Outcome::Reverted(Failure::Verifier(VerifierError::InvalidProofLength(_))) => None,
            Outcome::Reverted(Failure::Verifier(VerifierError::InvalidStatement(e))) => {
                Some(e.tensor.to::<u64>())
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(invalid(0, 0), None);
    for at in [0, 31, 32, 63, 64, 95, 96, 127] {
        assert_eq!(invalid(at, 1), Some(0), "byte {at}");
    }
}

/// A tensor of no form is checked, also before one that a form has.
#[test]
fn a_tensor_of_no_form_is_checked_before_others() {
    let mut contracts = deploy(Chain::Ethereum, &honest().0);
    let tensors = vec![tensor(Visibility::Public, 0, 8, 1), tensor(Visibility::Public, 0, 8, 1)];
    let forms = vec![Form { log: 0, terms: vec![one(Piece::Public { log: 0, tensor: 1 })] }];
    let program = Program { tensors, forms, ..bare() };
    let proof = vec![0; Shape::of(&program).bytes()];
    let vk = key(program).to_bytes();
    for (packed, expected) in [([1, 0, 0, 0], 0), ([0, 0, 1, 0], 1)] {
        match verify(&mut contracts, &vk, [0; 32], &packed, &proof).outcome {
            Outcome::Reverted(Failure::Verifier(VerifierError::InvalidStatement(e))) => {
                assert_eq!(e.tensor.to::<u64>(), expected);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The identity is a point: it is added and paired, and proves nothing.
#[test]
fn identities_are_points() {
    let (vk, file) = honest();
    let mut contracts = deploy(Chain::Ethereum, &vk);
    let packed = file.statement.packed(&specs(&vk));
    let program = Key::from_bytes(&vk).unwrap().program;
    let first = usize::from(program.witness_rows + program.helper_rows) + 1;
    let length = file.body.len();
    let opening = length - 32 - 128 - 256 - 320;
    let at =
        (0..first).map(|i| 64 * i).chain((0..5).map(|i| opening + 64 * i)).chain([length - 160, length - 96]);
    for at in at {
        let mut body = file.body.clone();
        body[at..at + 64].fill(0);
        let outcome = verify(&mut contracts, &vk, file.statement.context, &packed, &body).outcome;
        let expected = if at < opening {
            matches!(outcome, Outcome::Reverted(Failure::Verifier(VerifierError::ConstraintsFailed(_))))
        } else {
            matches!(outcome, Outcome::Reverted(Failure::Verifier(VerifierError::OpeningFailed(_))))
        };
        assert!(expected, "{at}: {outcome:?}");
    }
}

/// On a chain without one of the precompiles no proof is accepted, and the verifier says which is missing.
#[test]
fn a_missing_precompile_has_its_error() {
    let (vk, file) = honest();
    let tau = Key::from_bytes(&vk).unwrap().srs.tau;
    let call = ISumcastVerifier::verifyCall {
        vk: vk.clone().into(),
        statement: statement(&file.statement, &specs(&vk)),
        proof: file.body.clone().into(),
    };
    for (missing, named) in [(0u8, 0u64), (6, 7), (7, 7), (8, 8)] {
        let mut precompiles = Precompiles::default();
        let kept = Precompiles::osaka()
            .inner()
            .values()
            .filter(|p| *p.address() != Address::with_last_byte(missing));
        precompiles.extend(kept.cloned());
        let mut evm = Context::mainnet()
            .modify_cfg_chained(|cfg| cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA))
            .with_db(CacheDB::<EmptyDB>::default())
            .build_mainnet();
        evm.precompiles =
            EthPrecompiles { precompiles: Box::leak(Box::new(precompiles)), spec: SpecId::OSAKA };
        let mut transact = |kind, data: Bytes, nonce| {
            let transaction = TxEnv { gas_limit: 16_000_000, kind, data, nonce, ..TxEnv::default() };
            evm.transact_commit(transaction).unwrap()
        };
        let deployed = transact(TxKind::Create, Contract::deploy_verifier(&tau), 0);
        let ExecutionResult::Success { output: Output::Create(_, Some(verifier)), .. } = deployed else {
            panic!("{deployed:?}")
        };
        match transact(TxKind::Call(verifier), call.abi_encode().into(), 1) {
            ExecutionResult::Success { .. } => assert_eq!(missing, 0),
            ExecutionResult::Revert { output, .. } => match VerifierError::abi_decode(&output).unwrap() {
                VerifierError::PrecompileFailed(error) => assert_eq!(error.precompile.to::<u64>(), named),
                other => panic!("{missing}: {other:?}"),
            },
            other => panic!("{missing}: {other:?}"),
        }
    }
}

/// A key that is cut is refused in the part in which it ends.
#[test]
fn keys_end_where_they_end() {
    let mut contracts = deploy(Chain::Ethereum, &honest().0);
    let program = program();
    let length = |program: Program| key(Program { fixed_rows: 0, ..program }).to_bytes().len();
    // Three counts of two bytes and one of one byte follow the forms.
    let forms = length(Program { claims: vec![], products: vec![], lookups: vec![], ..program.clone() }) - 5;
    let claims = length(Program { products: vec![], lookups: vec![], ..program.clone() }) - 3;
    let products = length(Program { lookups: vec![], ..program.clone() }) - 1;
    let lookups = length(program.clone());
    let header = length(Program {
        forms: vec![],
        claims: vec![],
        products: vec![],
        lookups: vec![],
        ..program.clone()
    }) - 7;
    let vk = key(program).to_bytes();
    for cut in 135..vk.len() {
        let expected = match cut {
            _ if cut < header => KeyPart::Header,
            _ if cut < forms => KeyPart::Form,
            _ if cut < claims => KeyPart::Claim,
            _ if cut < products => KeyPart::Product,
            _ if cut > products && cut < lookups => KeyPart::Lookup,
            _ => KeyPart::End,
        };
        compare(&mut contracts, &format!("cut to {cut}"), &vk[..cut], Some(&expected));
    }
}

/// Numbers one beyond the last, where what lies behind the list in memory could be taken for one more of it.
#[test]
fn numbers_are_below_their_counts() {
    let mut contracts = deploy(Chain::Ethereum, &honest().0);
    let mut compare =
        |what, part, program| compare(&mut contracts, what, &key(program).to_bytes(), Some(&part));
    let nothing = Claim { form: 0, vars: 0, runs: vec![] };
    let base = Program { forms: vec![empty(0)], claims: vec![nothing], ..bare() };

    let runs = vec![run(Axis::X, 0, 1)];
    compare(
        "claim",
        KeyPart::Claim,
        Program { claims: vec![Claim { form: 1, vars: 1, runs }], ..base.clone() },
    );
    compare(
        "linear",
        KeyPart::Product,
        Program { products: vec![product(0, Some(1), vec![])], ..base.clone() },
    );
    compare(
        "factor",
        KeyPart::Product,
        Program { products: vec![product(0, None, vec![term(1, vec![1])])], ..base.clone() },
    );
    for (arity, column, table) in [(1, 1, 0), (2, 0, 1)] {
        let mut program = Program { lookups: lookup(0, 0, 1, arity).lookups, ..base.clone() };
        program.lookups[0].columns[0].fill(column);
        program.lookups[0].table.fill(table);
        compare("component", KeyPart::Lookup, program);
    }
}

#[test]
fn forms_are_what_their_heads_say() {
    let mut contracts = deploy(Chain::Ethereum, &honest().0);
    let vk = key(Program { forms: vec![ones(3), empty(0)], ..bare() }).to_bytes();
    compare(&mut contracts, "honest", &vk, None);
    // The last byte of the first form's only term would be the first of the second form.
    let wrong = patch(&vk, &[3, 0, 2, 0, 3, 0, 0, 0], &[3, 0, 1, 0, 3, 0, 0]);
    compare(&mut contracts, "shared", &wrong, Some(&KeyPart::Form));
    compare(&mut contracts, "open", &patch(&vk, &[3, 0, 2, 0], &[0x83, 0, 2, 0]), Some(&KeyPart::Form));
    let vk = key(in_rows(2, 3, 0)).to_bytes();
    compare(&mut contracts, "committed", &patch(&vk, &[0x82, 0, 7], &[2, 0, 7]), Some(&KeyPart::Form));
}

#[test]
fn a_verdict_can_be_asked_for() {
    let (vk, file) = honest();
    let mut contracts = deploy(Chain::Ethereum, &vk);
    let mut valid = |proof: &[u8]| {
        let statement = statement(&file.statement, &specs(&vk));
        let call =
            ISumcastVerifier::isValidCall { vk: vk.clone().into(), statement, proof: proof.to_vec().into() };
        match contracts.evm.call(contracts.verifier, call.abi_encode().into()).unwrap().outcome {
            Outcome::Returned(word) => ISumcastVerifier::isValidCall::abi_decode_returns(&word).unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert!(valid(&file.body));
    assert!(!valid(&file.body[1..]));
    for at in [31, file.body.len() / 2, file.body.len() - 1] {
        let mut wrong = file.body.clone();
        wrong[at] ^= 1;
        assert!(!valid(&wrong));
    }
}

/// What a verifier says of a proof that is well-formed.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Accepted,
    Constraints,
    Opening,
}

/// A key, and a proof of rows of zeros: the identity for every point, 0 for every scalar but the claim
/// of the mask of S1, chosen so that the constraints hold, and `j`. Where the program holds for zeros, so is that claim,
/// and the proof is accepted; else it fails at the opening. Either way a challenge more or less changes the verdict.
fn zeros(key: Key) -> (Key, ProofFile) {
    let program = &key.program;
    let statement = Statement { context: [0; 32], tensors: vec![] };
    let body = vec![0; Shape::of(program).bytes()];
    let mut file = ProofFile { model_id: key.model_id(), statement, body };
    let said = |file: &ProofFile, label: Label| -> Vec<Fr> {
        let events = trace(&key, file).1.into_iter();
        events.filter(|event| event.label == label).map(|event| event.challenge).collect()
    };
    let mut ch = Challenges {
        alpha: said(&file, Label::Witness)[0],
        beta: said(&file, Label::Beta)[0],
        lambda: said(&file, Label::Helper)[0],
        tau: said(&file, Label::Tau),
        x: vec![],
    };
    let mut claim = -ClaimList::linear(program, &file.statement, &ch).open;
    ch.x = said(&file, Label::ConstraintRound);
    ch.x.reverse();
    for x in &ch.x {
        claim *= x;
    }
    let values: Vec<Fr> =
        ClaimList::at_x(program, &file.statement, &ch).iter().map(|value| value.open).collect();
    // Behind it the rounds of S2 and the opening: seven points, eight evaluations, `j`.
    let at = file.body.len() - 32 * (2 * 7 + 8 + 1) - 64 * usize::from(program.row_log) - 32;
    file.body[at..at + 32].copy_from_slice(&scalar_bytes(&(claim - terms_at(program, &ch, &values))));
    let [zeta, z, w] = [Label::Halves, Label::Products, Label::Batch].map(|label| said(&file, label)[0]);
    let at = file.body.len() - 32;
    file.body[at..].copy_from_slice(&scalar_bytes(&(Fr::from(1) / denominators(zeta, z, w))));
    (key, file)
}

/// Each part of a key that may be the one that makes `tau` longest, alone, and a key without a single one.
#[test]
fn keys_have_as_many_challenges_as_their_parts_ask_for() {
    let with_claim =
        |vars, runs: Vec<Run>| Program { claims: vec![Claim { form: 0, vars, runs }], ..in_rows(2, 0, 0) };
    let eq = |log, vars| {
        let term = ProductTerm { eq: true, ..term(vars, vec![0]) };
        Program {
            products: vec![product(log, None, vec![term])],
            ..with_claim(vars, vec![run(Axis::X, 0, 2)])
        }
    };
    let products = |products| Program { products, ..bare() };
    let cases = [
        ("nothing", 0, true, bare()),
        ("a run", 2, true, with_claim(0, vec![run(Axis::Tau, 0, 2)])),
        ("a run", 32, true, with_claim(0, vec![run(Axis::Tau, 30, 2)])),
        ("the first run", 7, true, with_claim(0, vec![run(Axis::Tau, 6, 1), run(Axis::Tau, 2, 1)])),
        ("the second run", 7, true, with_claim(0, vec![run(Axis::Tau, 2, 1), run(Axis::Tau, 6, 1)])),
        ("a run over variables that there are", 2, true, {
            Program {
                products: vec![product(0, None, vec![term(2, vec![0])])],
                ..with_claim(2, vec![run(Axis::Tau, 0, 2)])
            }
        }),
        ("a product", 5, true, products(vec![product(5, None, vec![])])),
        ("the first product", 5, true, products([5, 3].map(|log| product(log, None, vec![])).into())),
        ("the second product", 5, true, products([3, 5].map(|log| product(log, None, vec![])).into())),
        ("a term with eq", 3, true, eq(0, 3)),
        ("a product, not its term", 4, true, eq(4, 3)),
        ("a term without eq", 0, true, {
            let mut program = eq(0, 3);
            program.products[0].terms[0].eq = false;
            program
        }),
        ("a lookup's column", 3, false, lookup(3, 2, 1, 1)),
        ("a lookup's table", 3, false, lookup(2, 3, 1, 1)),
        (
            "a linear part",
            3,
            false,
            Program {
                forms: vec![Form { log: 3, terms: vec![one(Piece::Index { log: 3 })] }],
                products: vec![product(3, Some(0), vec![])],
                ..bare()
            },
        ),
    ];
    let mut contracts = deploy(Chain::Ethereum, &honest().0);
    for (what, tau, holds, program) in cases {
        assert_eq!(program.tau_len(), tau, "{what}");
        let (key, file) = zeros(key(program));
        let rust = match rust_verify(&key, &file) {
            Ok(()) => Verdict::Accepted,
            Err(VerifyError::Rejected(Check::Constraints)) => Verdict::Constraints,
            Err(VerifyError::Rejected(Check::Opening)) => Verdict::Opening,
            other => panic!("{what}: {other:?}"),
        };
        let vk = key.to_bytes();
        let mut ask = |proof: &[u8]| match verify(&mut contracts, &vk, [0; 32], &[], proof).outcome {
            Outcome::Returned(_) => Ok(Verdict::Accepted),
            Outcome::Reverted(Failure::Verifier(error)) => match error {
                VerifierError::ConstraintsFailed(_) => Ok(Verdict::Constraints),
                VerifierError::OpeningFailed(_) => Ok(Verdict::Opening),
                VerifierError::InvalidProofLength(error) => Err(error.expected.to::<usize>()),
                other => panic!("{what}: {other:?}"),
            },
            other => panic!("{what}: {other:?}"),
        };
        assert_eq!(ask(&file.body).as_ref(), Ok(&rust), "{what}");
        assert_eq!(rust, if holds { Verdict::Accepted } else { Verdict::Opening }, "{what}");
        let length = file.body.len();
        assert_eq!(ask(&file.body[32..]), Err(length), "{what}");
        assert_eq!(ask(&[file.body, vec![0; 32]].concat()), Err(length), "{what}");
    }
}

/// The contract takes integers four at a time: each of the four, and each of those that are left.
#[test]
fn every_integer_keeps_its_bound() {
    let mut contracts = deploy(Chain::Ethereum, &honest().0);
    for (in_form, len, bits) in [false, true]
        .into_iter()
        .flat_map(|in_form| (1..=9).map(move |len| (in_form, len)))
        .flat_map(|(in_form, len)| [7, 20].map(|bits| (in_form, len, bits)))
    {
        let mut program =
            Program { tensors: vec![tensor(Visibility::Public, 4, bits, len as u32)], ..bare() };
        if in_form {
            program.forms = form(4, one(Piece::Public { log: 4, tensor: 0 })).forms;
            program.claims = vec![Claim { form: 0, vars: 0, runs: vec![run(Axis::Tau, 0, 4)] }];
        }
        let body = vec![0; Shape::of(&program).bytes()];
        let specs = program.tensors.clone();
        let key = key(program);
        let vk = key.to_bytes();
        let most = (1i128 << bits) - 1;
        let mut refused = |values: Vec<i128>| {
            let statement = Statement { context: [0; 32], tensors: vec![Tensor::Public(values)] };
            let packed = statement.packed(&specs);
            let file = ProofFile { model_id: key.model_id(), statement, body: body.clone() };
            let rust = matches!(rust_verify(&key, &file), Err(VerifyError::Tensor { .. }));
            let contract = match verify(&mut contracts, &vk, [0; 32], &packed, &body).outcome {
                Outcome::Reverted(Failure::Verifier(error)) => {
                    matches!(error, VerifierError::InvalidStatement(_))
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(contract, rust, "{len} integers of {bits} bits");
            contract
        };
        for sign in [1, -1] {
            assert!(!refused(vec![sign * most; len]));
            for at in 0..len {
                let mut values = vec![0; len];
                values[at] = sign * (most + 1);
                assert!(refused(values), "integer {at} of {len}");
            }
        }
    }
}

/// Through the registry a verdict is the verifier's, and there is none on a model that it does not know.
#[test]
fn the_registry_asks_the_verifier() {
    let (vk, file) = honest();
    let mut contracts = deploy(Chain::Ethereum, &vk);
    let key = Key::from_bytes(&vk).unwrap();
    let valid = |contracts: &mut Sumcast, model_id: [u8; 32], body: &[u8]| {
        let statement = statement(&file.statement, &specs(&vk));
        let call =
            IModelRegistry::isValidCall { modelId: model_id.into(), statement, proof: body.to_vec().into() };
        match contracts.evm.call(contracts.registry, call.abi_encode().into()).unwrap().outcome {
            Outcome::Returned(word) => IModelRegistry::isValidCall::abi_decode_returns(&word).unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert!(!valid(&mut contracts, file.model_id, &file.body));
    assert!(matches!(contracts.register(&vk).unwrap().outcome, Outcome::Returned(_)));
    let mut wrong = vec![file.body.clone(), file.body[1..].to_vec(), vec![]];
    for at in [31, file.body.len() / 2, file.body.len() - 1] {
        let mut body = file.body.clone();
        body[at] ^= 1;
        wrong.push(body);
    }
    for (i, body) in wrong.into_iter().enumerate() {
        let rust = rust_verify(&key, &ProofFile { body: body.clone(), ..file.clone() });
        assert_eq!(rust.is_ok(), i == 0);
        assert_eq!(valid(&mut contracts, file.model_id, &body), rust.is_ok(), "{i}");
    }
    assert!(!valid(&mut contracts, [7; 32], &file.body));
}

/// Limbs of two strides in one row, and the blocks they are in another of the opposite commitment: what they add to the
/// weights of the rows is the same, so that the rows cancel.
#[test]
fn limbs_are_the_blocks_they_say() {
    let times = |shift, at| FormTerm {
        coefficient: Coefficient::from_parts(1, shift).unwrap(),
        ..one(Piece::Block(block(2, 1, at)))
    };
    let terms = vec![
        limbs(2, 0, 0, 2, 8, 2),
        limbs(2, 0, 0, 2, 8, 4),
        times(0, 0),
        times(8, 4),
        times(0, 0),
        times(8, 16),
    ];
    let program = Program {
        fixed_rows: 2,
        forms: vec![Form { log: 2, terms }],
        claims: vec![Claim { form: 0, vars: 0, runs: vec![run(Axis::Tau, 0, 2)] }],
        ..bare()
    };
    let point = G1Affine::new_unchecked(1.into(), 2.into());
    let mut contracts = deploy(Chain::Ethereum, &honest().0);
    for (fixed, holds) in [(vec![point, -point], true), (vec![point, point], false)] {
        let (key, file) = zeros(Key { fixed, ..key(program.clone()) });
        assert_eq!(rust_verify(&key, &file).is_ok(), holds);
        let outcome = verify(&mut contracts, &key.to_bytes(), [0; 32], &[], &file.body).outcome;
        assert_eq!(matches!(outcome, Outcome::Returned(_)), holds, "{outcome:?}");
    }
}
