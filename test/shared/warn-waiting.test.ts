import { expect, test } from '@jest/globals';
import { createLogger } from '../../services/shared/logger.ts';
import { eventsTopic, UNCLAIMED } from '../../services/shared/topics.ts';
import { warnOfWaiting } from '../../services/shared/unclaimed/warn-waiting.ts';
import { eventRecord } from '../support/events.ts';
import { createFakeLog } from '../support/fake-log.ts';

const WAITING = eventsTopic('n', UNCLAIMED);

interface Given {
  readonly waiting: readonly string[];
  readonly sources: readonly string[];
  readonly claims?: ReadonlyMap<string, { readonly copied: readonly number[] }>;
  readonly most?: number;
  readonly caughtUp?: () => Promise<void>;
}

/** What a service says at its start, one object each. */
async function said({ waiting, sources, claims = new Map(), most, caughtUp }: Given) {
  const { log, append } = createFakeLog({ [WAITING]: 2 });
  for (const [n, source] of waiting.entries())
    append({ topic: WAITING, partition: n % 2 }, [
      { value: eventRecord({ namespace: 'n', source, student: 's' }).value },
    ]);
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  await warnOfWaiting({
    log,
    control: { caughtUp: caughtUp ?? (async () => undefined), claims: claims as never },
    namespace: 'n',
    sources,
    logger: createLogger({ service: 'test', level: 'debug', destination }),
    ...(most === undefined ? {} : { most }),
  });
  return lines;
}

test('a service that names a source of which events wait says how many at its start, and what to do', async () => {
  const lines = await said({ waiting: ['a', 'b', 'a', 'c', 'a'], sources: ['a', 'd'] });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    level: 40,
    source: 'a',
    events: 3,
    more: 'none',
    msg: expect.stringContaining('lectern sources claim a'),
  });
});

test('what was claimed is none, and what came since is, of a source that no configuration names, too', async () => {
  const claims = new Map([['a', { copied: [2, 1] }]]);
  const lines = await said({ waiting: ['a', 'a', 'a', 'a', 'a'], sources: [], claims });
  expect(lines).toMatchObject([{ source: 'a', events: 2 }]);
});

test('nothing is said where nothing waits', async () => {
  expect(await said({ waiting: ['b', 'b'], sources: ['a'] })).toEqual([]);
  expect(await said({ waiting: [], sources: ['a'] })).toEqual([]);
});

test('only the newest records are looked at, and that is said', async () => {
  const waiting = Array.from({ length: 30 }, () => 'a');
  const lines = await said({ waiting, sources: ['a'], most: 8 });
  expect(lines).toMatchObject([{ events: 8, more: 'perhaps, in older records' }]);
});

test('a control topic that cannot be read ends nothing', async () => {
  const caughtUp = () => Promise.reject(new Error('away'));
  expect(await said({ waiting: ['a'], sources: ['a'], caughtUp })).toMatchObject([{ level: 20 }]);
});
