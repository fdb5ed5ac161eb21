//! Keys: the encoding is canonical, and every condition of `docs/protocol.md` 9 is checked.

use ark_ec::AffineRepr;
use sumcast_verifier::vk::{
    Axis, Block, Claim, Coefficient, Form, FormTerm, Key, Limbs, Lookup, Piece, Product, ProductTerm,
    Program, Role, Run, SrsKind, SrsPoints, TensorSpec, Visibility,
};
use sumcast_verifier::{DecodeError, Fr, G1Affine, G2Affine, KeyError, Shape};

fn one(piece: Piece) -> FormTerm {
    FormTerm { coefficient: Coefficient::ONE, cube: 0, piece }
}

fn tensor(role: Role, visibility: Visibility) -> TensorSpec {
    TensorSpec { role, visibility, log: 2, bits: 20, fraction: 8, len: 3 }
}

fn block(log: u8, row: u16, at: u32) -> Block {
    Block { log, row, at }
}

fn limbs(log: u8, row: u16, at: u32, count: u8, width: u8, stride: u8) -> FormTerm {
    let coefficient = Coefficient::new(-(5 << 20)).unwrap();
    let piece = Piece::Limbs(Limbs { block: block(log, row, at), count, width, stride });
    FormTerm { coefficient, cube: 1, piece }
}

