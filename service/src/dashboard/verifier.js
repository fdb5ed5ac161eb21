// The verifier, in this browser: verifier/wasm.

/** Calls an instance of the module: the answer that `verifier/wasm/src/answer.rs` describes. */
export function ask(exports, key, proof) {
  for (const [room, bytes] of [[exports.key, key], [exports.proof, proof]]) {
    // An address is an unsigned number.
    const at = room(bytes.length) >>> 0;
    if (at === 0) throw new Error('the file is larger than the memory that this browser gives');
    // Room may move the memory, so it is looked up each time.
    new Uint8Array(exports.memory.buffer).set(bytes, at);
  }
  const at = exports.verify() >>> 0;
  const answer = new Uint8Array(exports.memory.buffer, at, exports.answer_len() >>> 0);
  return JSON.parse(new TextDecoder().decode(answer));
}

let loading;

/** Loads the module once, so that proofs are verified without the network from then on. */
export function load() {
  loading ??= WebAssembly.compileStreaming(fetch('/dashboard/verifier.wasm')).catch((error) => {
    loading = undefined;
    throw new Error(`the verifier cannot be loaded: ${error.message}`);
  });
  return loading;
}

/** The verdict on a proof under a key, both bytes, with the milliseconds that it took. */
export async function verify(key, proof) {
  const module = await load();
  const { exports } = await WebAssembly.instantiate(module);
  const begun = performance.now();
  const verdict = ask(exports, key, proof);
  return { ...verdict, milliseconds: performance.now() - begun };
}

/** The real number `value / 2^fraction` of an integer in decimal, exactly, in decimal. */
export function exact(value, fraction) {
  const integer = BigInt(value);
  const digits = (integer < 0n ? -integer : integer) * 5n ** BigInt(fraction);
  const text = digits.toString().padStart(fraction + 1, '0');
  const point = text.length - fraction;
  const decimals = text.slice(point).replace(/0+$/, '');
  return (integer < 0n ? '-' : '') + text.slice(0, point) + (decimals ? `.${decimals}` : '');
}
