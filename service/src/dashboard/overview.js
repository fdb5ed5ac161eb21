// What goes on.

import { follow, get } from './api.js';
import { curl, empty, h, section, show as put } from './dom.js';
import { count } from './format.js';
import { jobTable, namesOf } from './jobs.js';
import { poll } from './live.js';
import { bars } from './plots.js';

const MINUTE = 60_000;
const MINUTES = 60;
const LISTED = 12;

/** When jobs were done of late, by their ids, as far as they have been asked for; and how many were done by then. */
const finished = new Map();
let counted;

/** Asks for jobs that were done since it was asked last: pages from the latest, up to one that is known. */
async function learn(done, signal) {
  if (counted === done) return;
  let before = '';
  for (let page = 0; page < 5; page += 1) {
    const found = await get(`/v1/jobs?state=done&limit=${counted === undefined ? 100 : 20}${before}`, signal);
    const known = found.jobs.some((job) => finished.has(job.id));
    for (const job of found.jobs) finished.set(job.id, job.finished);
    const old = found.jobs.some((job) => job.finished < Date.now() - MINUTES * MINUTE);
    if (known || old || !found.next) break;
    before = `&before=${found.next}`;
  }
  counted = done;
}

function throughput() {
  const now = Math.floor(Date.now() / MINUTE);
  const values = Array(MINUTES).fill(0);
  for (const at of finished.values()) {
    const minute = MINUTES - 1 - (now - Math.floor(at / MINUTE));
    if (minute >= 0) values[Math.min(minute, MINUTES - 1)] += 1;
  }
  return values;
}

const ORDER = ['queued', 'running', 'done', 'failed', 'cancelled'];

function numbers(queue) {
  return h('ul', { class: 'numbers' }, ORDER.map((state) =>
    h('li', { class: queue[state] ? state : `${state} none` },
      h('a', { href: `#/jobs?state=${state}` },
        h('strong', {}, count(queue[state])), ' ', h('span', {}, state),
        state === 'queued' && h('small', {}, ` of ${count(queue.limit)} at most`)))));
}

const spoken = (at) => {
  const ago = MINUTES - 1 - at;
  return ago === 0 ? 'this minute' : `${ago} min ago`;
};

/** The view. */
export async function show({ root, signal }) {
  const place = { numbers: h('div'), rate: h('div'), jobs: h('div') };
  const all = h('a', { href: '#/jobs' }, 'All jobs');
  root.append(h('h1', {}, 'Overview'), place.numbers,
    section('Done in the last hour', place.rate),
    h('section', {}, h('div', { class: 'heading' }, h('h2', {}, 'Latest jobs'), all), place.jobs));

  let jobs = [];
  let before;
  const draw = async () => {
    const names = await namesOf(jobs, signal);
    if (signal.aborted) return;
    put(place.jobs, [jobs, [...names]], () => jobs.length
      ? h('div', { class: 'card flush' }, jobTable('Latest jobs', jobs, names))
      : empty('Nothing has been asked for yet. Upload a model under Models, or from a shell:',
        curl('/v1/models', '-F model=@model.onnx -F calibrate=@inputs.json')));
  };
  const drawRate = () => put(place.rate, throughput(), (values) => {
    const sum = values.reduce((sum, value) => sum + value, 0);
    return bars({
      values, first: '60 min ago', last: 'now', label: `Jobs done by minute in the last hour: ${count(sum)} in all`,
      read: (at) => [h('b', {}, count(values[at])), ` done ${spoken(at)}; ${count(sum)} in the hour`],
    });
  });
  const followed = new Set();
  const changed = (job) => {
    jobs = jobs.map((known) => (known.id === job.id ? job : known));
    draw();
  };
  await poll(signal, async () => {
    const queue = await get('/v1/queue', signal);
    const numbered = JSON.stringify(queue);
    // Where nothing has been done there is nothing else to ask for.
    if (numbered === before && queue.running === 0) {
      drawRate();
      return queue.queued > 0 ? 2 : 4;
    }
    const [listed, running] = await Promise.all([
      get(`/v1/jobs?limit=${LISTED}`, signal),
      queue.running > 0 ? get('/v1/jobs?state=running&limit=4', signal) : { jobs: [] },
    ]);
    // Those that run are there even when many wait behind them.
    const latest = new Set(listed.jobs.map((job) => job.id));
    const others = running.jobs.filter((job) => !latest.has(job.id));
    jobs = [...listed.jobs.slice(0, LISTED - others.length), ...others];
    put(place.numbers, queue, numbers);
    await learn(queue.done, signal);
    drawRate();
    await draw();
    before = numbered;
    // A browser has few connections to one service, so one job is followed at a time.
    const next = running.jobs.find((job) => !followed.has(job.id));
    if (next && followed.size === 0) {
      followed.add(next.id);
      follow(next.id, signal, changed).catch(() => {}).finally(() => followed.delete(next.id));
    }
    return queue.queued + queue.running > 0 ? 2 : 4;
  });
}
