// Network inferences: what a synthesis has made of an epoch.

import { NONE, facts, h, table } from './dom.js';
import { ends, even, percent, real } from './format.js';
import { shade } from './plots.js';

/** Workers with a shade of their own; the others share the last. */
export const SHADES = 8;

/** The numbers of an epoch's network inference, of a job that is done. */
export function epochOf(job) {
  const outcome = job.result?.outcome ?? {};
  const { percentiles = [], values = [] } = outcome.confidence ?? {};
  const intervals = [];
  // From the outermost: the first with the last, the second with the one before the last.
  for (let from = 0, to = values.length - 1; from < to; from += 1, to -= 1) {
    intervals.push({ share: (percentiles[to] - percentiles[from]) / 100, low: Number(values[from]), high: Number(values[to]) });
  }
  return {
    job,
    topic: String(outcome.topic_id ?? job.result?.topic),
    epoch: outcome.nonce ?? job.result?.block_height,
    value: Number(outcome.network_inference),
    naive: outcome.naive_inference === undefined ? undefined : Number(outcome.naive_inference),
    intervals,
    weights: Object.entries(outcome.weights ?? {}).map(([worker, weight]) => [worker, Number(weight)]),
    implied: outcome.forecast_implied ?? {},
  };
}

/** The epochs of jobs by their topic, from the first; of an epoch that was asked for twice, the latest. */
export function topicsOf(jobs) {
  const topics = new Map();
  for (const found of jobs.filter((job) => job.state === 'done' && job.result?.outcome).map(epochOf)) {
    const epochs = topics.get(found.topic) ?? new Map();
    // Jobs come from the latest.
    if (!epochs.has(found.epoch)) epochs.set(found.epoch, found);
    topics.set(found.topic, epochs);
  }
  return new Map([...topics].map(([topic, epochs]) => [topic, [...epochs.values()].sort((a, b) => a.epoch - b.epoch)]));
}

/** Each worker's share of an epoch's weights, by the worker. */
export function sharesOf(epoch) {
  const sum = epoch.weights.reduce((sum, [, weight]) => sum + Math.max(0, weight), 0);
  return new Map(epoch.weights.map(([worker, weight]) => [worker, sum > 0 ? Math.max(0, weight) / sum : 0]));
}

/** The workers of epochs, from those with the most weight in all of them together. */
export function ranked(epochs) {
  const sums = new Map();
  for (const epoch of epochs) {
    for (const [worker, share] of sharesOf(epoch)) sums.set(worker, (sums.get(worker) ?? 0) + share);
  }
  return [...sums].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([worker]) => worker);
}

/** An interval in words. */
export const interval = ({ share, low, high }) => `${held(share)}: ${real(low)} to ${real(high)}`;

/** How much an interval is to hold. */
export const held = (share) => `${(100 * share).toFixed(1)} %`;

/** The outermost interval of an epoch, for a column. */
export const outermost = ({ intervals: [first] }) => (first ? `${even(first.low)} to ${even(first.high)}` : NONE);

/** The workers of an epoch, by what each has to say in it. `order` gives them their shades. */
export function workerTable(epoch, order) {
  const shares = sharesOf(epoch);
  const inferences = epoch.job.result.inferences ?? {};
  const rows = epoch.weights.map(([worker, weight]) => ({
    worker,
    weight,
    share: shares.get(worker),
    part: worker in epoch.implied ? 'forecasts' : 'infers',
    value: inferences[worker] ?? epoch.implied[worker],
  })).sort((a, b) => b.share - a.share);
  return table(`Workers of epoch ${epoch.epoch}`, [
    { title: 'Worker', class: 'lead', cell: (row) => [h('i', { class: `swatch ${shade(Math.min(order.indexOf(row.worker), SHADES - 1))}`, 'aria-hidden': 'true' }), h('code', { title: row.worker }, ends(row.worker))] },
    { title: 'Part', cell: (row) => row.part },
    { title: 'Inference', class: 'number', cell: (row) => (row.value === undefined ? NONE : even(row.value)) },
    { title: 'Weight', class: 'number', cell: (row) => real(row.weight) },
    { title: 'Share', class: 'number', cell: (row) => percent(row.share) },
  ], rows);
}

/** What came of a synthesis. */
export function outcome(job) {
  const epoch = epochOf(job);
  return [
    facts([
      ['Network inference', h('strong', {}, real(epoch.value))],
      ...epoch.intervals.map((found) => ['Interval', interval(found)]),
      ['Naive inference', epoch.naive === undefined ? undefined : real(epoch.naive)],
      ['Topic', h('a', { href: `#/topics/${encodeURIComponent(epoch.topic)}` }, epoch.topic)],
      ['Epoch', String(epoch.epoch)],
    ]),
    epoch.weights.length > 0 && workerTable(epoch, ranked([epoch])),
  ];
}
