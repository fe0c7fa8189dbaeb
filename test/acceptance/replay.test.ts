import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Child } from '../../deploy/local/child.ts';
import { replayFolder } from '../replay/replayed.ts';
import { makeArchive, putObjects } from '../support/made-archive.ts';
import { folderWith } from '../support/module-folder.ts';
import { ROOT, startProgram } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

// `lectern replay` as it is built, in processes that are killed and that end themselves.

const SOURCE = 'essay';
const SIZES = [900, 900, 900];
const EVENTS = 2_700;
const STUDENTS = 3;
const TEST_TIMEOUT_MS = 240_000;

/** A module that counts and chains, and does `before` to each event. */
function moduleFolder(before = ''): string {
  const api = join(ROOT, 'dist/services/shared/reducer-api.js');
  return folderWith({
    'module.js': `import { KeyField, reducer, Scope } from ${JSON.stringify(api)};
const options = { name: 'chain', nullState: { count: 0, chain: 7 }, scope: Scope([KeyField.STUDENT]) };
const chain = reducer(options, ({ client }, state) => {
  ${before}
  return { count: state.count + 1, chain: (Math.imul(state.chain, 31) + client.n) | 0 };
});
export const NAME = 'chained';
export const VERSION = 1;
export const REDUCERS = [{ context: '${SOURCE}', function: chain }];
`,
  });
}

/** What the file must say: of each student their events in order, but for some. */
function expectedLines(isLeftOut: (n: number) => boolean = () => false): string {
  const lines = Array.from({ length: STUDENTS }, (_, student) => {
    const state = { count: 0, chain: 7 };
    for (let n = student; n < EVENTS; n += STUDENTS) {
      if (isLeftOut(n)) continue;
      state.count += 1;
      state.chain = (Math.imul(state.chain, 31) + n) | 0;
    }
    const text = JSON.stringify(state);
    return `{"reducer":"chained.chain","key":{"STUDENT":"tc-s${student}"},"internal":${text},"external":${text}}\n`;
  });
  return lines.join('');
}

async function archivedFolder(): Promise<string> {
  const made = makeArchive();
  await putObjects(made, { source: SOURCE, sizes: SIZES });
  return made.dir;
}

interface Replaying {
  readonly module: string;
  readonly dir: string;
  readonly out: string;
  readonly words?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const start = ({ module, dir, out, words = [], env = {} }: Replaying): Promise<Child> =>
  startProgram('dist/services/cli/main.js', {
    args: ['replay', '--module', module, '--dir', dir, '--out', out, ...words],
    env,
  });

test(
  'killed again and again, it goes on from what is stored, and the states are those of one run',
  async () => {
    const replaying = {
      module: moduleFolder("if (client.n % 300 === 0) console.error('at', client.n);"),
      dir: await archivedFolder(),
      out: join(replayFolder(), 'states.jsonl'),
    };
    for (const [from, until] of [
      [0, 600],
      [300, 1_500],
      [900, 2_100],
    ] as const) {
      const child = await start({
        ...replaying,
        words: ['--rate', '400/s'],
        env: { LECTERN_CHECKPOINT_MS: '20' },
      });
      await child.waitForLine(new RegExp(`^at ${until}$`), 60_000);
      await child.stop('SIGKILL');
      // What was stored before is not folded again.
      if (from > 0) expect(child.lines()).not.toContain('at 0');
      expect(existsSync(replaying.out)).toBe(false);
    }
    const last = await start(replaying);
    expect(await last.ended).toEqual({ code: 0, signal: null });
    expect(last.lines()).not.toContain('at 300');
    expect(readFileSync(replaying.out, 'utf8')).toBe(expectedLines());
    expect(existsSync(`${replaying.out}.work`)).toBe(false);
  },
  TEST_TIMEOUT_MS,
);

test(
  'an event that a reducer never returns from ends it with a message, and is left out when that happened often enough',
  async () => {
    const replaying = {
      module: moduleFolder('if (client.n === 1_000) for (;;);'),
      dir: await archivedFolder(),
      out: join(replayFolder(), 'states.jsonl'),
      env: { LECTERN_WATCHDOG_MS: '2000', LECTERN_CHECKPOINT_MS: '20' },
    };
    let runs = 0;
    const ended = await waitFor(
      async () => {
        runs += 1;
        const child = await start(replaying);
        const { code } = await child.ended;
        const said = child.lines().join('\n');
        if (code === null)
          expect(said).toContain(
            `reducer chained.chain, topic lectern.events.${SOURCE}, partition 0, offset 1000`,
          );
        return code === 0 && said;
      },
      { timeoutMs: 200_000, message: 'a run comes to its end' },
    );
    expect(runs).toBeGreaterThan(3);
    expect(ended).toContain(`chained.chain: 1 dead letter, one of them at lectern.events.${SOURCE}/0@1000`);
    expect(readFileSync(replaying.out, 'utf8')).toBe(expectedLines((n) => n === 1_000));
  },
  TEST_TIMEOUT_MS,
);
