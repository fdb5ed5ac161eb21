// Elements. Whatever comes from the service becomes text here, and never markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...[children].flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** An element with attributes (`on..` are listeners) and children: texts, numbers, nodes, and lists of them. */
export const h = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

/** As `h`, of SVG. */
export const s = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Shows what `build` makes of data, unless it is shown already. What had the focus has it again. */
export function show(place, data, build) {
  const shown = JSON.stringify(data);
  if (place.shown === shown) return;
  place.shown = shown;
  const focused = place.contains(document.activeElement) ? document.activeElement : undefined;
  const name = focused?.getAttribute('href') ?? focused?.dataset.name;
  place.replaceChildren(...[build(data)].flat(Infinity).filter(Boolean));
  if (name) {
    const again = [...place.querySelectorAll('[href], [data-name]')];
    again.find((element) => (element.getAttribute('href') ?? element.dataset.name) === name)?.focus({ preventScroll: true });
  }
}

/** What a cell has where there is nothing to say; a card leaves it out. */
export const NONE = '–';

/**
 * A table that becomes a list of cards where there is no room for it. Columns have a `title`, a `cell` of a row and
 * optionally a `class`. Its roles are given, since a table that is laid out otherwise would lose them.
 */
export function table(caption, columns, rows) {
  const head = columns.map((column) => h('th', { scope: 'col', role: 'columnheader', class: column.class }, column.title));
  const body = rows.map((row) =>
    h('tr', { role: 'row' }, columns.map((column) => {
      const cell = column.cell(row);
      const kind = [column.class, cell === NONE && 'none'].filter(Boolean).join(' ');
      return h('td', { role: 'cell', class: kind || undefined, 'data-title': column.title }, h('div', {}, cell));
    })));
  return h('table', { role: 'table' },
    h('caption', { class: 'unseen' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, head)),
    h('tbody', { role: 'rowgroup' }, body));
}

/** Names and what they are, side by side. Those without a value are left out. */
export function facts(entries) {
  const known = entries.filter((entry) => entry && entry[1] !== undefined && entry[1] !== null && entry[1] !== '');
  return h('dl', { class: 'facts' }, known.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

/** A section under a heading. */
export const section = (title, ...content) => h('section', { class: 'card' }, h('h2', {}, title), content);

/** A long name that is copied by a button. */
export function copied(text, title) {
  const button = h('button', { class: 'quiet copy', type: 'button', 'aria-label': `Copy ${title}`, onclick: copy }, 'Copy');
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Select it to copy';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  }
  return h('span', { class: 'copied' }, h('code', {}, text), ' ', button);
}

/** A place where there is nothing yet: what to do about it, and the line for a shell. */
export function empty(text, command) {
  return h('div', { class: 'empty' }, h('p', {}, text), command && h('pre', { tabindex: '0', 'aria-label': 'Command' }, h('code', {}, command)));
}

/** A line for a shell that asks this service. */
export const curl = (path, rest) => `curl ${location.origin}${path}${rest ? ` \\\n    ${rest}` : ''}`;
