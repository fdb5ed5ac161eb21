// Chains: what was posted to them, and what it cost.

import { getIfAny } from './api.js';
import { NONE, empty, facts, h, section, show as put, table } from './dom.js';
import { coins, count, ends, gwei } from './format.js';
import { poll } from './live.js';
import { bars } from './plots.js';
import { state, when } from './progress.js';

const SETTINGS = `[chains.NAME]
rpc = "https://…"
chain_id = 11155111
feed = "0x…"
topics = "0x…"
worker = "0x…"
confirmations = 3
max_fee_gwei = 100
spend_wei_per_day = "100000000000000000"`;

const KINDS = { inference: 'inference', synthesis: 'network inference', settlement: 'settlement' };

/** What a post is of. */
const kind = (post) => KINDS[post.kind] ?? post.kind;

/** Sums over posts that have been confirmed. */
function sums(posts) {
  const confirmed = posts.filter((post) => post.state === 'confirmed');
  const gas = confirmed.reduce((sum, post) => sum + Number(post.gas_used ?? 0), 0);
  const fees = confirmed.reduce((sum, post) => sum + BigInt(post.fee_wei ?? 0), 0n);
  const inState = (...states) => posts.filter((post) => states.includes(post.state)).length;
  return { confirmed: confirmed.length, gas, fees, waiting: inState('waiting', 'sent'), refused: inState('refused') };
}

function figures(posts) {
  const { confirmed, gas, waiting, refused } = sums(posts);
  const each = (number, text) => h('li', {}, h('strong', {}, number), ' ', h('span', {}, text));
  return h('ul', { class: 'numbers' },
    each(count(confirmed), 'posted'),
    each(count(waiting), 'under way'),
    each(count(refused), 'refused'),
    each(confirmed ? count(Math.round(gas / confirmed)) : NONE, 'gas each'));
}

function gasPlot(posts) {
  const confirmed = posts.filter((post) => post.state === 'confirmed' && post.gas_used).reverse();
  if (confirmed.length < 2) return false;
  const values = confirmed.map((post) => Number(post.gas_used));
  const text = (value) => (value >= 1e6 ? `${value / 1e6} M` : count(value));
  return section('Gas of each post', bars({
    values, text, first: `epoch ${confirmed[0].epoch}`, last: `epoch ${confirmed.at(-1).epoch}`,
    label: `Gas of ${confirmed.length} posts, at last ${count(values.at(-1))}`,
    read: (at) => [h('b', {}, count(values[at])), ` gas, ${confirmed[at].chain}, topic ${confirmed[at].topic}, epoch ${confirmed[at].epoch}, ${kind(confirmed[at])}`],
  }));
}

function postTable(posts) {
  return table('Posts', [
    { title: 'Epoch', class: 'lead whole', cell: (post) => h('a', { href: `#/jobs/${encodeURIComponent(post.job)}` }, h('b', {}, `Topic ${post.topic}, epoch ${post.epoch}`)) },
    { title: 'What', cell: kind },
    { title: 'State', cell: (post) => [state(post.state), post.error && h('small', { class: 'why' }, post.error)] },
    { title: 'Chain', cell: (post) => post.chain },
    { title: 'Transaction', cell: (post) => (post.transaction ? h('code', { title: post.transaction }, ends(post.transaction)) : NONE) },
    { title: 'Block', class: 'number', cell: (post) => (post.block === undefined ? NONE : count(post.block)) },
    { title: 'Gas', class: 'number', cell: (post) => (post.gas_used === undefined ? NONE : count(post.gas_used)) },
    { title: 'Fee', class: 'number', cell: (post) => (post.fee_wei === undefined ? NONE : coins(post.fee_wei)) },
    { title: 'Asked for', class: 'number', cell: (post) => when(post.created) },
  ], posts);
}

/** A chain with the sums of its own posts: fees of two chains are paid in two coins. */
function chainCard(chain, posts) {
  const { confirmed, gas, fees } = sums(posts.filter((post) => post.chain === chain.name));
  const address = (value) => value && h('code', { title: value }, ends(value));
  const known = (value, say) => (value === undefined ? undefined : say(value));
  return h('section', { class: 'card' }, h('h2', {}, chain.name),
    facts([
      ['Chain id', String(chain.chain_id)],
      ['Feed', address(chain.feed)],
      ['Feed of topics', address(chain.topics)],
      ['Worker', address(chain.worker)],
      ['Node', chain.rpc],
      ['Confirmations', known(chain.confirmations, count)],
      ['Most for a gas', known(chain.max_fee_wei, (wei) => `${gwei(wei)} gwei`)],
      ['Most in a day', known(chain.spend_wei_per_day, coins)],
      ['Posted', count(confirmed)],
      ['Gas in all', count(gas)],
      ['Fees in all', confirmed ? `${coins(String(fees))} of the chain’s coin` : NONE],
    ]));
}

/** The view. */
export async function show({ root, signal, title }) {
  title('Chains');
  const place = h('div');
  root.append(h('h1', {}, 'Chains'), place);
  await poll(signal, async () => {
    const [chains, posts] = await Promise.all([getIfAny('/v1/chains', signal), getIfAny('/v1/posts?limit=100', signal)]);
    put(place, [chains?.chains ?? [], posts?.posts ?? []], ([known, posted]) => {
      if (!known.length && !posted.length) return empty('This service posts to no chain. Name one in its settings, and start it again:', SETTINGS);
      return [
        figures(posted),
        gasPlot(posted),
        posted.length
          ? h('section', {}, h('h2', {}, 'Posts'), h('div', { class: 'card flush' }, postTable(posted)))
          : empty('Nothing has been posted yet. A proof is posted when its request says where:', '"post": {"chain": "NAME", "topic": "1", "epoch": 301}'),
        h('div', { class: 'columns' }, known.map((chain) => chainCard(chain, posted))),
      ];
    });
    return 3;
  });
}
