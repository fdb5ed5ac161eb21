// The dashboard in a real browser, on a service that compiles and proves: `npm test`.
//
// SUMCAST is the binary, CHROMIUM the browser, and SCREENSHOTS a folder for pictures of all views.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { check, close, open, start } from './browser.mjs';
import { serve } from './service.mjs';

/** Milliseconds that anything may take on a machine that has other things to do. */
const PATIENCE = 30_000;

/** A name that is markup, for whoever makes markup of it. */
const HOSTILE = `<img src=x onerror="document.title='taken'">`;
const CONTEXT = 'ab'.repeat(32);

const linreg = (name) => fileURLToPath(new URL(`../../models/linreg/${name}`, import.meta.url));
const recorded = (name) => fileURLToPath(new URL(`recorded/${name}.json`, import.meta.url));

const inputs = JSON.parse(await readFile(linreg('inputs.json'), 'utf8'));
let service;
let browser;
// The jobs of the model and the proof that the first tests ask for.
const made = {};

before(async () => {
  [service, browser] = await Promise.all([serve(), start()]);
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

/** A page on which waiting is patient. */
async function visit(path, options) {
  const opened = await open(browser, service.url, options);
  opened.page.setDefaultTimeout(PATIENCE);
  await opened.page.goto(path);
  return opened;
}

/** Answers of a service that has topics and chains, as of some minutes ago. */
async function withRecorded(page) {
  for (const [address, name] of [
    [/\/v1\/(jobs\?kind=synthesize|syntheses\?)/, 'syntheses'],
    ['**/v1/posts?*', 'posts'],
    ['**/v1/chains', 'chains'],
  ]) {
    const answer = JSON.parse(await readFile(recorded(name), 'utf8'));
    const listed = Object.values(answer)[0];
    const later = Date.now() - 600_000 - listed[0].created;
    for (const entry of listed) {
      for (const time of ['created', 'started', 'finished', 'sent', 'confirmed']) if (time in entry) entry[time] += later;
    }
    await page.route(address, (route) => route.fulfill({ json: answer }));
  }
}

const bytes = async (id, file) =>
  Buffer.from(await (await fetch(`${service.url}/v1/jobs/${id}/files/${file}`)).arrayBuffer());

test('a service that was asked for nothing says what to ask for', async () => {
  // What this service does not have is asked for once.
  const opened = await visit('/', { expected: ['status of 404', 'status of 422'] });
  const { page } = opened;
  await page.getByText('/v1/models').waitFor();
  for (const [view, text] of [
    ['jobs', 'Nothing has been asked for yet'],
    ['models', 'There are no models yet'],
    ['proofs', 'There are no proofs yet'],
    ['topics', 'No network inference has been asked for yet'],
    ['chains', 'This service posts to no chain'],
    ['verify', 'Drop a proof and its key here'],
    ['nothing', 'There is no such view'],
    ['jobs/%E0%A4%A', 'There is no such view'],
  ]) {
    await page.goto(`/#/${view}`);
    await page.getByText(text).waitFor();
    await check(page, view);
  }
  await close(opened);
});

test('a model is uploaded, and its name is a text', async () => {
  const opened = await visit('/#/models');
  const { page } = opened;
  await page.locator('[name=model]').setInputFiles(linreg('network.onnx'));
  await page.locator('[name=calibrate]').setInputFiles(linreg('inputs.json'));
  await page.locator('[name=name]').fill(HOSTILE);
  await page.getByRole('button', { name: 'Upload and compile' }).click();
  await page.getByText('Ask for a proof').waitFor();
  assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), `Model ${HOSTILE}`);
  made.model = new URL(page.url()).hash.split('/').at(-1);
  await check(page, 'model');
  await page.goto('/#/models');
  await page.getByRole('link', { name: HOSTILE }).waitFor();
  assert.equal(await page.locator('main img').count(), 0);
  assert.equal(await page.title(), 'Models · Sumcast');
  await close(opened);
});

