// What all plots have: room that follows the window, axes, and a reading of the place that is pointed at.

import { h, s } from './dom.js';
import { real } from './format.js';

/** Round numbers from below `low` to above `high`, about as many as asked for. */
export function ticks(low, high, about) {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: Math.max(2, last - first + 1) }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** Where a value between `low` and `high` is between `from` and `to`. */
export const scale = (low, high, from, to) => (value) =>
  from + (high === low ? 0.5 : (value - low) / (high - low)) * (to - from);

/** Lines across a plot at round values, with their numbers. */
export const rules = (values, y, left, right, text = real) => values.map((value) => [
  s('line', { class: 'rule', x1: left, x2: right, y1: y(value), y2: y(value) }),
  s('text', { class: 'tick', x: left - 8, y: y(value), dy: '0.32em', 'text-anchor': 'end' }, text(value)),
]);

/** The room that numbers beside an axis need. */
export const margin = (values, text = real) => 14 + 7 * Math.max(...values.map((value) => text(value).length));

/** Words below an axis, as many as there is room for. */
export function words(texts, x, y, width) {
  const longest = Math.max(...texts.map((text) => text.length));
  const each = Math.max(1, Math.ceil((texts.length * (7.5 * longest + 14)) / Math.max(1, width)));
  return texts.map((text, at) => at % each === 0 && s('text', { class: 'tick', x: x(at), y, 'text-anchor': 'middle' }, text));
}

/**
 * A plot: `draw` makes what is in it for a width, anew whenever that changes. With `read`, the place number `at` of
 * `places` that is pointed at, or chosen by the arrows of the keyboard, is told in words below; what is drawn of it says
 * so by `data-at`, or a line, the `cursor`, goes through it.
 */
export function plot({ label, height, draw, places, read }) {
  const shown = h('div', { class: 'plot' });
  const reading = read && h('p', { class: 'reading', 'aria-live': 'polite' });
  const mark = s('line', { class: 'cursor' });
  let width = 0;
  let x;
  let at = (places ?? 0) - 1;
  const choose = (place) => {
    at = Math.min(Math.max(place, 0), places - 1);
    reading.replaceChildren(...[read(at)].flat());
    mark.setAttribute('x1', x(at));
    mark.setAttribute('x2', x(at));
    for (const part of shown.querySelectorAll('[data-at]')) part.classList.toggle('chosen', Number(part.dataset.at) === at);
  };
  const point = (event) => {
    const from = event.clientX - shown.getBoundingClientRect().left;
    let nearest = 0;
    for (let place = 1; place < places; place += 1) {
      if (Math.abs(x(place) - from) < Math.abs(x(nearest) - from)) nearest = place;
    }
    if (nearest !== at) choose(nearest);
  };
  const again = () => {
    const now = Math.floor(shown.clientWidth);
    if (now < 1 || now === width) return;
    width = now;
    const drawn = draw(width, height);
    x = drawn.x;
    const svg = s('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label, tabindex: read && '0' },
      drawn.marks, drawn.cursor && mark);
    shown.replaceChildren(svg);
    if (read) {
      for (const [end, value] of Object.entries(drawn.cursor ?? {})) mark.setAttribute(end, value);
      svg.addEventListener('pointermove', point);
      svg.addEventListener('pointerdown', point);
      svg.addEventListener('pointerleave', () => choose(places - 1));
      svg.addEventListener('keydown', (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!step) return;
        event.preventDefault();
        choose(at + step);
      });
      choose(at);
    }
  };
  new ResizeObserver(again).observe(shown);
  return h('figure', {}, shown, reading);
}
