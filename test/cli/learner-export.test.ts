import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import type { Answer } from '../../services/cli/answer.ts';
import type { House } from '../../services/cli/house.ts';
import { createLearnerCommand } from '../../services/cli/learner.ts';
import { NO_PROGRESS } from '../../services/cli/progress.ts';
import { createErasingHistory } from '../../services/shared/erasing/erasing-history.ts';
import { newErasure } from '../../services/shared/erasing/new-erasure.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { HIDDEN, keyText, stateField } from '../../services/shared/state-key.ts';
import { BLOBS, eventsTopic, UNCLAIMED } from '../../services/shared/topics.ts';
import { putDecided } from '../support/erased-archive.ts';
import { eventRecord } from '../support/events.ts';
import { makeArchive, putObjects } from '../support/made-archive.ts';
import { TEST_SOURCE } from '../support/module.ts';
import { NO_CHANGES } from '../support/no-changes.ts';
import { closeHouses, historyOf, NAMESPACE, openTestHouse, unitOf } from './cli-house.ts';

afterEach(async () => {
  jest.restoreAllMocks();
  await closeHouses();
});

const SOURCES = [TEST_SOURCE, BLOBS, UNCLAIMED];
const BIG = '{"event":"x","n":12345678901234567890}';
const out = (): string => mkdtempSync(join(tmpdir(), 'export-'));
const linesIn = (path: string): Record<string, unknown>[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function openHouse(): Promise<House> {
  const house = await openTestHouse();
  await house.log.ensureTopics(
    [BLOBS, UNCLAIMED].map((source) => ({ name: eventsTopic(NAMESPACE, source), partitions: 2 })),
  );
  const producer = await house.log.createProducer();
  const sent = SOURCES.flatMap((source) =>
    ['bob', 'ann', 'bob'].map((student, n) =>
      eventRecord({ namespace: NAMESPACE, source, student, id: `${source} ${n}`, receivedAt: 1_000 * n }),
    ),
  );
  await producer.send(sent);
  const unit = unitOf(partitionOf('bob', 2));
  await house.state.claim(unit, 'me', { formatVersion: 2, partitions: 2, reducersHash: 'h' }, 0);
  const field = (kind: 'Internal' | 'External', student: string, more = {}): string =>
    stateField(kind, 'm.r', keyText({ STUDENT: student, ...more }));
  const states = new Map([
    [field('Internal', 'bob'), '{"count":2}'],
    [field('External', 'bob'), '{"shown":2}'],
    [field('Internal', 'bob', { 'EventField.doc': '7' }), BIG],
    [field('External', 'bob', { 'EventField.doc': '7' }), HIDDEN],
    [field('Internal', 'ann'), '{"count":1}'],
  ]);
  await house.state.checkpoint(unit, { token: 'me', expected: null, next: 2, ...NO_CHANGES, states });
  return { ...house, history: createErasingHistory(historyOf(house.log), house.control) };
}

async function lectern(house: House | null, ...words: string[]): Promise<string[]> {
  const said: string[] = [];
  const answer: Answer = {
    log: (text) => void said.push(text),
    table: () => undefined,
    progress: () => NO_PROGRESS,
    cwd: '/',
    fail: () => undefined,
  };
  const program = new Command().addCommand(
    createLearnerCommand({}, (_, action) => {
      if (house === null) throw new Error('nothing but the archive is there');
      return action(house, answer);
    }),
  );
  await program.parseAsync(['learner', 'export', ...words], { from: 'user' });
  return said;
}

describe('lectern learner export', () => {
  test('has every event of the learner, of every source, and every state, and nothing of others', async () => {
    const house = await openHouse();
    const dir = out();
    await lectern(house, 'bob', '--out', dir);
    expect(readdirSync(dir).sort()).toEqual(['events.jsonl', 'states.jsonl']);
    const events = linesIn(join(dir, 'events.jsonl'));
    const ids = events.map(({ kind, id }) => [kind, id]);
    const expected = SOURCES.flatMap((source) => [0, 2].map((n) => ['event', `${source} ${n}`]));
    expect(new Set(ids.map(String))).toEqual(new Set(expected.map(String)));
    expect(events[0]).toMatchObject({
      source: TEST_SOURCE,
      client: { event: 'test' },
      offset: expect.anything(),
    });
    const states = readFileSync(join(dir, 'states.jsonl'), 'utf8');
    expect(states).toContain(`"state":${BIG}`);
    expect(linesIn(join(dir, 'states.jsonl')).map(({ key, external }) => [key, external])).toEqual(
      expect.arrayContaining([
        [{ STUDENT: 'bob' }, { shown: 2 }],
        [{ STUDENT: 'bob', 'EventField.doc': '7' }, undefined],
      ]),
    );
    expect(states).not.toContain('ann');
  });

  test('is one file where one is named, which is whole once it is there', async () => {
    const house = await openHouse();
    const file = join(out(), 'bob.jsonl');
    const said = await lectern(house, 'bob', '--out', file);
    expect(said).toEqual([`${file}: 8 lines`]);
    expect(linesIn(file).filter(({ kind }) => kind === 'state')).toHaveLength(2);
  });

  test('has nothing of what is erased', async () => {
    const house = await openHouse();
    await house.control.publish(newErasure({ salt: null }, { learner: 'bob', before: 2_000, now: 1 }));
    const file = join(out(), 'bob.jsonl');
    await lectern(house, 'bob', '--out', file);
    const left = linesIn(file).filter(({ kind }) => kind === 'event');
    expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining(SOURCES.map((source) => `${source} 2`)));
    expect(left).toHaveLength(SOURCES.length);
  });

  test('works on an archive alone, and leaves out there what is erased', async () => {
    jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const made = makeArchive();
    await putObjects(made, { source: 'essay', sizes: [3, 4] });
    const file = join(out(), 's0.jsonl');
    await lectern(null, 'tc-s0', '--out', file, '--dir', made.dir);
    expect(linesIn(file).map(({ offset }) => offset)).toEqual([0, 3, 6]);
    const before = Date.UTC(2026, 8, 2) * 1_000;
    await putDecided(made, [newErasure({ salt: null }, { learner: 'tc-s0', before, now: 1 })]);
    await lectern(null, 'tc-s0', '--out', file, '--dir', made.dir);
    expect(linesIn(file).map(({ offset }) => offset)).toEqual([3, 6]);
  });
});