/// Rows of 256: 0, 1 weights; 2 a committed tensor; 3, 4 witness; 5, 6 helper.
fn program() -> Program {
    let run = |axis, start, len| Run { axis, start, len };
    Program {
        row_log: 8,
        tensors: vec![tensor(Role::Input, Visibility::Public), tensor(Role::Output, Visibility::Committed)],
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
        products: vec![Product {
            log: 3,
            linear: Some(2),
            terms: vec![ProductTerm {
                coefficient: Coefficient::new(-24).unwrap(),
                vars: 2,
                eq: false,
                factors: vec![0, 1],
            }],
        }],
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

fn key() -> Key {
    let g2 = |s: u64| (G2Affine::generator() * Fr::from(s)).into();
    let g1 = |s: u64| (G1Affine::generator() * Fr::from(s)).into();
    Key {
        srs: SrsPoints { kind: SrsKind::Development, tau: g2(5) },
        program: program(),
        fixed: vec![g1(7), g1(8)],
    }
}

#[test]
fn keys_round_trip_and_every_other_encoding_is_another_key() {
    let bytes = key().to_bytes();
    assert_eq!(Key::from_bytes(&bytes), Ok(key()));
    for i in 0..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[i] ^= 1 << (i % 8);
        if let Ok(other) = Key::from_bytes(&wrong) {
            assert_eq!(other.to_bytes(), wrong, "byte {i}");
            assert_ne!(other.model_id(), key().model_id());
        }
        assert!(Key::from_bytes(&bytes[..i]).is_err(), "cut to {i}");
    }
    let longer = [bytes, vec![0]].concat();
    assert_eq!(Key::from_bytes(&longer), Err(KeyError::Encoding(DecodeError::Trailing(1))));
}

#[test]
fn a_form_says_whether_it_is_committed_and_how_long_it_is() {
    let bytes = key().to_bytes();
    // Behind the header, two tensors, three counts and the number of forms: the first form, of one block of 7 bytes.
    let first = 7 + 128 + 2 + 16 + 6 + 2;
    assert_eq!(bytes[first..first + 3], [0x80 | 9, 0, 7]);
    let with = |i: usize, v: u8| {
        let mut wrong = bytes.clone();
        wrong[first + i] = v;
        Key::from_bytes(&wrong)
    };
    assert!(matches!(with(0, 9), Err(KeyError::IllFormed { part: "form", index: 0, .. })));
    assert_eq!(with(2, 6), Err(KeyError::Encoding(DecodeError::Truncated)));
    assert!(with(2, 8).is_err());
}

#[test]
fn all_kinds_of_tensors_round_trip() {
    let tensors = [Role::Input, Role::Output].into_iter().flat_map(|role| {
        [Visibility::Public, Visibility::Committed].map(|visibility| tensor(role, visibility))
    });
    let program = Program { row_log: 8, tensors: tensors.collect(), ..Program::default() };
    let key = Key { program, fixed: vec![], ..key() };
    assert_eq!(Key::from_bytes(&key.to_bytes()), Ok(key.clone()));
    for kind in [SrsKind::Development, SrsKind::Imported, SrsKind::Ceremony] {
        let key = Key { srs: SrsPoints { kind, ..key.srs }, ..key.clone() };
        assert_eq!(Key::from_bytes(&key.to_bytes()), Ok(key));
    }
}

#[test]
fn steps_are_terms_and_rows_and_elements() {
    let with = |form: Form, claims: usize| {
        let tau = Run { axis: Axis::Tau, start: 0, len: form.log };
        Program {
            row_log: 8,
            fixed_rows: 4096,
            forms: vec![form],
            claims: vec![Claim { form: 0, vars: 0, runs: vec![tau] }; claims],
            ..Program::default()
        }
    };
    let rows = |claims| with(Form { log: 20, terms: vec![one(Piece::Block(block(20, 0, 4096)))] }, claims);
    assert_eq!(rows(63).check(), Ok(()));
    let too_many = |program: Program| match program.check() {
        Err(KeyError::IllFormed { reason, .. }) => reason.contains("too many steps"),
        _ => false,
    };
    assert!(too_many(rows(64)));
    // An offset is not a number of rows, nor is that of a block of a whole row.
    let offset = |log, at| Form { log, terms: vec![one(Piece::Block(block(log, 0, at))); 64] };
    assert_eq!(with(offset(2, 128), 33).check(), Ok(()));
    assert_eq!(with(offset(8, 0), 33).check(), Ok(()));
    let limbs = |count| {
        let piece = Piece::Limbs(Limbs { block: block(2, 0, 0), count, width: 8, stride: 2 });
        Form { log: 2, terms: vec![one(piece); 64] }
    };
    assert_eq!(with(limbs(63), 64).check(), Ok(()));
    assert!(too_many(with(limbs(64), 64)));
    assert!(too_many(with(offset(8, 0), 4096)));
}

#[test]
fn shapes_follow_from_the_program() {
    let program = program();
    assert_eq!((program.rounds(), program.tau_len(), program.degree(), program.last_degree()), (4, 7, 3, 5));
    let shape = Shape::of(&program);
    assert_eq!((shape.witness, shape.helper, shape.rows, shape.claims), (2, 2, 7, 4));
    // mu, the rounds of S1, the claims, the rounds of S2.
    assert_eq!(shape.mask, 1 + (3 * 3 + 5) + 4 + 16);
    assert_eq!(shape.bytes(), 64 * (2 + 2 + 8) + 32 * (1 + 14 + 4 + 1 + 16 + 9));
    let with = |vars, eq, factors: usize| {
        let term = ProductTerm { coefficient: Coefficient::ONE, vars, eq, factors: vec![0; factors] };
        let product = Product { log: 3, linear: None, terms: vec![term] };
        let claims = vec![Claim { form: 0, vars, runs: vec![Run { axis: Axis::Tau, start: 2, len: 9 }] }];
        let program = Program { products: vec![product], claims, ..Program::default() };
        (program.rounds(), program.degree(), program.last_degree(), program.tau_len())
    };
    assert_eq!(with(0, false, 1), (1, 2, 3, 11));
    assert_eq!(with(0, true, 3), (1, 4, 7, 11));
    assert_eq!(with(2, false, 3), (2, 3, 6, 11));
    assert_eq!(with(2, true, 3), (2, 4, 7, 11));
    assert_eq!(with(14, true, 1), (14, 2, 3, 14));
    assert_eq!(with(14, false, 1), (14, 2, 2, 11));
}

#[test]
fn heads_are_checked() {
    let bytes = key().to_bytes();
    let with = |i: usize, v: u8| {
        let mut wrong = bytes.clone();
        wrong[i] = v;
        Key::from_bytes(&wrong)
    };
    assert_eq!(with(0, b'X'), Err(KeyError::Magic));
    assert_eq!(with(5, 1), Err(KeyError::Version(1)));
    assert!(matches!(with(6, 3), Err(KeyError::IllFormed { part: "srs", .. })));
    assert!(matches!(Key::from_bytes(&[]), Err(KeyError::Magic)));
}

#[test]
fn coefficients_are_canonical() {
    assert_eq!(Coefficient::new(0), None);
    assert_eq!(Coefficient::new(-24).unwrap().parts(), (-3, 3));
    assert_eq!(Coefficient::new(1i128 << 100).unwrap().parts(), (1, 100));
    assert_eq!(Coefficient::new((1 << 40) + 1), None);
    assert_eq!(Coefficient::from_parts(2, 1), None);
    assert_eq!(Coefficient::from_parts(0, 0), None);
    assert_eq!(Coefficient::from_parts(1, 201), None);
    assert!(Coefficient::from_parts(2, 0).is_some());
    assert_eq!(Coefficient::new(-24).unwrap().field(), -Fr::from(24u64));
}

/// A change to the program, and what it breaks.
type Break = (&'static str, fn(&mut Program));

const BREAKS: &[Break] = &[
    ("row length outside", |p| p.row_log = 7),
    ("row length outside", |p| p.row_log = 21),
    ("too many rows", |p| p.witness_rows = 5000),
    ("too many rows", |p| {
        p.tensors[1] = TensorSpec { log: 20, len: 1 << 20, ..p.tensors[1] };
        p.tensors.extend([p.tensors[1]; 1]);
    }),
    ("more entries", |p| p.tensors = vec![p.tensors[0]; 65]),
    ("more entries", |p| p.forms = vec![p.forms[1].clone(); 4097]),
    ("more entries", |p| p.claims = vec![p.claims[1].clone(); 4097]),
    ("more entries", |p| p.products = vec![p.products[0].clone(); 4097]),
    ("more entries", |p| p.lookups = vec![p.lookups[0].clone(); 65]),
    ("longer than its log size", |p| p.tensors[0].len = 5),
    ("longer than its log size", |p| p.tensors[0].log = 21),
    ("too many bits", |p| p.tensors[0].bits = 101),
    ("a piece longer than its form", |p| p.forms[2].log = 2),
    ("too long", |p| p.forms[2].log = 33),
    ("a sub-cube outside the form", |p| p.forms[2].terms[3].cube = 4),
    ("its terms take too many bytes", |p| p.forms[1].terms = vec![p.forms[1].terms[0]; 21_846]),
    ("no such tensor", |p| p.forms[1].terms[0].piece = Piece::Public { log: 2, tensor: 2 }),
    ("not the tensor's log size", |p| {
        p.forms[1].terms[0].piece = Piece::Public { log: 1, tensor: 0 };
    }),
    ("a committed tensor has no public piece", |p| {
        p.forms[1].terms[0].piece = Piece::Public { log: 2, tensor: 1 };
    }),
    ("block not aligned", |p| p.forms[2].terms[0].piece = Piece::Block(block(3, 3, 4))),
    ("block not aligned", |p| p.forms[2].terms[0].piece = Piece::Block(block(3, 3, 256))),
    ("row count outside", |p| p.forms[0].terms[0].piece = Piece::Block(block(9, 0, 0))),
    ("row count outside", |p| p.forms[0].terms[0].piece = Piece::Block(block(9, 0, 3))),
    // A form may use no helper row.
    ("block outside its rows", |p| p.forms[2].terms[0].piece = Piece::Block(block(3, 5, 0))),
    ("block outside its rows", |p| p.forms[0].terms[0].piece = Piece::Block(block(9, 4, 2))),
    ("block outside its rows", |p| p.forms[2].terms[4] = limbs(2, 5, 4, 3, 8, 2)),
    ("block not aligned", |p| p.forms[2].terms[4] = limbs(2, 4, 2, 3, 8, 2)),
    ("limbs outside the limits", |p| p.forms[2].terms[4] = limbs(2, 4, 4, 1, 8, 2)),
    ("limbs outside the limits", |p| p.forms[2].terms[4] = limbs(0, 4, 0, 65, 8, 0)),
    ("limbs outside the limits", |p| p.forms[2].terms[4] = limbs(2, 4, 4, 3, 65, 2)),
    ("limbs that overlap", |p| p.forms[2].terms[4] = limbs(2, 4, 4, 3, 8, 1)),
    ("limbs further apart than a row", |p| p.forms[2].terms[4] = limbs(2, 4, 0, 2, 8, 9)),
    ("limbs beyond their row", |p| p.forms[2].terms[4] = limbs(2, 4, 248, 3, 8, 2)),
    ("limbs beyond their row", |p| p.forms[2].terms[4] = limbs(2, 4, 128, 3, 8, 6)),
    ("limbs beyond their row", |p| p.forms[2].terms[4] = limbs(2, 4, 0, 2, 8, 8)),
    ("limbs longer than a row", |p| {
        p.forms[0].terms[0] = FormTerm { cube: 0, ..limbs(9, 0, 2, 2, 8, 9) };
    }),
    ("no such form", |p| p.claims[0].form = 3),
    ("more variables than the sumcheck has", |p| p.claims[0].vars = 5),
    ("a run outside the limits", |p| p.claims[0].runs[1].len = 33),
    ("a run outside the limits", |p| {
        p.claims[0].runs.push(Run { axis: Axis::Tau, start: 0, len: 0 });
    }),
    ("a variable the claim does not range over", |p| p.claims[1].runs[0].start = 1),
    ("a variable bound twice", |p| {
        p.claims[1].runs = [Run { axis: Axis::X, start: 0, len: 1 }; 2].to_vec();
    }),
    ("a variable bound twice", |p| {
        p.claims[1].runs = [Run { axis: Axis::X, start: 1, len: 1 }; 2].to_vec();
    }),
    ("the binding's length", |p| p.claims[0].runs[1].len = 6),
    ("too many output variables", |p| p.products[0].log = 33),
    ("no such form", |p| p.products[0].linear = Some(9)),
    ("the linear part's size", |p| p.products[0].log = 4),
    ("a term without factors", |p| p.products[0].terms[0].factors.clear()),
    ("a term without factors or with too many", |p| p.products[0].terms[0].factors = vec![0; 5]),
    ("no such claim", |p| p.products[0].terms[0].factors[0] = 2),
    ("a factor over other variables", |p| p.products[0].terms[0].vars = 3),
    ("too long", |p| p.lookups[0].log = 33),
    ("too long", |p| p.lookups[0].table_log = 33),
    ("columns or components", |p| p.lookups[0].columns = vec![vec![2]; 5]),
    ("columns or components", |p| p.lookups[0].table = vec![2; 8]),
    ("columns or components", |p| p.lookups[0].columns.clear()),
    ("a column without all components", |p| p.lookups[0].columns[0].push(2)),
    ("a component of another size", |p| p.lookups[0].columns[0][0] = 1),
    ("a table component of another size", |p| {
        p.lookups[0].columns[0].push(2);
        p.lookups[0].table = vec![2];
    }),
    ("not the table's size", |p| p.lookups[0].multiplicity = block(3, 4, 0)),
    ("not the table's size", |p| p.lookups[0].table_helper = block(3, 6, 0)),
    ("not the columns' size", |p| p.lookups[0].helper = block(2, 5, 8)),
    // Multiplicities in a helper row would be chosen after the challenge.
    ("block outside its rows", |p| p.lookups[0].multiplicity = block(4, 5, 0)),
    ("block in rows of another group", |p| p.lookups[0].multiplicity = block(4, 2, 0)),
    ("block in rows of another group", |p| p.lookups[0].helper = block(3, 4, 8)),
    ("block outside its rows", |p| p.lookups[0].table_helper = block(4, 7, 0)),
    ("two of them overlap", |p| p.lookups[0].helper = block(3, 6, 8)),
    ("too many steps", |p| {
        p.forms[0].terms = vec![p.forms[0].terms[0]; 4096];
        p.claims = vec![p.claims[0].clone(); 64];
    }),
    ("too many steps", |p| {
        p.tensors[0] = TensorSpec { log: 17, len: 1 << 17, ..p.tensors[0] };
        p.forms[1] = Form { log: 17, terms: vec![one(Piece::Public { log: 17, tensor: 0 })] };
        p.claims[1] = Claim { form: 1, vars: 17, runs: vec![Run { axis: Axis::X, start: 0, len: 17 }] };
        p.products[0].terms[0] = ProductTerm { vars: 17, factors: vec![1], ..p.products[0].terms[0].clone() };
        p.claims.push(p.claims[1].clone());
    }),
    ("too short for the masks", |p| p.claims = vec![p.claims[0].clone(); 300]),
];

#[test]
fn ill_formed_programs_are_refused() {
    assert_eq!(program().check(), Ok(()));
    for (i, (expected, change)) in BREAKS.iter().enumerate() {
        let mut wrong = program();
        change(&mut wrong);
        match wrong.check() {
            Err(KeyError::IllFormed { reason, .. }) => {
                assert!(reason.contains(expected), "{i}: {reason:?} is not {expected:?}");
            }
            other => panic!("{i}: {expected}: {other:?}"),
        }
    }
}