test('a proof is asked for, made while one looks, and verified by the browser', async () => {
  const opened = await visit(`/#/models/${made.model}`, { expected: ['status of 422'] });
  const { page } = opened;
  const field = page.locator('[name=input]');
  await field.fill('[1, 2]');
  await page.getByText('2 of 10 numbers').waitFor();
  await page.getByRole('button', { name: 'Prove it' }).click();
  await page.getByText('Input has 2 numbers, and the model takes 10.').waitFor();
  await field.fill(JSON.stringify({ inputs: inputs.inputs }));
  await page.getByText('10 of 10 numbers').waitFor();
  await page.locator('[name=context]').fill(CONTEXT);
  await page.getByRole('button', { name: 'Prove it' }).click();
  // No reload from here on: the service tells the page.
  await page.locator('.verdict.valid').waitFor();
  made.proof = new URL(page.url()).hash.split('/').at(-1);
  const text = await page.locator('main').innerText();
  assert.match(text, /Verified by this browser in [\d.]+ ms/);
  assert.ok(text.includes(CONTEXT));
  const job = await (await fetch(`${service.url}/v1/jobs/${made.proof}`)).json();
  assert.ok(text.includes(job.result.model_id));
  for (const stage of ['Inference', 'Witness', 'Lookups', 'Constraints', 'Reduction', 'Opening']) assert.ok(text.includes(stage), stage);
  // The statement has what went in, to the model's precision, and what onnxruntime makes of it.
  const shown = (await page.locator('.values').first().locator('code').allTextContents()).map(Number);
  assert.equal(shown.length, 10);
  shown.forEach((value, at) => assert.ok(Math.abs(value - inputs.inputs[0][at]) <= 2 ** -15, `${value}`));
  const output = Number(await page.locator('.values').last().locator('code').first().textContent());
  assert.ok(Math.abs(output - inputs.outputs[0][0]) < 1e-4);
  await check(page, 'proof');
  await page.getByRole('button', { name: 'Verify again' }).click();
  await page.locator('.verdict.valid').waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the proof' }).click()]);
  assert.deepEqual(await readFile(await download.path()), await bytes(made.proof, 'proof'));
  await close(opened);
});

test('a proof with another byte is refused on its page, and so is another key', async () => {
  const opened = await visit('/#/proofs');
  const { page } = opened;
  await page.route('**/files/proof', async (route) => {
    const wrong = await bytes(made.proof, 'proof');
    wrong[wrong.length - 1] ^= 1;
    await route.fulfill({ body: wrong });
  });
  await page.locator(`a[href="#/jobs/${made.proof}"]`).click();
  await page.locator('.verdict.refused').waitFor();
  await page.unroute('**/files/proof');
  await page.reload();
  await page.locator('.verdict.valid').waitFor();
  await page.getByLabel('A key of your own').setInputFiles({ name: 'other.vk', mimeType: 'application/octet-stream', buffer: Buffer.from('SCVK and no key') });
  await page.locator('.verdict.refused').waitFor();
  await page.getByText('By the key in other.vk.').waitFor();
  await close(opened);
});

test('files that are dropped are verified without the network', async () => {
  const opened = await visit('/#/verify');
  const { context, page } = opened;
  const files = { proof: await bytes(made.proof, 'proof'), key: await bytes(made.proof, 'vk') };
  await page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name, responseEnd }) => name.endsWith('.wasm') && responseEnd));
  await context.setOffline(true);
  const drop = async (...dropped) => {
    const list = await page.evaluateHandle((dropped) => {
      const list = new DataTransfer();
      for (const [name, bytes] of dropped) list.items.add(new File([Uint8Array.from(bytes)], name));
      return list;
    }, dropped.map(([name, bytes]) => [name, [...bytes]]));
    await page.dispatchEvent('.drop', 'drop', { dataTransfer: list });
  };
  await drop(['vk.bin', files.key], ['model.proof', files.proof]);
  await page.locator('.verdict.valid').waitFor();
  await page.getByText(CONTEXT).waitFor();
  for (const at of [80, files.proof.length - 40]) {
    const wrong = Buffer.from(files.proof);
    wrong[at] ^= 4;
    await drop(['wrong.proof', wrong]);
    await page.locator('.verdict.refused').waitFor();
    await drop(['model.proof', files.proof]);
    await page.locator('.verdict.valid').waitFor();
  }
  await close(opened);
});

