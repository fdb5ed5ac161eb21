// The module that browsers load, asked as they ask it: it is given every proof of verifier/tests/vectors/, and bytes that
// are no proof. VERIFIER_WASM names another build of it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

// As a module by its address: what is served has no package that says so.
const served = new URL('../../service/src/dashboard/verifier.js', import.meta.url);
const { ask, exact } = await import(`data:text/javascript,${encodeURIComponent(await readFile(served, 'utf8'))}`);

const committed = new URL('../../service/src/dashboard/verifier.wasm', import.meta.url);
const module = await WebAssembly.compile(await readFile(process.env.VERIFIER_WASM ?? committed));
const vectors = new URL('../tests/vectors/', import.meta.url);
const text = async (name) => (await readFile(new URL(name, vectors), 'utf8')).trim();
const unhex = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));

const keys = { 1: unhex(await text('1.vk.hex')), 2: unhex(await text('2.vk.hex')) };
const proofs = (await text('proofs.tsv')).split('\n').map((line) => {
  const [key, verdict, lie, hex] = line.split('\t');
  return { key: keys[key], verdict, lie, bytes: unhex(hex) };
});
const honest = proofs.find((proof) => proof.verdict === 'accepted');

const { exports } = await WebAssembly.instantiate(module);
const verdict = (key, proof) => ask(exports, key, proof);

test('it needs nothing of its host', () => {
  assert.deepEqual(WebAssembly.Module.imports(module), []);
  const names = WebAssembly.Module.exports(module).filter(({ kind }) => kind !== 'global').map(({ name }) => name);
  assert.deepEqual(names.sort(), ['answer_len', 'key', 'memory', 'proof', 'verify']);
});

test('every proof gets its verdict', () => {
  const errors = {
    accepted: undefined,
    constraints: "check failed: the constraints at the sumcheck's point (section 5)",
    opening: 'check failed: the opening of the claims (sections 6 and 7)',
  };
  assert.ok(proofs.length > 100);
  for (const proof of proofs) {
    const found = verdict(proof.key, proof.bytes);
    assert.equal(found.valid, proof.verdict === 'accepted', proof.lie);
    assert.equal(found.error, errors[proof.verdict], proof.lie);
    assert.equal(found.context, Buffer.from(proof.bytes.slice(6, 38)).toString('hex'));
    assert.ok(found.tensors.length > 0);
  }
});

test('a proof with another byte anywhere is refused', () => {
  for (let at = 0; at < honest.bytes.length; at += 11) {
    const wrong = honest.bytes.slice();
    wrong[at] ^= 1 << (at % 8);
    const found = verdict(honest.key, wrong);
    assert.equal(found.valid, false, `byte ${at}`);
    assert.ok(found.error, `byte ${at}`);
  }
});

test('a key with another byte is another key, or none', () => {
  for (let at = 0; at < honest.key.length; at += 5) {
    const wrong = honest.key.slice();
    wrong[at] ^= 1 << (at % 8);
    assert.equal(verdict(wrong, honest.bytes).valid, false, `byte ${at}`);
  }
});

test('what is cut off, longer, empty or noise is refused, and the next proof is verified', () => {
  const none = new Uint8Array();
  for (let length = 0; length < honest.bytes.length; length += 13) {
    assert.equal(verdict(honest.key, honest.bytes.subarray(0, length)).valid, false);
  }
  for (let length = 0; length < honest.key.length; length += 13) {
    assert.equal(verdict(honest.key.subarray(0, length), honest.bytes).valid, false);
  }
  assert.equal(verdict(honest.key, Uint8Array.of(...honest.bytes, 0)).error, 'malformed proof: 1 bytes follow the end');
  assert.deepEqual(verdict(none, none), { valid: false, error: 'this is not a Sumcast verifying key' });
  let state = 1;
  for (let round = 0; round < 200; round += 1) {
    // The head is a proof's, so that what follows is read.
    const noise = honest.bytes.slice();
    for (let at = 70; at < noise.length; at += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      noise[at] = state >>> 24;
    }
    assert.equal(verdict(honest.key, noise).valid, false);
  }
  assert.equal(verdict(honest.key, honest.bytes).valid, true);
});

test('more room than there is is told', () => {
  assert.equal(exports.key(0xffffffff), 0);
  assert.equal(exports.proof(0xf0000000), 0);
});

test('values are exact', () => {
  assert.equal(exact('3', 1), '1.5');
  assert.equal(exact('-1', 16), '-0.0000152587890625');
  assert.equal(exact('65536', 16), '1');
  assert.equal(exact('0', 24), '0');
  assert.equal(exact('-170141183460469231731687303715884105728', 0), '-170141183460469231731687303715884105728');
});
