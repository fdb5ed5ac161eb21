// Compiles src/ and writes artifacts/<Contract>.json for each contract that can be deployed, and for the verifier
// artifacts/SumcastVerifier.map.json, by which its gas is told apart (map.mjs).
//
// `node build.mjs --check` writes nothing: it fails where the committed artifacts are not what src/ compiles to.
// Both fail on a warning of the compiler and on a contract that is too long to be deployed.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";
import { codeMap } from "./map.mjs";

/** EIP-170: deployed code is at most this long; ours stays below. */
const CODE_LIMIT = 24_576;

/** The contracts whose code is mapped to functions. */
const MAPPED = ["SumcastVerifier"];

/** How often code is thought to run, by which its size is weighed. As in foundry.toml. */
const RUNS = 1000;
/**
 * The verifier runs often. With less than 24,000 the compiler reads the group order from the code at each of its uses,
 * which costs 35,000 gas a proof; with 50,000 and more the code does not fit.
 */
const VERIFIER_RUNS = 25_000;

// As in foundry.toml.
const SETTINGS = {
  evmVersion: "cancun",
  viaIR: true,
  metadata: { bytecodeHash: "none" },
  remappings: ["@openzeppelin/=node_modules/@openzeppelin/"],
};

const root = dirname(fileURLToPath(import.meta.url));
const artifactsDir = join(root, "artifacts");

function sources() {
  const names = readdirSync(join(root, "src"), { recursive: true }).filter((name) => name.endsWith(".sol"));
  return names.map((name) => `src/${name.replaceAll("\\", "/")}`).sort();
}

function read(path) {
  const file = join(root, path);
  return existsSync(file) ? { contents: readFileSync(file, "utf8") } : { error: `${path}: no such file` };
}

/** One file by itself: the code of a contract depends a little on what else is compiled with it. */
function compile(path) {
  const code = ["evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.sourceMap"];
  const outputSelection = { "*": { "": ["ast"] }, [path]: { "": ["ast"], "*": ["abi", ...code] } };
  const runs = path === "src/SumcastVerifier.sol" ? VERIFIER_RUNS : RUNS;
  const input = {
    language: "Solidity",
    sources: { [path]: { content: read(path).contents } },
    settings: { ...SETTINGS, optimizer: { enabled: true, runs }, outputSelection },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: read }));
  const messages = output.errors ?? [];
  if (messages.length > 0) throw new Error(messages.map((message) => message.formattedMessage).join("\n"));
  return { sources: output.sources, contracts: output.contracts?.[path] };
}

/** The contracts of src/ that can be deployed, by name: not interfaces, libraries or abstract contracts. And the maps. */
function artifacts() {
  const found = new Map();
  const maps = new Map();
  for (const path of sources()) {
    const { sources, contracts } = compile(path);
    for (const node of sources[path].ast.nodes) {
      if (node.nodeType !== "ContractDefinition" || node.contractKind !== "contract" || node.abstract) continue;
      const { abi, evm } = contracts[node.name];
      if (found.has(node.name)) throw new Error(`two contracts are named ${node.name}`);
      found.set(node.name, {
        contractName: node.name,
        abi,
        bytecode: `0x${evm.bytecode.object}`,
        deployedBytecode: `0x${evm.deployedBytecode.object}`,
      });
      if (MAPPED.includes(node.name)) maps.set(node.name, codeMap(node.name, evm.deployedBytecode, sources));
    }
  }
  return { built: found, maps };
}

function tooLong(built) {
  let bad = false;
  for (const [name, { deployedBytecode }] of built) {
    const size = deployedBytecode.length / 2 - 1;
    console.log(`${name.padEnd(24)} ${String(size).padStart(6)} bytes`);
    if (size >= CODE_LIMIT) {
      console.error(`${name} is too long: ${size} bytes, the limit is ${CODE_LIMIT}`);
      bad = true;
    }
  }
  return bad;
}

function differences(built, committed) {
  const names = new Set([...built.keys(), ...committed.keys()]);
  return [...names].filter((name) => built.get(name) !== committed.get(name)).sort();
}

const { built, maps } = artifacts();
const text = (value) => `${JSON.stringify(value, null, 2)}\n`;
const files = new Map([
  ...[...built].map(([name, artifact]) => [`${name}.json`, text(artifact)]),
  ...[...maps].map(([name, map]) => [`${name}.map.json`, text(map)]),
]);
let failed = tooLong(built);

mkdirSync(artifactsDir, { recursive: true });
const committed = new Map(
  readdirSync(artifactsDir).map((name) => [name, readFileSync(join(artifactsDir, name), "utf8")]),
);
if (process.argv.includes("--check")) {
  for (const name of differences(files, committed)) {
    console.error(`artifacts/${name} is not what src/ compiles to: run \`npm run build\``);
    failed = true;
  }
} else {
  for (const name of committed.keys()) rmSync(join(artifactsDir, name));
  for (const [name, text] of files) writeFileSync(join(artifactsDir, name), text);
}
process.exitCode = failed ? 1 : 0;
