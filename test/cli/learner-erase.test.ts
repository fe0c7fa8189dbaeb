import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Command } from 'commander';
import type { Answer } from '../../services/cli/answer.ts';
import type { House } from '../../services/cli/house.ts';
import { createLearnerCommand } from '../../services/cli/learner.ts';
import { NO_PROGRESS } from '../../services/cli/progress.ts';
import { endWith } from '../../services/cli/run-in-house.ts';
import { createErasingHistory } from '../../services/shared/erasing/erasing-history.ts';
import { learnerHash } from '../../services/shared/erasing/learner-hash.ts';
import type { Receipt } from '../../services/shared/erasing/receipt.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { keyText, stateField } from '../../services/shared/state-key.ts';
import { createEraseUnit } from '../../services/worker/erase-unit.ts';
import { collect } from '../support/collect.ts';
import { eventRecord } from '../support/events.ts';
import { TEST_SOURCE } from '../support/module.ts';
import { NO_CHANGES } from '../support/no-changes.ts';
import { waitFor } from '../support/wait.ts';
import { closeHouses, historyOf, NAMESPACE, openTestHouse, unitOf } from './cli-house.ts';

afterEach(closeHouses);

const PARTITION = partitionOf('bob', 2);
const unit = unitOf(PARTITION);
const FACTS = { formatVersion: 2, partitions: 2, reducersHash: 'h' };
const fieldOf = (student: string): string => stateField('Internal', 'm.r', keyText({ STUDENT: student }));

async function openHouse(): Promise<House> {
  const house = await openTestHouse();
  const producer = await house.log.createProducer();
  const given = { namespace: NAMESPACE, source: TEST_SOURCE };
  await producer.send([eventRecord({ ...given, student: 'bob' }), eventRecord({ ...given, student: 'bob' })]);
  await house.state.claim(unit, 'me', FACTS, 0);
  const states = new Map([
    [fieldOf('bob'), '{"count":2}'],
    [fieldOf('ann'), '{"count":1}'],
  ]);
  await house.state.checkpoint(unit, { token: 'me', expected: null, next: 2, ...NO_CHANGES, states });
  return { ...house, history: createErasingHistory(historyOf(house.log), house.control) };
}

/** Does what the owner of the unit does once it hears of an erasure. */
const followErasures = (house: House) =>
  house.control.watch((record) => {
    if (record.kind !== 'erasure') return;
    const history = historyOf(house.log);
    const erasing = createEraseUnit({ ...house, history, unit, isRekey: false, partitions: 2 });
    void (async () => {
      const claim = await house.state.claim(unit, 'again', FACTS, 0);
      await erasing.apply(claim, 'again');
    })();
  });

const cwd = mkdtempSync(join(tmpdir(), 'receipts-'));

/** The exit code and what was said. */
async function lectern(house: House, ...words: string[]): Promise<{ code: number; said: string }> {
  const said: string[] = [];
  let code = 0;
  const answer: Answer = {
    log: (text) => void said.push(text),
    table: () => undefined,
    progress: () => NO_PROGRESS,
    cwd,
    fail() {
      code = 1;
    },
  };
  const program = new Command().addCommand(
    createLearnerCommand(null, (command, action) =>
      action(house, answer).catch((error: unknown) => endWith(command, error)),
    ),
  );
  const every = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: (text) => void said.push(text) });
    command.commands.forEach(every);
  };
  every(program);
  try {
    await program.parseAsync(['learner', ...words], { from: 'user' });
  } catch (error) {
    code = (error as { exitCode: number }).exitCode;
  }
  return { code, said: said.join('\n') };
}

const receiptIn = (file: string): Receipt => JSON.parse(readFileSync(join(cwd, file), 'utf8')) as Receipt;

describe('lectern learner erase', () => {
  test('erases nothing before somebody says that it is meant, nor up to what is no time', async () => {
    const house = await openHouse();
    const unsaid = await lectern(house, 'erase', 'bob');
    expect(unsaid).toMatchObject({ code: 78, said: expect.stringContaining('add --yes') });
    const untimely = await lectern(house, 'erase', 'bob', '--yes', '--before', 'yesterday');
    expect(untimely.said).toContain('must be a time as');
    const early = await lectern(house, 'erase', 'bob', '--yes', '--before', '2999-01-01');
    expect(early).toMatchObject({ code: 78, said: expect.stringContaining('lies in the future') });
    await house.control.caughtUp();
    expect(house.control.erasures.count).toBe(0);
  });

  test('gives a receipt of what was erased, that names nobody, also in the archive', async () => {
    const house = await openHouse();
    followErasures(house);
    const { code, said } = await lectern(house, 'erase', 'bob', '--yes', '--receipt', 'one.json');
    expect([code, said]).toEqual([0, expect.stringContaining('2 events not archived yet, 1 states')]);
    expect(await house.state.readMany(unit, [fieldOf('bob'), fieldOf('ann')])).toEqual([null, '{"count":1}']);
    const receipt = receiptIn('one.json');
    expect(receipt).toMatchObject({ events: { archived: 0, inLog: 2 }, states: 1, blobs: 0, units: 1 });
    expect(receipt.learner.hash).toBe(learnerHash(receipt.learner.salt, 'bob'));
    expect(JSON.stringify(receipt)).not.toContain('bob');
    const [kept] = await collect(house.archive.list({ prefix: 'erasures/receipts/' }));
    expect(JSON.parse((await house.archive.get(kept!.name))!.bytes.toString())).toEqual(receipt);
  });

  test('says which states wait for a worker, and is finished by the same command, as one erasure', async () => {
    const house = { ...(await openHouse()), mayRun: false };
    const first = await lectern(house, 'erase', 'bob', '--yes', '--receipt', 'two.json');
    expect(first).toMatchObject({
      code: 1,
      said: expect.stringContaining(`m.v1 in ${unit.topic}/${PARTITION}`),
    });
    expect(await collect(house.archive.list({ prefix: 'erasures/' }))).toEqual([]);
    const erasing = createEraseUnit({
      ...house,
      history: historyOf(house.log),
      unit,
      isRekey: false,
      partitions: 2,
    });
    await erasing.apply(await house.state.claim(unit, 'again', FACTS, 0), 'again');
    const second = await lectern(house, 'erase', 'bob', '--yes', '--receipt', 'two.json');
    expect(second).toMatchObject({ code: 0, said: expect.stringContaining('was decided before') });
    expect(house.control.erasures.count).toBe(1);
    expect(receiptIn('two.json').learner.hash).toBe(learnerHash(house.control.erasures.salt!, 'bob'));
  });

  test('erases again what came since', async () => {
    const house = await openHouse();
    followErasures(house);
    expect((await lectern(house, 'erase', 'bob', '--yes')).code).toBe(0);
    expect((await lectern(house, 'erase', 'bob', '--yes')).code).toBe(0);
    expect(house.control.erasures.count).toBe(2);
    await waitFor(async () => (await house.state.position(unit))?.next === 2, { message: 'the unit stands' });
  });
});
