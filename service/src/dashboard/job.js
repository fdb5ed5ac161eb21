// One job: how far it is, what came of it.

import { cancel, fileOf, follow, get, retry, save } from './api.js';
import { copied, facts, h, section, show as put } from './dom.js';
import { bytes, coins, count, kind, real, reals, span, title as headed } from './format.js';
import { about, namesOf } from './jobs.js';
import { poll } from './live.js';
import { lengths } from './plots.js';
import { ended, inOrder, progress, state, took, when } from './progress.js';
import { outcome } from './synthesis.js';
import { isProven, ofJob } from './verify.js';

/** Follows a job until it is at an end, and tells what it is at each change. */
export async function watch(id, signal, told) {
  await poll(signal, async () => {
    const job = await get(`/v1/jobs/${encodeURIComponent(id)}`, signal);
    await told(job);
    if (ended(job)) return undefined;
    await follow(id, signal, told);
    return 1;
  });
}

/** The head of a job's page. */
export function head(job, name) {
  const act = (text, ask) => {
    const button = h('button', { type: 'button', class: 'quiet', 'data-name': text, onclick: async () => {
      button.disabled = true;
      try {
        await ask(job.id);
        // As if one came here now.
        dispatchEvent(new HashChangeEvent('hashchange'));
      } catch (error) {
        button.replaceWith(h('span', { class: 'soft', role: 'alert' }, error.message));
      }
    } }, text);
    return button;
  };
  return [
    h('div', { class: 'heading' }, h('h1', {}, kind(job.kind), ' ', h('span', { class: 'soft' }, name)),
      h('div', { class: 'line', role: 'status' }, progress(job),
        !ended(job) && act('Cancel', cancel), job.state === 'failed' && act('Try again', retry))),
    job.error && h('p', { class: 'problem', role: 'alert' }, job.error),
  ];
}

/** When a job was asked for, begun and ended. */
export const times = (job) => [
  ['Asked for', when(job.created)],
  ['Took', took(job) === undefined ? undefined : span(took(job))],
  ['Attempts', job.attempts > 1 ? count(job.attempts) : undefined],
  ['Priority', job.priority ? String(job.priority) : undefined],
  ['Not after', job.deadline && when(job.deadline)],
];

/** A button that saves a file of a job. */
export function saved(text, job, file, name) {
  const button = h('button', { type: 'button', 'data-name': file, onclick: async () => {
    try {
      await save(fileOf(job.id, file), name);
    } catch (error) {
      button.after(h('span', { class: 'soft', role: 'alert' }, ' ', error.message));
    }
  } }, text);
  return button;
}

/** A value of a result or a request, of any shape. */
function value(found) {
  if (typeof found === 'number') return real(found);
  if (typeof found === 'boolean') return found ? 'yes' : 'no';
  if (typeof found === 'string') return found.length > 40 ? copied(found, 'it') : found;
  if (Array.isArray(found) && found.length && found.every((item) => typeof item === 'number')) return reals(found, 16);
  return h('pre', { tabindex: '0', 'aria-label': 'JSON' }, h('code', {}, JSON.stringify(found, null, 1)));
}

// What has a place of its own.
const ELSEWHERE = ['stages', 'model_id', 'context', 'output', 'outcome', 'prove_seconds', 'proof_bytes', 'topic', 'block_height', 'inferences'];

function result(job) {
  const found = job.result ?? {};
  const rest = Object.entries(found).filter(([name]) => !ELSEWHERE.includes(name));
  const plain = job.kind === 'settle' && found.outcome ? [['Outcome', value(found.outcome)]] : [];
  return [
    job.kind === 'synthesize' && found.outcome && section('Outcome', outcome(job)),
    (rest.length > 0 || plain.length > 0) && section('Result', facts([...plain, ...rest.map(([name, of]) => [headed(name), value(of)])])),
  ];
}

/** How far the post of a proof is, kept up to date until nothing more happens to it. */
async function posted(job, signal, place) {
  const path = `/v1/posts?job=${encodeURIComponent(job.id)}`;
  await poll(signal, async () => {
    const [post] = (await get(path, signal)).posts;
    const { chain, topic, epoch } = job.request.post;
    put(place, post ?? null, () => section('Post', facts([
      ['State', post ? [state(post.state), post.error && h('small', { class: 'why' }, post.error)] : 'another proof has its place'],
      ['Chain', h('a', { href: '#/chains' }, chain)],
      ['Topic', topic],
      ['Epoch', String(epoch)],
      ['Transaction', post?.transaction && copied(post.transaction, 'the transaction')],
      ['Block', post?.block === undefined ? undefined : count(post.block)],
      ['Gas', post?.gas_used === undefined ? undefined : count(post.gas_used)],
      ['Fee', post?.fee_wei === undefined ? undefined : `${coins(post.fee_wei)} of the chain’s coin`],
    ])));
    return ['waiting', 'sent'].includes(post?.state) ? 3 : undefined;
  });
}

function timings(stages) {
  const rows = inOrder(Object.keys(stages)).map((name) => ({ name: headed(name), size: stages[name], text: span(1000 * stages[name]) }));
  return section('Where the time went', lengths(rows));
}

/** The view of a job; that of a model is another one. */
export async function show({ root, signal, title, under, id }) {
  const place = { head: h('div'), post: h('div'), proof: h('div'), rest: h('div') };
  root.append(place.head, place.post, place.proof, place.rest);
  let [verifying, posting] = [false, false];
  await watch(id, signal, async (job) => {
    if (job.kind === 'compile') {
      location.replace(`#/models/${encodeURIComponent(id)}`);
      return;
    }
    const names = await namesOf([job], signal);
    const name = about(job, names);
    title(`${kind(job.kind)} ${name}`);
    if (job.kind === 'prove') under('/proofs');
    put(place.head, job, () => head(job, name));
    if (job.request?.post && !posting) {
      posting = true;
      posted(job, signal, place.post).catch((error) => {
        if (!signal.aborted) place.post.replaceChildren(h('p', { class: 'problem', role: 'alert' }, error.message));
      });
    }
    if (isProven(job) && !verifying) {
      verifying = true;
      const shown = h('div', {}, h('p', { class: 'soft' }, 'Loading the proof …'));
      place.proof.replaceChildren(section('Statement', shown));
      ofJob(job, signal).then((parts) => shown.replaceChildren(...parts)).catch((error) => {
        if (!signal.aborted) shown.replaceChildren(h('p', { class: 'problem', role: 'alert' }, error.message));
      });
    }
    const { prove_seconds: seconds, proof_bytes: size, stages, output } = job.result ?? {};
    put(place.rest, job, () => [
      section('Facts', facts([
        ['Id', copied(job.id, 'the id')],
        ['Model', job.model && h('a', { href: `#/models/${encodeURIComponent(job.model)}` }, names.get(job.model) || job.model)],
        ['Output', output && reals(output, 8)],
        ['Proven in', seconds === undefined ? undefined : span(1000 * seconds)],
        ['Size', size === undefined ? undefined : bytes(size)],
        ...times(job),
      ]), isProven(job) && h('div', { class: 'line' },
        saved('Save the proof', job, 'proof', `${job.id}.proof`), saved('Save its key', job, 'vk', `${job.id}.vk`))),
      result(job),
      stages && timings(stages),
      h('details', { class: 'card' }, h('summary', {}, h('h2', {}, 'Request')), value(job.request)),
    ].flat());
  });
}
