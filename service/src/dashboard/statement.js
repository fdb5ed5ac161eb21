// The verdict on a proof, and what it states.

import { copied, facts, h } from './dom.js';
import { count, sentence, span, title } from './format.js';
import { exact } from './verifier.js';

/** The verdict, the first thing that is read. */
export function verdictLine(verdict) {
  const word = verdict.valid ? 'Valid' : 'Refused';
  const text = verdict.valid
    ? `The model of the key has these outputs for these inputs. Verified by this browser in ${span(verdict.milliseconds)}.`
    : `${sentence(verdict.error)} This browser took ${span(verdict.milliseconds)}.`;
  return h('p', { class: `verdict ${verdict.valid ? 'valid' : 'refused'}` },
    h('span', { class: 'mark', 'aria-hidden': 'true' }, verdict.valid ? '✓' : '✕'),
    h('span', {}, h('strong', {}, word), ' ', text));
}

// What the tensors of statements are that are not of an ONNX model: cli/src/topic/tensors.rs.
const NAMES = {
  synthesize: ['inferences', 'forecasts', 'state', 'network inference', 'confidence', 'naive inference', 'forecast-implied', 'weights',
    'one-out inferences', 'one-in inferences', 'one-out forecast-implied'],
  settle: ['stakes', 'reports', 'state', 'losses', 'next state', 'one-out losses', 'one-in losses', 'one-out forecaster losses'],
};

const FEW = 32;

/** A tensor's values, exactly, or what it is committed as. */
function tensor({ role, values, commitments, fraction }, name) {
  const held = values ?? commitments;
  const many = `${count(held.length)} ${values ? 'number' : 'commitment'}${held.length === 1 ? '' : 's'}`;
  const items = held.map((value) => h('li', {}, h('code', {}, values ? exact(value, fraction) : value)));
  const list = h('ol', { class: values ? 'values' : 'values points', start: '0' }, items);
  const scale = values && fraction > 0 && `, in steps of 2⁻${[...String(fraction)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit]).join('')}`;
  const heading = [h('b', {}, title(name ?? role)), h('span', { class: 'soft' }, ` ${name ? `${role}, ` : ''}${many}${scale || ''}`)];
  return held.length > FEW
    ? h('details', { class: 'tensor' }, h('summary', {}, heading), list)
    : h('div', { class: 'tensor' }, h('h3', {}, heading), list);
}

/** What a proof states, valid or not. `kind` is of the job that made it, where that is known. */
export function statement(verdict, kind) {
  const names = NAMES[kind] ?? [];
  const zeros = verdict.context && /^0*$/.test(verdict.context);
  return [
    verdict.insecure_srs && h('p', { class: 'warning' },
      'The key is of development parameters: whoever made them can forge proofs. Use those of a ceremony where that matters.'),
    facts([
      ['Model id', verdict.model_id && copied(verdict.model_id, 'the model id')],
      ['Context', verdict.context && (zeros ? h('span', { class: 'soft' }, 'none: all zeros') : copied(verdict.context, 'the context'))],
    ]),
    verdict.valid || !verdict.tensors ? undefined : h('p', { class: 'soft' }, 'What it claims, and does not prove:'),
    verdict.tensors?.map((found, at) => tensor(found, names[at])),
  ];
}