test('a network inference is proven, verified by the browser, and shown at its topic', async () => {
  const epoch = JSON.parse(await readFile(new URL('../../circuits/tests/epochs/synthesis_g1_301.json', import.meta.url), 'utf8'));
  const asked = await fetch(`${service.url}/v1/syntheses`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(epoch) });
  const job = await asked.json();
  assert.equal(asked.status, 202, JSON.stringify(job));
  const opened = await visit(`/#/jobs/${job.id}`);
  const { page } = opened;
  await page.locator('.verdict.valid').waitFor();
  // The names of the statement's tensors are those of the circuit; the state is committed.
  const network = page.locator('.tensor', { hasText: 'Network inference' }).locator('code');
  const { result } = await (await fetch(`${service.url}/v1/jobs/${job.id}`)).json();
  const inference = Number(result.outcome.network_inference);
  assert.ok(Math.abs(Number(await network.textContent()) - inference) < 1e-6);
  await page.locator('.tensor', { hasText: 'State' }).locator('.points').waitFor();
  await check(page, 'synthesis');
  await page.getByRole('link', { name: '1', exact: true }).click();
  await page.getByText(`${Number(inference.toPrecision(6))} in epoch 301; 95.4 %`).waitFor();
  const worker = page.locator('tr', { hasText: epoch.inferers[2].address });
  assert.match(await worker.innerText(), new RegExp(String(Number(Number(epoch.inferers[2].inference).toPrecision(6)))));
  await check(page, 'topic of one epoch');
  await page.goto('/#/topics');
  await page.getByRole('link', { name: 'Topic 1' }).waitFor();
  await close(opened);
});

test('topics have their network inferences with intervals, and the weights of their workers', async () => {
  const opened = await visit('about:blank');
  const { page } = opened;
  await withRecorded(page);
  await page.goto('/#/topics');
  await page.getByRole('link', { name: 'Topic 1' }).click();
  const [inferences, weights] = [page.locator('figure').nth(0), page.locator('figure').nth(1)];
  const [last] = JSON.parse(await readFile(recorded('syntheses'), 'utf8')).jobs;
  const { network_inference: value } = last.result.outcome;
  await page.getByText(`${Number(value).toPrecision(6)} in epoch 302; 95.4 %: `).waitFor();
  assert.equal(await inferences.locator('.band').count(), 2);
  assert.equal(await inferences.locator('.dot').count(), 14);
  assert.equal(await weights.locator('.shade').count(), 14 * 8);
  // The arrows of the keyboard read other epochs.
  await inferences.locator('svg').focus();
  await page.keyboard.press('ArrowLeft');
  await inferences.getByText('in epoch 301').waitFor();
  assert.equal(await page.locator('table').first().locator('tbody tr').count(), 8);
  await check(page, 'topic');
  await close(opened);
});

test('chains have their posts, and what they cost', async () => {
  const opened = await visit('about:blank');
  const { page } = opened;
  await withRecorded(page);
  await page.goto('/#/chains');
  await page.getByText('6 epochs posted').waitFor();
  const { posts } = JSON.parse(await readFile(recorded('posts'), 'utf8'));
  const text = await page.locator('main').innerText();
  for (const chain of ['sepolia', 'monad']) {
    const fees = posts.filter((post) => post.chain === chain).reduce((sum, post) => sum + Number(post.fee_wei ?? 0), 0) / 1e18;
    assert.ok(text.includes(`${Number(fees.toPrecision(6))} of the chain’s coin`), text);
  }
  const refused = posts.find((post) => post.state === 'refused');
  assert.ok(text.includes(refused.error));
  assert.ok(text.includes(posts.at(-1).gas_used.toLocaleString('en')));
  await check(page, 'chains');
  await close(opened);
});

