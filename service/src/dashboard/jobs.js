// Lists of jobs.

import { get, modelName } from './api.js';
import { NONE, curl, empty, h, show as put, table } from './dom.js';
import { bytes, ends, kind, plain, reals, short, span } from './format.js';
import { poll } from './live.js';
import { progress, took, when } from './progress.js';

const STATES = ['queued', 'running', 'done', 'failed', 'cancelled'];

/** Where a job is shown. */
export const href = (job) => `#/${job.kind === 'compile' ? 'models' : 'jobs'}/${encodeURIComponent(job.id)}`;

/** What a job is about, as far as its row says. */
export function about(job, names) {
  if (job.kind === 'compile') return job.request?.name || 'without a name';
  if (job.topic) return `topic ${job.topic}${job.result?.block_height === undefined ? '' : `, epoch ${job.result.block_height}`}`;
  if (job.model) return names.get(job.model) || `model ${short(job.model)}`;
  return short(job.id);
}

/** The names of the models that jobs are of. */
export async function namesOf(jobs, signal) {
  const models = [...new Set(jobs.map((job) => job.model).filter(Boolean))];
  // A model that is gone has no name.
  const found = await Promise.all(models.map((id) => modelName(id, signal).catch(() => '')));
  return new Map(models.map((id, at) => [id, found[at]]));
}

/** A table of jobs of any kind. */
export function jobTable(caption, jobs, names) {
  return table(caption, [
    { title: 'Job', class: 'lead', cell: (job) => h('a', { href: href(job) }, h('b', {}, kind(job.kind)), ' ', h('span', { class: 'soft' }, about(job, names))) },
    { title: 'State', class: 'grow', cell: progress },
    { title: 'Asked for', class: 'number', cell: (job) => when(job.created) },
    { title: 'Took', class: 'number', cell: (job) => (took(job) === undefined ? NONE : span(took(job))) },
  ], jobs);
}

/** A table of proofs. */
export function proofTable(jobs, names) {
  return table('Proofs', [
    { title: 'Proof', class: 'lead', cell: (job) => h('a', { href: href(job) }, h('b', {}, about(job, names)), ' ', h('code', { class: 'soft', title: job.id }, short(job.id))) },
    { title: 'State', cell: progress },
    { title: 'Output', class: 'number', cell: (job) => (job.result?.output ? reals(job.result.output, 2) : NONE) },
    { title: 'Context', cell: (job) => context(job.result?.context ?? job.request?.context) },
    { title: 'Size', class: 'number', cell: (job) => (job.result ? bytes(job.result.proof_bytes) : NONE) },
    { title: 'Proven in', class: 'number', cell: (job) => (job.result ? span(1000 * job.result.prove_seconds) : NONE) },
    { title: 'Asked for', class: 'number', cell: (job) => when(job.created) },
  ], jobs);
}

/** The context of a proof, short; all zeros are none. */
function context(hex) {
  if (!hex) return NONE;
  return /^0*$/.test(hex) ? h('span', { class: 'soft' }, 'none') : h('code', { title: hex }, ends(hex));
}

/**
 * A page of a list, kept up to date, with links to those before and after it. `path` is what is asked for, `at` the address
 * of the view, `view` shows jobs, and `none` says what to do where there are none.
 */
export async function list({ root, signal, query }, { path, at, none, view }) {
  const [place, pages] = [h('div'), h('p', { class: 'line' })];
  root.append(place, pages);
  const address = (before) => {
    const asked = new URLSearchParams([...query].filter(([name]) => name !== 'before'));
    if (before) asked.set('before', before);
    return `#${at}${asked.size ? `?${asked}` : ''}`;
  };
  const asked = new URLSearchParams({ limit: 25 });
  if (query.has('before')) asked.set('before', query.get('before'));
  await poll(signal, async () => {
    const found = await get(`${path}${path.includes('?') ? '&' : '?'}${asked}`, signal);
    const names = await namesOf(found.jobs, signal);
    put(place, [found, [...names]], ([{ jobs }]) => (jobs.length ? h('div', { class: 'card flush' }, view(jobs, names)) : none()));
    put(pages, found.next ?? '', (next) => [
      query.has('before') && h('a', { href: address() }, 'Newest'),
      next && h('a', { href: address(next) }, 'Older'),
    ]);
    return found.jobs.some((job) => ['queued', 'running'].includes(job.state)) ? 2 : 5;
  });
}

/** The kinds of jobs that this service knows, by its own description. */
async function kinds(signal) {
  try {
    const found = (await get('/openapi.json', signal)).components.schemas.Kind.enum;
    return found.filter((word) => typeof word === 'string');
  } catch {
    return ['compile', 'prove'];
  }
}

function choice(name, label, words, chosen, word) {
  const options = ['', ...words].map((value) =>
    h('option', { value, selected: value === chosen }, value === '' ? 'all' : word(value)));
  return h('label', {}, label, ' ', h('select', { name, 'data-name': name }, options));
}

/** The view of all jobs. */
export async function show(context) {
  const { root, signal, title, query } = context;
  title('Jobs');
  const [of, state] = [query.get('kind') ?? '', query.get('state') ?? ''];
  const form = h('form', { class: 'line filter' },
    choice('kind', 'Kind', await kinds(signal), of, kind), choice('state', 'State', STATES, state, (word) => plain(word)));
  form.addEventListener('change', () => {
    const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    location.hash = `#/jobs${asked.size ? `?${asked}` : ''}`;
  });
  root.append(h('div', { class: 'heading' }, h('h1', {}, 'Jobs'), form));
  const asked = new URLSearchParams([...query].filter(([name]) => ['kind', 'state'].includes(name)));
  await list(context, {
    at: '/jobs',
    path: `/v1/jobs${asked.size ? `?${asked}` : ''}`,
    view: (jobs, names) => jobTable('Jobs', jobs, names),
    none: () => asked.size
      ? empty(`There are no ${['jobs', of && 'of this kind', state && `that are ${state}`].filter(Boolean).join(' ')}.`)
      : empty('Nothing has been asked for yet. Begin with a model: upload one under Models, or from a shell.',
        curl('/v1/models', '-F model=@model.onnx -F calibrate=@inputs.json')),
  });
}

/** The view of proofs. */
export async function showProofs(context) {
  context.title('Proofs');
  context.root.append(h('div', { class: 'heading' }, h('h1', {}, 'Proofs')));
  await list(context, {
    at: '/proofs',
    path: '/v1/proofs',
    view: proofTable,
    none: () => empty('There are no proofs yet. Ask for one on the page of a model, or from a shell.',
      curl('/v1/proofs', `--json '{"model": "ID", "input": [..]}'`)),
  });
}
