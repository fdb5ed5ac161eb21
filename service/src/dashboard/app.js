// The page: which view is shown, and what all views need.

import { key, keep } from './api.js';
import { h } from './dom.js';
import { ago } from './format.js';
import { notice } from './live.js';
import * as chains from './chains.js';
import * as job from './job.js';
import * as jobs from './jobs.js';
import * as models from './models.js';
import * as overview from './overview.js';
import * as topics from './topics.js';
import * as verify from './verify.js';

// What follows `#` has one part for each, `:id` any part. `under` is the link of the navigation.
const VIEWS = [
  ['/', overview.show, '/'],
  ['/jobs', jobs.show, '/jobs'],
  ['/jobs/:id', job.show, '/jobs'],
  ['/models', models.show, '/models'],
  ['/models/:id', models.showOne, '/models'],
  ['/proofs', jobs.showProofs, '/proofs'],
  ['/topics', topics.show, '/topics'],
  ['/topics/:id', topics.showOne, '/topics'],
  ['/chains', chains.show, '/chains'],
  ['/verify', verify.show, '/verify'],
];

const main = document.getElementById('main');
let leave = new AbortController();

const NOWHERE = { show: missing, under: '', query: new URLSearchParams() };

/** The view of an address, with what its parts and its query say. */
function found(address) {
  const [path, query] = address.split('?');
  const parts = path.split('/');
  for (const [pattern, show, under] of VIEWS) {
    const expected = pattern.split('/');
    if (expected.length !== parts.length) continue;
    if (!expected.every((part, at) => part === parts[at] || (part === ':id' && parts[at]))) continue;
    try {
      const id = expected.at(-1) === ':id' ? decodeURIComponent(parts.at(-1)) : undefined;
      return { show, under, id, query: new URLSearchParams(query) };
    } catch {
      return NOWHERE;
    }
  }
  return NOWHERE;
}

function missing({ root, title }) {
  title('Not found');
  root.append(h('h1', {}, 'Not found'), h('p', {}, 'There is no such view. ', h('a', { href: '#/' }, 'The overview'), ' shows what goes on.'));
}

/** Marks the link of the navigation that leads to where this is. */
function under(path) {
  for (const link of document.querySelectorAll('nav a')) {
    const here = link.getAttribute('href') === `#${path}`;
    if (here && !link.hasAttribute('aria-current')) link.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    link.toggleAttribute('aria-current', here);
    if (here) link.setAttribute('aria-current', 'page');
  }
}

async function route(event) {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const view = found(location.hash.slice(1) || '/');
  under(view.under);
  notice();
  const root = h('div', { class: 'view' });
  main.replaceChildren(root);
  const title = (text) => { document.title = text ? `${text} · Sumcast` : 'Sumcast'; };
  title('');
  if (event) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
  try {
    await view.show({ root, signal, title, under, id: view.id, query: view.query });
  } catch (error) {
    if (signal.aborted) return;
    if (error.status === undefined) console.error(error);
    root.append(h('p', { class: 'problem', role: 'alert' }, error.message));
  }
}

function keys() {
  const form = document.getElementById('key');
  const field = document.getElementById('key-field');
  const forget = document.getElementById('forget');
  forget.hidden = !key();
  addEventListener('key-wanted', () => {
    form.hidden = false;
    forget.hidden = true;
    field.setCustomValidity('');
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    keep(field.value.trim());
    field.value = '';
    form.hidden = true;
    forget.hidden = false;
    route();
  });
  forget.addEventListener('click', () => {
    keep();
    forget.hidden = true;
    route();
  });
}

keys();
addEventListener('hashchange', route);
route();
// Times that are told from now on.
setInterval(() => {
  for (const time of document.querySelectorAll('time[data-at]')) time.textContent = ago(Number(time.dataset.at));
}, 5000);
