// Numbers, times and names as they are read.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A number of things. */
export const count = (value) => whole.format(value);

/** Bytes. */
export function bytes(value) {
  if (value < 1000) return `${value} B`;
  const units = ['kB', 'MB', 'GB'];
  let unit = -1;
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value.toPrecision(3)} ${units[unit]}`;
}

/** A span of time, of milliseconds. */
export function span(ms) {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(ms / 3_600_000);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** How long ago a time is, milliseconds since 1970. */
export function ago(at) {
  const ms = Math.max(0, Date.now() - at);
  if (ms < 5000) return 'just now';
  return ms < 60_000 ? `${Math.floor(ms / 1000)} s ago` : `${span(ms)} ago`;
}

/** A time, in the place where it is read. */
export const clock = (at) =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(at));

/** A real number to six digits. */
export function real(value) {
  const number = Number(value);
  if (value === null || !Number.isFinite(number)) return String(value);
  const size = Math.abs(number);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return number.toExponential(4);
  return String(Number(number.toPrecision(6)));
}

/** The same with zeros at its end, for numbers that stand under each other. */
export function even(value) {
  const shown = real(value);
  return /^-?[\d.]+$/.test(shown) && shown.includes('.') ? Number(value).toPrecision(6) : shown;
}

/** Real numbers, the first few of them. */
export function reals(values, most = 4) {
  const shown = values.slice(0, most).map(real).join(', ');
  return values.length > most ? `${shown}, and ${count(values.length - most)} more` : shown;
}

/** A share of a whole. */
export const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;

/** A name of a job, short: names of one day begin alike. */
export const short = (id) => (id.length > 10 ? `…${id.slice(-8)}` : id);

/** The two ends of something long in hexadecimal. */
export const ends = (text) => (text.length > 18 ? `${text.slice(0, 10)}…${text.slice(-6)}` : text);

/** An amount of wei, a decimal string, in the coin of the chain. */
export function coins(wei) {
  const text = BigInt(wei).toString().padStart(19, '0');
  const value = `${text.slice(0, -18)}.${text.slice(-18)}`;
  return real(value);
}

/** The same in billionths of it. */
export const gwei = (wei) => real(Number(wei) / 1e9);

/** A word of the service as a person would write it. */
export const plain = (word) => word.replaceAll('_', ' ');

/** The same at the beginning of a line. */
export const title = (word) => plain(word).replace(/^./, (first) => first.toUpperCase());

const KINDS = { compile: 'Model', prove: 'Proof', batch: 'Batch', synthesize: 'Synthesis', settle: 'Settlement' };

/** What a job of a kind makes. */
export const kind = (word) => (Object.hasOwn(KINDS, word) ? KINDS[word] : title(word));

/** A sentence, with its beginning and its end. */
export function sentence(text) {
  const trimmed = String(text).trim();
  return trimmed.replace(/^[a-z](?![A-Z_])/, (first) => first.toUpperCase()) + (/[.!?]$/.test(trimmed) ? '' : '.');
}
