// Forms that ask for something to be done.

import { post as send } from './api.js';
import { h } from './dom.js';
import { count } from './format.js';

/** A form whose refusal is told below its button. `ask` gives where to go when it is done. */
function form(submit, fields, ask) {
  const button = h('button', { type: 'submit', class: 'first' }, submit);
  const refused = h('p', { class: 'problem', role: 'alert', hidden: true });
  const made = h('form', { class: 'form' }, fields, h('div', { class: 'line' }, button), refused);
  made.addEventListener('submit', async (event) => {
    event.preventDefault();
    refused.hidden = true;
    button.disabled = true;
    try {
      location.hash = await ask(made);
    } catch (error) {
      refused.textContent = error.message;
      refused.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
  return made;
}

const field = (label, input, hint) => h('label', { class: 'field' }, h('span', {}, label), input, hint && h('small', {}, hint));

/** Uploads a model. */
export function upload() {
  const bits = [8, 12, 16, 20, 24].map((value) => h('option', { value, selected: value === 16 }, value));
  return form('Upload and compile', [
    h('div', { class: 'columns' },
      field('ONNX file', h('input', { type: 'file', name: 'model', accept: '.onnx', required: true })),
      field('Calibration inputs', h('input', { type: 'file', name: 'calibrate', accept: '.json,application/json' }), 'inputs.json as {"inputs": [[..], ..]}; bounds of all values are chosen by them')),
    h('div', { class: 'columns' },
      field('Name', h('input', { name: 'name', autocomplete: 'off', maxlength: 100 })),
      field('Fraction bits', h('select', { name: 'frac_bits' }, bits), 'more are more exact, and slower')),
    h('label', { class: 'check' }, h('input', { type: 'checkbox', name: 'public_model', value: 'true' }),
      h('span', {}, 'Public weights: whoever has the ONNX file can recompute the model id')),
  ], async (made) => {
    const data = new FormData(made);
    // A field that was left empty is not there.
    if (!data.get('calibrate')?.size) data.delete('calibrate');
    if (!data.get('name')) data.delete('name');
    const job = await send('/v1/models', data);
    return `#/models/${encodeURIComponent(job.id)}`;
  });
}

/** The numbers of a text: JSON of any of the shapes that the commands read, or numbers with anything between them. */
export function numbers(text) {
  const trimmed = text.trim();
  if (!trimmed) return [];
  let found;
  try {
    found = JSON.parse(trimmed);
  } catch {
    found = trimmed.split(/[\s,;]+/).filter(Boolean).map((word) => (word === 'null' ? null : Number(word)));
  }
  if (found?.inputs) [found] = found.inputs;
  else if (found?.input) found = found.input;
  const flat = [found].flat(Infinity);
  const wrong = flat.find((item) => item !== null && !Number.isFinite(item));
  if (wrong !== undefined) throw new Error(`${JSON.stringify(wrong)} is no number: paste numbers, or the JSON of an input.`);
  return flat;
}

/** Fields that say where an inference is posted, and what they say: nothing where no chain is chosen. */
function posting(chains) {
  const numeral = (name) => h('input', { name, inputmode: 'numeric', autocomplete: 'off', disabled: true, required: true });
  const [topic, epoch] = [numeral('topic'), numeral('epoch')];
  const chain = h('select', { name: 'chain' }, h('option', { value: '' }, 'no chain'), chains.map((name) => h('option', { value: name }, name)));
  const fields = h('div', { class: 'columns' },
    field('Post to', chain, 'once it is proven; the service pays'),
    field('Topic', topic, 'of the chain’s feed'),
    field('Epoch', epoch, 'later than those that were posted'));
  const said = () => {
    if (!chain.value) return undefined;
    const number = Number(epoch.value);
    // What JSON could not carry exactly is not sent.
    if (!Number.isSafeInteger(number)) throw new Error(`${JSON.stringify(epoch.value)} is no epoch: give a whole number from 1.`);
    return { chain: chain.value, topic: topic.value.trim(), epoch: number };
  };
  return { chain, topic, epoch, fields, said };
}

/** Asks for a proof of a model that is compiled, which may be posted to one of these chains. */
export function prove(model, chains) {
  const shape = model.result.input_shape ?? [];
  const expected = shape.reduce((product, side) => product * side, 1);
  const text = h('textarea', { name: 'input', rows: 4, required: true, spellcheck: 'false', placeholder: '[0.1, -0.2, ..]' });
  const told = h('small', { 'aria-live': 'polite' });
  const say = () => {
    try {
      told.textContent = `${count(numbers(text.value).length)} of ${count(expected)} numbers`;
    } catch (error) {
      told.textContent = error.message;
    }
  };
  text.addEventListener('input', say);
  say();
  const context = h('input', { name: 'context', autocomplete: 'off', spellcheck: 'false', placeholder: 'none' });
  const place = posting(chains);
  place.chain.addEventListener('change', () => {
    const posted = place.chain.value !== '';
    place.topic.disabled = place.epoch.disabled = !posted;
    // The context is then that of the place.
    context.disabled = posted;
  });
  return form('Prove it', [
    h('label', { class: 'field' }, h('span', {}, 'Input'), text, told),
    chains.length > 0 && place.fields,
    field('Context', context, '64 hexadecimal digits that the proof is bound to: a chain, a topic, an epoch, a worker'),
  ], async () => {
    const post = place.said();
    const bound = post ? { post } : { context: context.value.trim() || undefined };
    const asked = { model: model.id, input: numbers(text.value), ...bound };
    return `#/jobs/${encodeURIComponent((await send('/v1/proofs', asked)).id)}`;
  });
}