test('a list has pages, and what is chosen in it stays chosen', async () => {
  const opened = await visit('about:blank');
  const { page } = opened;
  const job = (id) => ({ id, kind: 'prove', state: 'failed', error: 'no', request: {}, priority: 0, attempts: 1, created: Date.now() });
  await page.route('**/v1/jobs?*', (route) => {
    const asked = new URL(route.request().url()).searchParams;
    assert.equal(asked.get('state'), 'failed');
    return route.fulfill({ json: asked.get('before') === 'j2' ? { jobs: [job('j1')] } : { jobs: [job('j3'), job('j2')], next: 'j2' } });
  });
  await page.goto('/#/jobs?state=failed');
  const rows = page.locator('tbody tr');
  await rows.nth(1).waitFor();
  await page.getByRole('link', { name: 'Older' }).click();
  await page.getByText('j1').waitFor();
  assert.equal(await rows.count(), 1);
  assert.equal(await page.getByLabel('State').inputValue(), 'failed');
  assert.equal(await page.getByRole('link', { name: 'Older' }).count(), 0);
  await page.getByRole('link', { name: 'Newest' }).click();
  await rows.nth(1).waitFor();
  await close(opened);
});

test('a job of a kind that the page does not know is shown as it is', async () => {
  const opened = await visit('about:blank');
  const { page } = opened;
  const id = '01kb0000000000000000000000';
  const job = {
    id, kind: 'weigh_anchors', state: 'done', request: { anchors: [1, 2], 'a<b>': true }, priority: 3, attempts: 2, created: Date.now(),
    started: Date.now(), finished: Date.now(), result: { heaviest: 2.5, ['<i>name</i>']: '<script>1</script>', deep: { er: [null] } },
  };
  await page.route(`**/v1/jobs/${id}`, (route) => route.fulfill({ json: job }));
  await page.goto(`/#/jobs/${id}`);
  await page.getByRole('heading', { name: 'Weigh anchors' }).waitFor();
  const text = await page.locator('main').innerText();
  for (const part of ['Heaviest', '2.5', '<i>name</i>', '<script>1</script>', '"er"']) assert.ok(text.includes(part), `${part} in ${text}`);
  await check(page, 'other kind');
  await close(opened);
});

test('a job that runs has its stage, as the service tells it', async () => {
  const opened = await visit('about:blank');
  const { page } = opened;
  const id = '01kb0000000000000000000000';
  const job = (stage) => ({ id, kind: 'prove', state: 'running', stage, request: { input: [] }, priority: 0, attempts: 1, created: Date.now(), started: Date.now() });
  await page.route(`**/v1/jobs/${id}`, (route) => route.fulfill({ json: job('witness') }));
  await page.route(`**/v1/jobs/${id}/events`, (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: `: alive\n\nevent: job\ndata: ${JSON.stringify(job('constraints'))}\n\n` }));
  await page.goto(`/#/jobs/${id}`);
  await page.locator('.stages', { hasText: 'Constraints' }).waitFor();
  assert.equal(await page.locator('.course .past').count(), 3);
  assert.equal(await page.locator('.course i').count(), 6);
  await close(opened);
});

