// A service on a folder of its own, which is gone with it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const built = fileURLToPath(new URL('../../target/debug/sumcast', import.meta.url));

/** Starts the binary that `SUMCAST` names, or the debug build, with settings in TOML: where it answers, how it is stopped. */
export async function serve(settings = '') {
  const data = await mkdtemp(join(tmpdir(), 'sumcast-dashboard-'));
  const config = join(data, 'sumcast.toml');
  await writeFile(config, settings);
  const child = spawn(process.env.SUMCAST ?? built, ['serve', '--config', config, '--data', data, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  const said = [];
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      const at = line.match(/^listening at (http:\S+):/);
      if (at) resolve(at[1]);
    });
    child.on('error', reject);
    ended.then(() => reject(new Error(`the service does not start: ${said.join('\n')}`)));
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(data, { recursive: true });
  };
  return { url, stop };
}
