// Topics: their network inferences over the epochs, and whose inferences they are made of.

import { getIfAny } from './api.js';
import { NONE, curl, empty, h, section, show as put, table } from './dom.js';
import { count, even, percent, real, span } from './format.js';
import { poll } from './live.js';
import { band, shares } from './plots.js';
import { when } from './progress.js';
import { SHADES, held, interval, outermost, ranked, sharesOf, topicsOf, workerTable } from './synthesis.js';

const none = () => empty('No network inference has been asked for yet. Give the service an epoch, as sumcast epoch import writes it:',
  curl('/v1/syntheses', '--json @epoch.json'));

/** The view of all topics. */
export async function show({ root, signal, title }) {
  title('Topics');
  const place = h('div');
  root.append(h('h1', {}, 'Topics'), place);
  await poll(signal, async () => {
    const found = await getIfAny('/v1/jobs?kind=synthesize&state=done&limit=50', signal);
    put(place, found?.jobs ?? [], (jobs) => {
      const topics = [...topicsOf(jobs)].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
      if (!topics.length) return none();
      return h('div', { class: 'card flush' }, table('Topics', [
        { title: 'Topic', class: 'lead', cell: ([topic]) => h('a', { href: `#/topics/${encodeURIComponent(topic)}` }, h('b', {}, `Topic ${topic}`)) },
        { title: 'Latest epoch', class: 'number', cell: ([, epochs]) => String(epochs.at(-1).epoch) },
        { title: 'Network inference', class: 'number', cell: ([, epochs]) => even(epochs.at(-1).value) },
        { title: 'Interval', class: 'number', cell: ([, epochs]) => outermost(epochs.at(-1)) },
        { title: 'Workers', class: 'number', cell: ([, epochs]) => count(epochs.at(-1).weights.length) },
        { title: 'Proven', class: 'number', cell: ([, epochs]) => when(epochs.at(-1).job.finished) },
      ], topics));
    });
    return 5;
  });
}

function inferencePlot(topic, epochs) {
  const points = epochs.map((epoch) => ({
    name: String(epoch.epoch),
    value: epoch.value,
    beside: epoch.naive,
    bands: epoch.intervals.map(({ low, high }) => [low, high]),
  }));
  const read = (at) => {
    const { epoch, value, naive, intervals } = epochs[at];
    const naively = naive === undefined ? '' : `; naive ${real(naive)}`;
    return [h('b', {}, real(value)), ` in epoch ${epoch}; ${intervals.map(interval).join('; ')}${naively}`];
  };
  const label = `Network inference of topic ${topic}, epochs ${epochs[0].epoch} to ${epochs.at(-1).epoch}: at last ${real(epochs.at(-1).value)}`;
  return [
    h('ul', { class: 'legend' },
      h('li', {}, h('i', { class: 'key line' }), 'network inference'),
      epochs.at(-1).intervals.map(({ share }, at) => h('li', {}, h('i', { class: `key b${at}` }), `interval of ${held(share)}`)),
      epochs.length > 1 && epochs.some(({ naive }) => naive !== undefined) && h('li', {}, h('i', { class: 'key beside' }), 'naive inference')),
    band({ points, label, read }),
  ];
}

function weightPlot(epochs, order) {
  const columns = epochs.map((epoch) => {
    const found = sharesOf(epoch);
    const parts = order.map((worker) => found.get(worker) ?? 0);
    const rest = parts.slice(SHADES - 1).reduce((sum, part) => sum + part, 0);
    return { name: String(epoch.epoch), parts: parts.length > SHADES ? [...parts.slice(0, SHADES - 1), rest] : parts };
  });
  const read = (at) => {
    const first = [...sharesOf(epochs[at])].sort(([, a], [, b]) => b - a)[0];
    return first ? [`Epoch ${epochs[at].epoch}: most weight has `, h('code', {}, first[0]), `, ${percent(first[1])}`] : '';
  };
  return shares({ columns, label: `Shares of the workers' weights, by epoch: ${order.length} workers`, read });
}

/** The view of a topic. */
export async function showOne({ root, signal, title, id }) {
  title(`Topic ${id}`);
  const place = h('div');
  root.append(h('h1', {}, `Topic ${id}`), place);
  await poll(signal, async () => {
    const path = `/v1/syntheses?topic=${encodeURIComponent(id)}&state=done&limit=50`;
    const found = (await getIfAny(path, signal)) ?? { jobs: [] };
    put(place, found.jobs, (jobs) => {
      const epochs = topicsOf(jobs).get(id);
      if (!epochs) return none();
      const [last, order] = [epochs.at(-1), ranked(epochs)];
      return [
        h('ul', { class: 'numbers' },
          h('li', {}, h('strong', {}, real(last.value)), ' ', h('span', {}, `in epoch ${last.epoch}`)),
          h('li', {}, h('strong', {}, count(epochs.length)), ' ', h('span', {}, epochs.length === 1 ? 'epoch' : 'epochs')),
          h('li', {}, h('strong', {}, count(last.weights.length)), ' ', h('span', {}, 'workers'))),
        section('Network inference', inferencePlot(id, epochs)),
        order.length > 0 && section('Weights', weightPlot(epochs, order)),
        h('section', {}, h('h2', {}, `Workers in epoch ${last.epoch}`), h('div', { class: 'card flush' }, workerTable(last, order))),
        h('section', {}, h('h2', {}, 'Epochs'), h('div', { class: 'card flush' }, table('Epochs', [
          { title: 'Epoch', class: 'lead', cell: (epoch) => h('a', { href: `#/jobs/${encodeURIComponent(epoch.job.id)}` }, h('b', {}, String(epoch.epoch))) },
          { title: 'Network inference', class: 'number', cell: (epoch) => even(epoch.value) },
          { title: last.intervals[0] ? `Interval of ${held(last.intervals[0].share)}` : 'Interval', class: 'number', cell: outermost },
          { title: 'Proven in', class: 'number', cell: ({ job }) => (job.result.prove_seconds === undefined ? NONE : span(1000 * job.result.prove_seconds)) },
          { title: 'Proven', class: 'number', cell: ({ job }) => when(job.finished) },
        ], [...epochs].reverse()))),
      ];
    });
    return 5;
  });
}
