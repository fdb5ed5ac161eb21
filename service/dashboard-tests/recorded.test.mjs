// Views of what takes a chain or many epochs, and of jobs as they are nowhere yet: by answers that are given here.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, close } from './browser.mjs';
import { begin, recorded, visit, withRecorded } from './harness.mjs';

begin();

test('topics have their network inferences with intervals, and the weights of their workers', async () => {
  const opened = await visit('about:blank');
  const { page } = opened;
  await withRecorded(page);
  await page.goto('/#/topics');
  await page.getByRole('link', { name: 'Topic 1' }).click();
  const [inferences, weights] = [page.locator('figure').nth(0), page.locator('figure').nth(1)];
  const [last] = (await recorded('syntheses')).jobs;
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
  await page.getByText('7 posted').waitFor();
  const { posts } = await recorded('posts');
  const text = await page.locator('main').innerText();
  for (const chain of ['sepolia', 'monad']) {
    const fees = posts.filter((post) => post.chain === chain).reduce((sum, post) => sum + Number(post.fee_wei ?? 0), 0) / 1e18;
    assert.ok(text.includes(`${Number(fees.toPrecision(6))} of the chain’s coin`), text);
  }
  // A network inference says whose signatures it waits for.
  const waiting = page.locator('tbody tr', { hasText: 'Topic 1, epoch 307' }).filter({ hasText: 'network inference' });
  await waiting.getByText('1 of 2 attestors have signed it').waitFor();
  const refused = posts.find((post) => post.state === 'refused');
  assert.ok(text.includes(refused.error));
  assert.ok(text.includes(posts.at(-1).gas_used.toLocaleString('en')));
  await check(page, 'chains');
  await close(opened);
});

test('a proof has how far its post is, until nothing more happens to it', async () => {
  const opened = await visit('about:blank');
  const { page } = opened;
  const { posts } = await recorded('posts');
  const confirmed = posts.find((post) => post.state === 'confirmed');
  const { job: id, chain, topic, epoch } = confirmed;
  const job = { id, kind: 'prove', state: 'cancelled', request: { input: [], post: { chain, topic, epoch } }, priority: 0, attempts: 1, created: Date.now() };
  await page.route(`**/v1/jobs/${id}`, (route) => route.fulfill({ json: job }));
  let asked = 0;
  await page.route('**/v1/posts?*', (route) => {
    assert.equal(new URL(route.request().url()).search, `?job=${id}`);
    asked += 1;
    const { transaction, block, gas_used, fee_wei, ...waiting } = confirmed;
    return route.fulfill({ json: { posts: [asked === 1 ? { ...waiting, state: 'waiting', error: 'the account has too little' } : confirmed] } });
  });
  await page.goto(`/#/jobs/${id}`);
  const post = page.locator('section', { has: page.getByRole('heading', { name: 'Post', exact: true }) });
  await post.getByText('the account has too little').waitFor();
  await post.locator('.state.confirmed').waitFor();
  const text = await post.innerText();
  for (const part of [chain, String(epoch), confirmed.transaction, confirmed.gas_used.toLocaleString('en')]) assert.ok(text.includes(part), `${part} in ${text}`);
  await check(page, 'post');
  await page.waitForTimeout(4000);
  assert.equal(asked, 2);
  await close(opened);
});

test('who may not have proofs posted is not asked where to', async () => {
  const opened = await visit('about:blank');
  const { page } = opened;
  const id = '01kb0000000000000000000000';
  const job = { id, kind: 'compile', state: 'done', request: { name: 'm' }, result: { input_shape: [1], model_id: 'aa', parameters: 2, vk_bytes: 3 }, priority: 0, attempts: 1, created: Date.now() };
  const { chains } = await recorded('chains');
  let may = false;
  await page.route(`**/v1/jobs/${id}`, (route) => route.fulfill({ json: job }));
  await page.route('**/v1/proofs?*', (route) => route.fulfill({ json: { jobs: [] } }));
  await page.route('**/v1/chains', (route) => route.fulfill({ json: { chains, may_post: may } }));
  await page.goto(`/#/models/${id}`);
  await page.getByRole('button', { name: 'Prove it' }).waitFor();
  assert.equal(await page.getByLabel('Post to').count(), 0);
  may = true;
  await page.reload();
  await page.getByLabel('Post to').waitFor();
  assert.deepEqual(await page.getByLabel('Post to').locator('option').allTextContents(), ['no chain', ...chains.map((chain) => chain.name)]);
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
