// The dashboard in a real browser, on a service that compiles and proves: `npm test`.
//
// SUMCAST is the binary, CHROMIUM the browser, and SCREENSHOTS a folder for pictures of all views.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { check, close } from './browser.mjs';
import { begin, bench, visit, withRecorded } from './harness.mjs';
import { serve } from './service.mjs';

/** A name that is markup, for whoever makes markup of it. */
const HOSTILE = `<img src=x onerror="document.title='taken'">`;
const CONTEXT = 'ab'.repeat(32);

const linreg = (name) => fileURLToPath(new URL(`../../models/linreg/${name}`, import.meta.url));

const inputs = JSON.parse(await readFile(linreg('inputs.json'), 'utf8'));
// The jobs of the model and the proof that the first tests ask for.
const made = {};

begin();

const bytes = async (id, file) =>
  Buffer.from(await (await fetch(`${bench.service.url}/v1/jobs/${id}/files/${file}`)).arrayBuffer());

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
  const job = await (await fetch(`${bench.service.url}/v1/jobs/${made.proof}`)).json();
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

test('a proof is asked for that is to be posted, and the service says what it has against it', async () => {
  const chain = (name, id) => `[chains.${name}]
rpc = "http://127.0.0.1:9"
chain_id = ${id}
feed = "0x5fbdb2315678afecb367f032d93f642f64180aa3"
worker = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
max_fee_gwei = 1
spend_wei_per_day = "1"
`;
  const service = await serve(`${chain('here', 1)}${chain('there', 2)}`);
  const form = new FormData();
  form.append('model', new Blob([await readFile(linreg('network.onnx'))]), 'network.onnx');
  form.append('calibrate', new Blob([JSON.stringify(inputs)]), 'inputs.json');
  const model = await (await fetch(`${service.url}/v1/models`, { method: 'POST', body: form })).json();
  const opened = await visit(`/#/models/${model.id}`, { service, expected: ['status of 422', 'status of 409'] });
  const { page } = opened;
  const [to, topic, epoch, context] = ['chain', 'topic', 'epoch', 'context'].map((name) => page.locator(`[name=${name}]`));
  const prove = page.getByRole('button', { name: 'Prove it' });
  await page.locator('[name=input]').fill(JSON.stringify(inputs.inputs[0]));
  assert.deepEqual([await topic.isEnabled(), await context.isEnabled()], [false, true]);
  await to.selectOption('there');
  assert.deepEqual([await topic.isEnabled(), await context.isEnabled()], [true, false]);
  await check(page, 'form with a chain');
  for (const [wrong, at, said] of [
    ['1', '9007199254740993', '"9007199254740993" is no epoch: give a whole number from 1.'],
    ['1', '0', 'Post.epoch is 0: from 1 to 2^63 - 1.'],
    ['one', '7', 'Post.topic is the number of a topic, in decimal.'],
  ]) {
    await topic.fill(wrong);
    await epoch.fill(at);
    await prove.click();
    await page.getByText(said).waitFor();
  }
  await topic.fill('1');
  await prove.click();
  await page.locator('section', { has: page.getByRole('heading', { name: 'Post', exact: true }) }).locator('.state.waiting').waitFor();
  await page.locator('.verdict.valid').waitFor();
  const id = new URL(page.url()).hash.split('/').at(-1);
  const job = await (await fetch(`${service.url}/v1/jobs/${id}`)).json();
  assert.deepEqual(job.request.post, { chain: 'there', topic: '1', epoch: 7 });
  await check(page, 'proof that is to be posted');
  // There is one post for a place.
  await page.goBack();
  await page.locator('[name=input]').fill(JSON.stringify(inputs.inputs[1]));
  await to.selectOption('there');
  await topic.fill('1');
  await epoch.fill('7');
  await prove.click();
  await page.getByText('Epoch 7 of topic 1 on chain "there" was asked for already').waitFor();
  // Without a chain there is none.
  await to.selectOption('');
  await prove.click();
  await page.locator('.verdict.valid').waitFor();
  assert.equal(await page.getByRole('heading', { name: 'Post', exact: true }).count(), 0);
  await close(opened);
  await service.stop();
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
  const asked = await fetch(`${bench.service.url}/v1/syntheses`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(epoch) });
  const job = await asked.json();
  assert.equal(asked.status, 202, JSON.stringify(job));
  const opened = await visit(`/#/jobs/${job.id}`);
  const { page } = opened;
  await page.locator('.verdict.valid').waitFor();
  // The names of the statement's tensors are those of the circuit; the state is committed.
  const network = page.locator('.tensor', { hasText: 'Network inference' }).locator('code');
  const { result } = await (await fetch(`${bench.service.url}/v1/jobs/${job.id}`)).json();
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

test('a job that has failed says why, and is tried again where that is allowed', async () => {
  const opened = await visit('/#/models', { expected: ['status of 403'] });
  const { page } = opened;
  await page.locator('summary', { hasText: 'Upload a model' }).click();
  await page.locator('[name=model]').setInputFiles({ name: 'no.onnx', mimeType: 'application/octet-stream', buffer: Buffer.from('no model') });
  await page.getByRole('button', { name: 'Upload and compile' }).click();
  await page.locator('.problem').waitFor();
  const id = new URL(page.url()).hash.split('/').at(-1);
  const job = await (await fetch(`${bench.service.url}/v1/jobs/${id}`)).json();
  assert.equal(await page.locator('.problem').textContent(), job.error);
  await check(page, 'failed');
  const [again] = await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/retry')),
    page.getByRole('button', { name: 'Try again' }).click(),
  ]);
  assert.equal(again.status(), 202);
  await page.locator('.problem').waitFor();
  await page.route('**/retry', (route) => route.fulfill({ status: 403, json: { detail: 'this key lacks the scope operate' } }));
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('This key lacks the scope operate.').waitFor();
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
  const response = await fetch(bench.service.url);
  const policy = response.headers.get('content-security-policy');
  assert.match(policy, /default-src 'none'/);
  assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
  const again = await fetch(bench.service.url, { headers: { 'if-none-match': response.headers.get('etag') } });
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
  await fetch(`${bench.service.url}/v1/proofs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: made.model, input: inputs.inputs[1] }),
  });
  await page.locator('.numbers .done', { hasText: '4' }).waitFor();
  await page.getByText('4 in the hour').waitFor();
  assert.equal(await page.locator('tbody tr').count(), 5);
  await bench.service.stop();
  bench.service = undefined;
  await page.getByText('The service does not answer.').waitFor();
  await close(opened);
});
