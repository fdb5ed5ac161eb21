// Requests to the service that this page comes from.

import { sentence } from './format.js';

const KEY = 'sumcast-api-key';

/** The API key that was given in this tab, if one was. */
export const key = () => sessionStorage.getItem(KEY);

/** Keeps an API key until the tab is closed, or forgets it. */
export function keep(value) {
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
}

/** Why a request came to nothing, as a sentence. */
export class Refusal extends Error {
  constructor(status, text) {
    super(sentence(text));
    this.status = status;
  }
}

async function ask(path, { signal, ...options } = {}) {
  const headers = { ...options.headers };
  if (key()) headers.authorization = `Bearer ${key()}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers, signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refusal(0, 'the service does not answer');
  }
  if (response.ok) return response;
  if (response.status === 401) dispatchEvent(new Event('key-wanted'));
  // A problem says what is wrong; what stands before the service may say nothing.
  const problem = await response.json().catch(() => ({}));
  throw new Refusal(response.status, problem.detail ?? `the service answers ${response.status} ${response.statusText}`);
}

/** What the service answers, JSON. */
export const get = async (path, signal) => (await ask(path, { signal })).json();

/** The same, of what not every service has: nothing where there is none. */
export async function getIfAny(path, signal) {
  try {
    return await get(path, signal);
  } catch (error) {
    if ([404, 422].includes(error.status)) return undefined;
    throw error;
  }
}

/** Asks for something to be done, with a form or with JSON. */
export async function post(path, body) {
  const form = body instanceof FormData;
  const headers = form ? {} : { 'content-type': 'application/json' };
  return (await ask(path, { method: 'POST', headers, body: form ? body : JSON.stringify(body) })).json();
}

/** Cancels a job. */
export const cancel = async (id) => (await ask(`/v1/jobs/${encodeURIComponent(id)}`, { method: 'DELETE' })).json();

/** Where a file of a job is: `vk`, `proof` or `opening`. */
export const fileOf = (id, name) => `/v1/jobs/${encodeURIComponent(id)}/files/${name}`;

/** A file's bytes. */
export const bytesOf = async (path, signal) => new Uint8Array(await (await ask(path, { signal })).arrayBuffer());

/** Saves a file. A plain link would not have the key. */
export async function save(path, name) {
  const url = URL.createObjectURL(new Blob([await bytesOf(path)], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Tells each change of a job, until it is at an end. */
export async function follow(id, signal, told) {
  const response = await ask(`/v1/jobs/${encodeURIComponent(id)}/events`, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      throw error.name === 'AbortError' ? error : new Refusal(0, 'the service does not answer');
    });
    if (done) return;
    text += value;
    const events = text.split('\n\n');
    text = events.pop();
    for (const event of events) {
      const data = event.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5)).join('\n');
      if (data) told(JSON.parse(data));
    }
  }
}

const names = new Map();

/** What a model is called, by its job. It does not change, so it is asked once. */
export function modelName(id, signal) {
  if (!names.has(id)) {
    const asked = get(`/v1/jobs/${encodeURIComponent(id)}`, signal).then((job) => job.request?.name || '');
    names.set(id, asked);
    asked.catch(() => names.delete(id));
  }
  return names.get(id);
}