test('a service that asks for a key is given the one that was typed, until the tab is closed', async () => {
  const opened = await visit('about:blank', { expected: ['status of 401'] });
  const { context, page } = opened;
  await context.route('**/v1/**', (route) =>
    route.request().headers().authorization === 'Bearer secret'
      ? route.continue()
      : route.fulfill({ status: 401, contentType: 'application/problem+json', json: { status: 401, title: 'unauthorized', detail: 'an API key is needed' } }));
  await page.goto('/#/proofs');
  const field = page.getByLabel('This service asks for an API key.');
  await field.fill('wrong');
  await page.getByRole('button', { name: 'Use the key' }).click();
  await field.waitFor();
  await check(page, 'key');
  await field.fill('secret');
  await page.getByRole('button', { name: 'Use the key' }).click();
  await page.locator(`a[href="#/jobs/${made.proof}"]`).click();
  await page.locator('.verdict.valid').waitFor();
  assert.equal(await field.isVisible(), false);
  assert.deepEqual(await page.evaluate(() => [localStorage.length, document.cookie]), [0, '']);
  await page.getByRole('button', { name: 'Forget the API key' }).click();
  await field.waitFor();
  await close(opened);
});

test('the policy of the page lets no other script run', async () => {
  const response = await fetch(service.url);
  const policy = response.headers.get('content-security-policy');
  assert.match(policy, /default-src 'none'/);
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
  const again = await fetch(service.url, { headers: { 'if-none-match': response.headers.get('etag') } });
  assert.equal(again.status, 304);
  const opened = await visit('/', { expected: ['Content Security Policy', 'TrustedHTML', 'TrustedScript'] });
  const { page } = opened;
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const [ran, markup] = await page.evaluate(async () => {
    const script = document.createElement('script');
    const refused = new Promise((resolve) => addEventListener('securitypolicyviolation', resolve, { once: true }));
    try {
      script.textContent = 'window.taken = true';
      document.body.append(script);
    } catch {
      // A text that becomes a script is refused, too.
    }
    await refused;
    try {
      document.body.innerHTML += '<b>taken</b>';
      return [window.taken, true];
    } catch {
      return [window.taken, false];
    }
  });
  assert.deepEqual([ran, markup], [undefined, false]);
  await close(opened);
});

/** All views, each with what shows that it is there. */
const views = () => ({
  overview: ['/', '.card.flush table'],
  jobs: ['/jobs', '.card.flush table'],
  models: ['/models', '.card.flush table'],
  model: [`/models/${made.model}`, '[name=input]'],
  proofs: ['/proofs', '.card.flush table'],
  proof: [`/jobs/${made.proof}`, '.verdict.valid'],
  topics: ['/topics', '.card.flush table'],
  topic: ['/topics/1', 'figure'],
  chains: ['/chains', 'table'],
  verify: ['/verify', '.drop'],
});

for (const [look, options] of Object.entries({
  light: {},
  dark: { colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
})) {
  test(`every view can be read, ${look}`, async () => {
    const opened = await visit('about:blank', options);
    const { page } = opened;
    await withRecorded(page);
    for (const [name, [path, there]] of Object.entries(views())) {
      await page.goto(`/#${path}`);
      await page.locator(there).first().waitFor();
      await check(page, `${name}, ${look}`);
      if (process.env.SCREENSHOTS) {
        await mkdir(process.env.SCREENSHOTS, { recursive: true });
        await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}-${look}.png`), fullPage: true });
        // The picture of docs/.
        if (name === 'topic' && look === 'light') await page.screenshot({ path: join(process.env.SCREENSHOTS, 'dashboard.png') });
      }
    }
    await close(opened);
  });
}

test('the overview counts what was done, and says when the service is gone', async () => {
  const opened = await visit('/', { expected: ['ERR_CONNECTION_REFUSED'] });
  const { page } = opened;
  await page.locator('.numbers .done', { hasText: '3' }).waitFor();
  await page.getByText('3 in the hour').waitFor();
  // Another one is there without a reload.
  await fetch(`${service.url}/v1/proofs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: made.model, input: inputs.inputs[1] }),
  });
  await page.locator('.numbers .done', { hasText: '4' }).waitFor();
  await page.getByText('4 in the hour').waitFor();
  assert.equal(await page.locator('tbody tr').count(), 4);
  await service.stop();
  service = undefined;
  await page.getByText('The service does not answer.').waitFor();
  await close(opened);
});
