import { describe, expect, test } from '@jest/globals';
import type { Unit } from '../../services/shared/state/port.ts';
import { isSessionField } from '../../services/shared/state-key.ts';
import {
  type Broken,
  impatient,
  keepingStates,
  logThat,
  lookingBackAtNothing,
  processWhose,
  publishing,
  resumingBeside,
  storeThat,
} from '../support/world/broken.ts';
import { checkScripts } from '../support/world/check-scripts.ts';

/** What it is found out by, where that is not a state or a world that never comes to rest. */
const BROKEN: readonly (readonly [string, Broken, RegExp?])[] = [
  ['a worker that resumes one record too early', resumingBeside(-1)],
  ['a worker that resumes one record too late', resumingBeside(1)],
  ['a worker that keeps its states when it lost a claim', keepingStates()],
  [
    'a worker that takes a refusal for success',
    processWhose('state', (state) => ({
      async checkpoint(...args) {
        const reply = await state.checkpoint(...args);
        return reply.status === 'refused' ? { status: 'done' } : reply;
      },
    })),
  ],
  [
    'a worker that keeps its verdicts to itself',
    processWhose('control', () => ({ publish: async () => undefined })),
  ],
  [
    'a worker that publishes verdicts without asking whether its claim still holds',
    processWhose('state', (state) => ({
      async checkpoint(unit, checkpoint) {
        const { expected, next, states, caughtUpAt } = checkpoint;
        const asks = expected === next && states.size === 0 && caughtUpAt === null;
        return asks ? { status: 'done' } : state.checkpoint(unit, checkpoint);
      },
    })),
    /is left out \(state\), and should be folded/,
  ],
  [
    'a worker that leaves out an innocent event',
    impatient(20),
    /is left out \(budget\), and should be folded/,
  ],
  [
    'a worker that misses the last archived record',
    processWhose('history', (history) => ({
      async *archived(...args) {
        for await (const records of history.archived(...args))
          if (records.length > 1) yield records.slice(0, -1);
      },
    })),
  ],
  [
    'a store that does not compare offsets',
    storeThat((store) => ({
      async checkpoint(unit, checkpoint) {
        const expected = (await store.position(unit))?.next ?? null;
        return store.checkpoint(unit, { ...checkpoint, expected });
      },
    })),
  ],
  [
    'a store that does not compare owners',
    storeThat((store) => {
      const owners = new Map<string, string>();
      const nameOf = ({ module, topic, partition }: Unit): string => `${module} ${topic} ${partition}`;
      return {
        claim(unit, token, ...facts) {
          owners.set(nameOf(unit), token);
          return store.claim(unit, token, ...facts);
        },
        checkpoint: (unit, checkpoint) =>
          store.checkpoint(unit, { ...checkpoint, token: owners.get(nameOf(unit)) ?? checkpoint.token }),
      };
    }),
  ],
  [
    'a store that writes states without the offset when it is interrupted',
    storeThat((store) => ({
      checkpoint: (unit, checkpoint) =>
        store.checkpoint(
          unit,
          checkpoint.next % 7 === 3 ? { ...checkpoint, next: checkpoint.next - 1 } : checkpoint,
        ),
    })),
  ],
  [
    'a store that forgets dead letters',
    storeThat((store) => ({
      checkpoint: (unit, checkpoint) => store.checkpoint(unit, { ...checkpoint, deadLetters: [] }),
    })),
  ],
  [
    'a store that forgets parts of lists',
    storeThat((store) => ({
      checkpoint(unit, checkpoint) {
        const states = [...checkpoint.states].filter(([field]) => !field.includes(',PART:1'));
        return store.checkpoint(unit, { ...checkpoint, states: new Map(states) });
      },
    })),
  ],
  [
    'a worker that forgets what it had of a source',
    processWhose('state', (state) => ({
      async readMany(unit, fields) {
        const texts = await state.readMany(unit, fields);
        return texts.map((text, index) => (fields[index]!.startsWith('Mark,') ? null : text));
      },
    })),
  ],
  [
    'a worker that forgets the sessions of clients',
    processWhose('state', (state) => ({
      async readMany(unit, fields) {
        const texts = await state.readMany(unit, fields);
        return texts.map((text, index) => (isSessionField(fields[index]!) ? null : text));
      },
    })),
    /should (not )?be/,
  ],
  [
    'a worker that does not read back which events came just before',
    lookingBackAtNothing(),
    /should (not )?be/,
  ],
  [
    'a worker whose checkpoints do not wait until events are published under other keys',
    publishing((send) => async (records) => {
      send(records).catch(() => undefined);
      return [];
    }),
  ],
  [
    'a worker that publishes events of a source in no order',
    publishing((send) => (records) => send(records.toReversed())),
  ],
  [
    'a worker that takes what others have of a source for more than it is',
    processWhose('state', (state) => ({
      async readMany(unit, fields) {
        const texts = await state.readMany(unit, fields);
        const isGate = fields.length === 1 && fields[0]!.startsWith('Mark,');
        return isGate ? texts.map((text) => (text === null ? null : '20,0')) : texts;
      },
    })),
  ],
  ['a log that loses a record', logThat((records) => records.filter(({ offset }) => offset % 50 !== 7))],
  [
    'a log that swaps two records',
    logThat((records) => (records.length > 5 ? records.toReversed() : records)),
  ],
];

/** Whose schedules find it out soon. Those of 1 do, too, after many seconds. */
const SOONER: Readonly<Record<string, number>> = {
  'a worker that resumes one record too early': 2,
  'a worker that resumes one record too late': 2,
  'a worker that takes a refusal for success': 3,
  'a worker that keeps its verdicts to itself': 9,
  'a worker that leaves out an innocent event': 3,
  'a worker that misses the last archived record': 8,
  'a store that does not compare offsets': 2,
};

/** Some are found out by a world that never comes to rest, which takes a while to be sure of. */
const TIMEOUT_MS = 120_000;

describe('the property that every state is the fold of its events', () => {
  test.each(BROKEN)(
    'finds out %s',
    async (name, options, by = /should be|does not come to rest/) => {
      const seed = SOONER[name] ?? 1;
      await expect(checkScripts({ runs: 300, seed, options, asFound: true })).rejects.toThrow(by);
    },
    TIMEOUT_MS,
  );
});
