// The plots of the dashboard.

import { margin, plot, rules, scale, ticks, words } from './chart.js';
import { h, s } from './dom.js';

const BELOW = 22;
const ABOVE = 10;

/** Bars beside each other: `values` from the first to the last, with words below both ends. */
export function bars({ values, label, height = 120, first, last, text = String, read }) {
  const high = ticks(0, Math.max(1, ...values), 2);
  const draw = (width) => {
    const [left, bottom] = [margin(high, text), height - BELOW];
    const y = scale(0, high.at(-1), bottom, ABOVE);
    const each = (width - left) / values.length;
    const thick = Math.min(56, Math.max(1, each - (each > 6 ? 2 : 1)));
    const middle = (at) => left + (at + 0.5) * each;
    const marks = [
      rules(high.filter(Number.isInteger), y, left, width, text),
      values.map((value, at) => value > 0 && s('rect', { class: 'bar', 'data-at': at, x: middle(at) - thick / 2, width: thick, y: y(value), height: bottom - y(value), rx: 1 })),
      s('text', { class: 'tick', x: left, y: height - 6 }, first),
      s('text', { class: 'tick', x: width, y: height - 6, 'text-anchor': 'end' }, last),
    ];
    return { marks, x: middle };
  };
  return plot({ label, height, draw, places: values.length, read });
}

/** A path through points; what is missing parts it. */
const line = (points) => points.map(([x, y], at) => `${at ? 'L' : 'M'}${x.toFixed(1)},${y.toFixed(1)}`).join('');

/**
 * A line of `value`s with `bands` around it, from the widest to the narrowest, each `[low, high]`, and with a second
 * line, `beside`, where there is one. `points` are from the first to the last, with a `name` for the axis.
 */
export function band({ points, label, height = 260, read }) {
  const all = points.flatMap((point) => [point.value, point.beside, ...point.bands.flat()]).filter(Number.isFinite);
  const high = ticks(Math.min(...all), Math.max(...all), 5);
  const draw = (width) => {
    const [left, bottom] = [margin(high), height - BELOW];
    const y = scale(high[0], high.at(-1), bottom, ABOVE);
    const x = scale(0, points.length - 1, left + 12, width - 14);
    const areas = (points[0]?.bands ?? []).map((_, which) => {
      const with_ = points.map((point, at) => [x(at), point.bands[which]]).filter(([, band]) => band?.every(Number.isFinite));
      if (with_.length === 1) {
        const [at, [low, top]] = with_[0];
        return s('rect', { class: `band b${which}`, x: at - 6, width: 12, y: y(top), height: Math.max(1, y(low) - y(top)) });
      }
      const edge = [...with_.map(([at, [, top]]) => [at, y(top)]), ...with_.reverse().map(([at, [low]]) => [at, y(low)])];
      return edge.length > 0 && s('path', { class: `band b${which}`, d: `${line(edge)}Z` });
    });
    const beside = points.map((point, at) => [x(at), point.beside]).filter(([, value]) => Number.isFinite(value));
    const marks = [
      rules(high, y, left, width),
      areas,
      beside.length > 1 && s('path', { class: 'line beside', d: line(beside.map(([at, value]) => [at, y(value)])) }),
      s('path', { class: 'line', d: line(points.map((point, at) => [x(at), y(point.value)])) }),
      points.length < 60 && points.map((point, at) => s('circle', { class: 'dot', cx: x(at), cy: y(point.value), r: 3 })),
      words(points.map((point) => point.name), x, height - 6, width - left),
    ];
    return { marks, x, cursor: { y1: ABOVE, y2: bottom } };
  };
  return plot({ label, height, draw, places: points.length, read });
}

/** The class of a shade, of `shades` from the strongest. */
export const shade = (at) => `shade s${Math.min(at, 7)}`;

/** Columns of shares that are one together: `columns` have a `name` and `parts`, all in the same order. */
export function shares({ columns, label, height = 200, read }) {
  const draw = (width) => {
    const [left, bottom] = [margin([0, 1], (value) => `${100 * value} %`), height - BELOW];
    const y = scale(0, 1, bottom, ABOVE);
    const each = (width - left) / columns.length;
    const thick = Math.min(64, Math.max(1, each - Math.min(8, each / 5)));
    const middle = (at) => left + (at + 0.5) * each;
    const marks = [
      rules([0, 0.5, 1], y, left, width, (value) => `${100 * value} %`),
      columns.map(({ parts }, at) => {
        let below = 0;
        return s('g', { 'data-at': at }, parts.map((part, which) => {
          const from = below;
          below += part;
          const size = y(from) - y(below);
          return size > 0 && s('rect', { class: shade(which), x: middle(at) - thick / 2, width: thick, y: y(below), height: Math.max(0.4, size - (size > 3 ? 1 : 0)) });
        }));
      }),
      words(columns.map((column) => column.name), middle, height - 6, width - left),
    ];
    return { marks, x: middle };
  };
  return plot({ label, height, draw, places: columns.length, read });
}

/** Bars under each other, each with its name and what it says: `rows` have `name`, `size` and `text`. */
export function lengths(rows) {
  const most = Math.max(...rows.map((row) => row.size), Number.MIN_VALUE);
  return h('dl', { class: 'lengths' }, rows.map((row) => {
    const bar = h('i', { 'aria-hidden': 'true' });
    bar.style.width = `${Math.max(0.5, (100 * row.size) / most)}%`;
    return h('div', {}, h('dt', {}, row.name), h('dd', {}, h('span', { class: 'track' }, bar), h('span', { class: 'number' }, row.text)));
  }));
}
