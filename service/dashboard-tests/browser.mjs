// Chromium, and what no page may do in it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8');

/** Starts the browser that `CHROMIUM` names, or the system's. */
export const start = () =>
  // A sandbox cannot be had as root, as in a container.
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: process.getuid() === 0 ? ['--no-sandbox'] : [] });

/**
 * A page of a service, with `problems`: what it said against itself and what it asked of others. `expected` are texts of
 * errors that a test brings about.
 */
export async function open(browser, url, { expected = [], ...options } = {}) {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1280, height: 900 }, colorScheme: 'light', ...options });
  const page = await context.newPage();
  const problems = [];
  const problem = (text) => {
    if (!expected.some((known) => text.includes(known))) problems.push(text);
  };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problem(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => problem(String(error)));
  page.on('request', (request) => {
    const asked = request.url();
    if (!asked.startsWith(`${url}/`) && !/^(blob|data):/.test(asked)) problems.push(`it asks for ${asked}`);
  });
  return { context, page, problems };
}

/** Closes a page that had nothing against itself. */
export async function close({ context, problems }) {
  await context.close();
  assert.deepEqual(problems, []);
}

/** That nothing on the page is beyond its width, and that whoever does not see it, or not well, can use it. */
export async function check(page, name) {
  const wide = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide[0] <= wide[1], `${name} is ${wide[0]} wide in a window of ${wide[1]}`);
  const found = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ['violations'] })`);
  const told = found.violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('; ')}`);
  assert.deepEqual(told, []);
}
