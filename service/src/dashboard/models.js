// Models.

import { get, getIfAny } from './api.js';
import { NONE, copied, curl, empty, facts, h, section, show as put, table } from './dom.js';
import { bytes, count, ends, title as headed } from './format.js';
import { prove, upload } from './forms.js';
import { head, saved, times, watch } from './job.js';
import { href, list, proofTable } from './jobs.js';
import { progress, when } from './progress.js';

const shapeOf = (shape) => shape?.join(' × ');

function modelTable(jobs) {
  return table('Models', [
    { title: 'Model', class: 'lead', cell: (job) => h('a', { href: href(job) }, h('b', {}, job.request?.name || 'without a name')) },
    { title: 'State', cell: progress },
    { title: 'Model id', cell: (job) => (job.result ? h('code', { title: job.result.model_id }, ends(job.result.model_id)) : NONE) },
    { title: 'Input', class: 'number', cell: (job) => shapeOf(job.result?.input_shape) ?? NONE },
    { title: 'Parameters', class: 'number', cell: (job) => (job.result ? count(job.result.parameters) : NONE) },
    { title: 'Key', class: 'number', cell: (job) => (job.result ? bytes(job.result.vk_bytes) : NONE) },
    { title: 'Uploaded', class: 'number', cell: (job) => when(job.created) },
  ], jobs);
}

/** The view of all models. */
export async function show(context) {
  const { root, title } = context;
  title('Models');
  const form = h('details', { class: 'card' }, h('summary', {}, h('h2', {}, 'Upload a model')), upload());
  root.append(h('h1', {}, 'Models'), form);
  let known = false;
  await list(context, {
    at: '/models',
    path: '/v1/models',
    view: modelTable,
    none: () => {
      // Who has no model yet sees the form at once.
      if (!known) form.open = true;
      known = true;
      return empty('There are no models yet. Upload one above, or from a shell:',
        curl('/v1/models', '-F model=@model.onnx -F calibrate=@inputs.json -F name=NAME'));
    },
  });
}

/** The proofs of a model among the latest. */
async function proofs(id, name, signal) {
  const found = await get('/v1/proofs?limit=100', signal);
  const own = found.jobs.filter((job) => job.model === id).slice(0, 10);
  return own.length > 0 && h('section', {}, h('h2', {}, 'Its latest proofs'),
    h('div', { class: 'card flush' }, proofTable(own, new Map([[id, name]]))));
}

/** The names of the chains that whoever looks may have proofs posted to. */
async function chains(signal) {
  const found = await getIfAny('/v1/chains', signal);
  return found?.may_post ? found.chains.map((chain) => chain.name) : [];
}

/** The view of a model. */
export async function showOne({ root, signal, title, id }) {
  const place = { head: h('div'), body: h('div'), proofs: h('div') };
  root.append(place.head, place.body, place.proofs);
  await watch(id, signal, async (job) => {
    const { request, result } = job;
    const name = request?.name || 'without a name';
    title(`Model ${name}`);
    put(place.head, job, () => head(job, name));
    put(place.body, [job, result ? await chains(signal) : []], ([, chains]) => [
      section('Facts', facts([
        ['Model id', result && copied(result.model_id, 'the model id')],
        ['Id', copied(job.id, 'the id')],
        ['Input', shapeOf(result?.input_shape)],
        ['Outputs', result?.output_names?.join(', ')],
        ['Parameters', result && count(result.parameters)],
        ['Fraction bits', request?.frac_bits && String(request.frac_bits)],
        ['Weights', headed(request?.public_model ? 'public' : 'hidden')],
        ['Verifying key', result && bytes(result.vk_bytes)],
        ...times(job),
      ]), result && h('div', { class: 'line' }, saved('Save the verifying key', job, 'vk', `${job.id}.vk`))),
      result && section('Ask for a proof', prove(job, chains)),
    ]);
    if (result) place.proofs.replaceChildren(...[await proofs(id, name, signal)].filter(Boolean));
  });
}
