// What all tests have: a service, a browser, and pages that are patient.

import { readFile } from 'node:fs/promises';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { open, start } from './browser.mjs';
import { serve } from './service.mjs';

/** Milliseconds that anything may take on a machine that has other things to do. */
const PATIENCE = 60_000;

/** The service and the browser of a file of tests. */
export const bench = {};

/** Starts both before the tests of a file, and ends them. */
export function begin() {
  before(async () => {
    [bench.service, bench.browser] = await Promise.all([serve(), start()]);
  });
  after(async () => {
    await bench.browser?.close();
    await bench.service?.stop();
  });
}

/** A page of a service, the bench's if none is given, on which waiting is patient. */
export async function visit(path, { service = bench.service, ...options } = {}) {
  const opened = await open(bench.browser, service.url, options);
  opened.page.setDefaultTimeout(PATIENCE);
  await opened.page.goto(path);
  return opened;
}

/** An answer of `recorded/`, parsed. */
export const recorded = async (name) => JSON.parse(await readFile(fileURLToPath(new URL(`recorded/${name}.json`, import.meta.url)), 'utf8'));

/** Answers of a service that has topics and chains, as of some minutes ago. */
export async function withRecorded(page) {
  for (const [address, name] of [
    [/\/v1\/(jobs\?kind=synthesize|syntheses\?)/, 'syntheses'],
    ['**/v1/posts?*', 'posts'],
    ['**/v1/chains', 'chains'],
  ]) {
    const answer = await recorded(name);
    const listed = Object.values(answer)[0];
    const later = Date.now() - 600_000 - listed[0].created;
    for (const entry of listed) {
      for (const time of ['created', 'started', 'finished', 'sent', 'confirmed']) if (time in entry) entry[time] += later;
    }
    await page.route(address, (route) => route.fulfill({ json: answer }));
  }
}
