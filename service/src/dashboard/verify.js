// Verification in this browser: of a job's proof, and of files that come from anywhere.

import { bytesOf, fileOf } from './api.js';
import { h } from './dom.js';
import { bytes } from './format.js';
import { statement, verdictLine } from './statement.js';
import { load, verify } from './verifier.js';

const read = async (file) => new Uint8Array(await file.arrayBuffer());

async function told(place, key, proof, kind) {
  try {
    const verdict = await verify(key, proof);
    place.replaceChildren(...[verdictLine(verdict), statement(verdict, kind)].flat(3).filter(Boolean));
  } catch (error) {
    place.replaceChildren(h('p', { class: 'problem', role: 'alert' }, error.message));
  }
}

/** A field for a file, with what it is for. */
function fileField(label, hint, chosen) {
  const input = h('input', { type: 'file', onchange: () => chosen(input.files[0]) });
  return { input, field: h('label', { class: 'field' }, h('span', {}, label), input, hint && h('small', {}, hint)) };
}

/** The verdict on the proof of a job that is done, by the service's key or by one of one's own. */
export async function ofJob(job, signal) {
  const place = h('div', { class: 'verdicts', 'aria-live': 'polite' }, h('p', { class: 'soft' }, 'Verifying …'));
  const [key, proof] = await Promise.all(['vk', 'proof'].map((name) => bytesOf(fileOf(job.id, name), signal)));
  const source = h('p', { class: 'soft' });
  let mine;
  const check = async () => {
    source.textContent = mine
      ? `By the key in ${mine.name}.`
      : 'By the key that this service has: take one that you trust where the service is not to be trusted.';
    await told(place, mine?.key ?? key, proof, job.kind);
  };
  const { field } = fileField('A key of your own', undefined, async (file) => {
    mine = file && { name: file.name, key: await read(file) };
    await check();
  });
  await check();
  const again = h('button', { type: 'button', onclick: check }, 'Verify again');
  return [place, h('div', { class: 'line verify' }, again, field), source];
}

/** Whether a job that is done has a proof. */
export const isProven = (job) => job.state === 'done' && job.kind !== 'compile' && job.result?.proof_bytes !== undefined;

/** The view that verifies files. */
export async function show({ root, title }) {
  title('Verify');
  const place = h('div', { class: 'verdicts', 'aria-live': 'polite' });
  const files = {};
  const chosen = (name) => async (file) => {
    files[name] = file;
    names[name].textContent = file ? `${file.name}, ${bytes(file.size)}` : '';
    place.replaceChildren();
    if (files.key && files.proof) await told(place, await read(files.key), await read(files.proof));
  };
  const names = { proof: h('output'), key: h('output') };
  const proof = fileField('Proof', 'PROOF, as prove writes it or a proof’s page saves it', chosen('proof'));
  const key = fileField('Verifying key', 'vk.bin, as compile writes it or a model’s page saves it', chosen('key'));
  const zone = h('div', { class: 'card drop' },
    h('p', {}, h('strong', {}, 'Drop a proof and its key here'), ', or choose them.'),
    h('div', { class: 'columns' },
      h('div', {}, proof.field, names.proof), h('div', {}, key.field, names.key)));
  const over = (on) => (event) => {
    event.preventDefault();
    zone.classList.toggle('over', on);
  };
  zone.addEventListener('dragover', over(true));
  zone.addEventListener('dragleave', over(false));
  zone.addEventListener('drop', async (event) => {
    over(false)(event);
    for (const file of event.dataTransfer.files) {
      const name = (await read(file.slice(0, 4))).every((byte, at) => byte === 'SCPF'.charCodeAt(at)) ? 'proof' : 'key';
      await chosen(name)(file);
    }
  });
  root.append(h('h1', {}, 'Verify'),
    h('p', { class: 'lead' }, 'The verifier runs in this browser. The files stay on this machine: nothing is sent, and once this page is there it needs no network.'),
    zone, place);
  await load();
}
