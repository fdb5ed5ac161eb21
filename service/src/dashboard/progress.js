// How far a job is.

import { h } from './dom.js';
import { ago, clock, plain, title } from './format.js';

const MARKS = { queued: '○', running: '●', done: '✓', failed: '✕', cancelled: '–', waiting: '○', sent: '●', confirmed: '✓', refused: '✕' };

/** A state of a job or a post, with a mark so that it is not told by its colour alone. */
export const state = (word) =>
  h('span', { class: `state ${word}` }, h('span', { class: 'mark', 'aria-hidden': 'true' }, MARKS[word] ?? '·'), plain(word));

/** A time, told from now. */
export const when = (at) => at && h('time', { 'data-at': at, datetime: new Date(at).toISOString(), title: clock(at) }, ago(at));

// The stages of what a job does, in their order.
const COURSES = [
  ['import', 'quantise', 'commit'],
  ['inference', 'witness', 'lookups', 'constraints', 'reduction', 'opening'],
];

/** Names of stages in the order of what is done; those that are not known come last. */
export function inOrder(stages) {
  const known = COURSES.flat();
  const place = (stage) => (known.includes(stage) ? known.indexOf(stage) : known.length);
  return [...stages].sort((a, b) => place(a) - place(b));
}

/** The stages of a job that runs: those behind it, the one it is at. */
export function stages(job) {
  const course = COURSES.find((stages) => stages.includes(job.stage)) ?? (job.stage ? [job.stage] : []);
  const at = course.indexOf(job.stage);
  const text = job.stage ? title(job.stage) : 'Beginning';
  const parts = course.map((_, part) => h('i', { class: part < at ? 'past' : part === at ? 'now' : undefined }));
  return h('span', { class: 'stages' },
    h('span', { class: 'course', 'aria-hidden': 'true' }, parts.length ? parts : h('i', { class: 'now' })), h('span', {}, text));
}

/** The state of a job, with its stage while it runs. */
export const progress = (job) => (job.state === 'running' ? stages(job) : state(job.state));

/** Whether nothing more happens to a job. */
export const ended = (job) => ['done', 'failed', 'cancelled'].includes(job.state);

/** The milliseconds that the last attempt took, once it is at an end. */
export const took = (job) => (job.started && job.finished ? Math.max(0, job.finished - job.started) : undefined);
