// Which function of the sources each byte of a contract's code is compiled from.

/** The sources' functions: file, first byte, end, name. */
function definitions(sources) {
  const found = [];
  const visit = (node, within) => {
    if (node.nodeType === "ContractDefinition") within = node.name;
    if (node.nodeType === "FunctionDefinition") {
      const [start, length, file] = node.src.split(":").map(Number);
      found.push({ file, start, end: start + length, name: `${within}.${node.name || node.kind}` });
    }
    for (const child of node.nodes ?? []) visit(child, within);
  };
  for (const { ast } of Object.values(sources)) visit(ast, "");
  return found;
}

/** The entries of a source map of solc, one an instruction, the fields that are left out filled in. */
function* entries(sourceMap) {
  const fields = ["0", "0", "-1"];
  for (const entry of sourceMap.split(";")) {
    const given = entry.split(":");
    for (let i = 0; i < fields.length; i++) if (given[i]) fields[i] = given[i];
    yield fields.map(Number);
  }
}

/** Bytes of an instruction: those of PUSH1 to PUSH32 have an operand. */
const size = (opcode) => (opcode >= 0x60 && opcode <= 0x7f ? opcode - 0x5e : 1);

/**
 * The map of a contract: names of functions, and runs `BYTESxFUNCTION`, one after another from the first byte of the
 * deployed code on, with 0 for what is of no function, above all what the compiler adds.
 */
export function codeMap(contractName, deployed, sources) {
  const code = Buffer.from(deployed.object, "hex");
  const all = definitions(sources);
  const functions = [""];
  const runs = [];
  const add = (bytes, name) => {
    if (!functions.includes(name)) functions.push(name);
    const number = functions.indexOf(name);
    if (runs.at(-1)?.number === number) runs.at(-1).bytes += bytes;
    else runs.push({ bytes, number });
  };
  let at = 0;
  for (const [start, , file] of entries(deployed.sourceMap)) {
    const found = all.find((one) => one.file === file && one.start <= start && start < one.end);
    const bytes = Math.min(size(code[at]), code.length - at);
    add(bytes, found?.name ?? "");
    at += bytes;
  }
  if (at < code.length) add(code.length - at, "");
  return { contractName, functions, runs: runs.map(({ bytes, number }) => `${bytes}x${number}`).join(" ") };
}
