// What is shown as it changes, while somebody looks.

/** Milliseconds that pass unless the signal ends it before. */
function wait(ms, signal) {
  return new Promise((resolve) => {
    const end = () => { clearTimeout(timer); resolve(); };
    const timer = setTimeout(() => { signal.removeEventListener('abort', end); resolve(); }, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}

/** Until the tab can be seen. */
function seen(signal) {
  if (!document.hidden) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      document.removeEventListener('visibilitychange', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look, { once: true });
  });
}

/** Shows a sentence under the head of the page, or takes it away. */
export function notice(text) {
  const place = document.getElementById('notice');
  place.textContent = text ?? '';
  place.hidden = !text;
}

/**
 * Asks again and again until the signal: each answer says after how many seconds to ask next, or nothing if that is all.
 * Nothing is asked while nobody looks, and seldom while the service does not answer.
 */
export async function poll(signal, ask) {
  let failed = 0;
  while (!signal.aborted) {
    let seconds;
    try {
      seconds = await ask(signal);
      if (failed > 0) notice();
      failed = 0;
      if (!seconds) return;
    } catch (error) {
      if (signal.aborted) return;
      // A request that is refused stays refused, and who has to give a key is told so.
      if (error.status === 401) return;
      if (error.status === undefined || (error.status >= 400 && error.status < 500 && error.status !== 429)) throw error;
      failed += 1;
      seconds = Math.min(30, 2 ** failed);
      notice(`${error.message} What is shown may be old; it is asked again every ${seconds} s.`);
    }
    await wait(1000 * seconds, signal);
    await seen(signal);
  }
}
