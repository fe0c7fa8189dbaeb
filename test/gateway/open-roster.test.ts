import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { gatewayShape, withGatewayRules } from '../../services/gateway/config.ts';
import { openRoster } from '../../services/gateway/open-roster.ts';
import { parseConfig } from '../../services/shared/config.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { folderWith } from '../support/module-folder.ts';
import { createGatewayHouse, SOURCE, until } from './support.ts';

const house = createGatewayHouse();
afterEach(() => house.cleanUp.run());

const ASKING = JSON.stringify({ '*': { class: ['roster'], teacher: ['roster'] } });
const load = (env: Record<string, string>) => parseConfig(withGatewayRules(z.object(gatewayShape)), env);

function classOf(id: string, name = 'Bob Secret'): string {
  return JSON.stringify([{ id, name: 'Year 7', teacher: 't', students: [{ id: 'tc-testcase-bob', name }] }]);
}

const bob = { safe_user_id: 'tc-testcase-bob', user_id: 'testcase-bob' };

async function open(content: string) {
  const path = join(folderWith({ 'classes.json': content }), 'classes.json');
  const looks: (() => void)[] = [];
  const stops: (() => unknown)[] = [];
  const logged: string[] = [];
  const write = (line: string) => void logged.push(line);
  let ended = false;
  const config = load({ LECTERN_STAMP: ASKING, LECTERN_CLASSES_FILE: path });
  const roster = await openRoster(config, {
    logger: createLogger({ service: 'test', level: 'debug', destination: { write } }),
    lifecycle: { onStop: (_, step) => void stops.push(step) },
    clock: {
      every(_, action) {
        looks.push(action);
        return () => {
          ended = true;
        };
      },
    },
  });
  const change = (text: string): void => {
    // As editors and mounts do it: another file takes the name.
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  return {
    path,
    config,
    roster,
    logged,
    look: () => looks[0]!(),
    change,
    stop() {
      for (const step of stops) step();
      return ended;
    },
  };
}

describe('the roster of LECTERN_CLASSES_FILE', () => {
  test('follows the file, without the names of learners in any log', async () => {
    const { roster, logged, look, change, stop } = await open(classOf('c-1'));
    expect([roster.classOf(bob), roster.teacherOf(bob, null)]).toEqual(['c-1', 't']);
    change(classOf('c-22'));
    look();
    await until(() => roster.classOf(bob) === 'c-22', 'the file is read again');
    look();
    expect(logged.filter((line) => line.includes('read again'))).toHaveLength(1);
    expect(logged.join('')).not.toMatch(/Secret|testcase/);
    expect(stop()).toBe(true);
  });

  test.each([
    ['no JSON', '[{"id": "Bob Secret', 'it is not JSON'],
    ['a bad student', classOf('c-2', ''), '[0].students[0].name: must not be empty'],
    [
      'a name for a name',
      '[{"id":"c","name":"n","students":[{"Bob Secret":"b"}]}]',
      '[0].students[0]: must be',
    ],
    ['nothing, as it is gone', null, 'cannot be read'],
  ])(
    'stays as it was while the file has %s, which is told once, with its place',
    async (_, content, message) => {
      const { path, roster, logged, look, change } = await open(classOf('c-1'));
      if (content === null) rmSync(path);
      else change(content);
      for (let count = 0; count < 3; count++) look();
      await until(() => logged.length > 0, 'it is told');
      look();
      change(classOf('c-33'));
      look();
      await until(() => roster.classOf(bob) === 'c-33', 'what is mended is read');
      const warned = logged.filter(
        (line) => line.includes('"level":"warn"') || line.includes('stay as they were'),
      );
      expect(warned).toHaveLength(1);
      expect(warned[0]).toContain(message);
      expect(logged.join('')).not.toContain('Secret');
    },
  );

  test('must be good at the start', async () => {
    await expect(open('[{"id": "Bob Secret')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(open(`[${' '.repeat(16 * 1_048_576)}]`)).rejects.toThrow('it may have at most');
  });

  test('is needed where a rule asks it, and is not read where none does', async () => {
    expect(() => load({ LECTERN_STAMP: ASKING })).toThrow(
      /LECTERN_STAMP: has roster in it, which needs LECTERN_CLASSES_FILE/,
    );
    expect(() => load({ LECTERN_STAMP: '{"org.a":{"teacher":["event:t","roster"]}}' })).toThrow(
      /has roster in it/,
    );
    const deps = {
      logger: createLogger({ service: 'test', level: 'silent' }),
      lifecycle: { onStop: () => undefined },
    };
    const roster = await openRoster(load({ LECTERN_CLASSES_FILE: '/nowhere' }), deps);
    expect([roster.classOf(bob), roster.teacherOf(bob, 'c')]).toEqual([null, null]);
  });

  test('stamps the events of its learners', async () => {
    const { config, roster } = await open(classOf('c-1'));
    const { url, log } = await house.start({ more: { stampRules: config.LECTERN_STAMP, roster } });
    const client = await house.open(url);
    client.send({ event: 'a', source: SOURCE, user_id: 'bob' });
    await until(() => log.written().length === 1, 'it was written');
    expect(log.written()[0]!.metadataFields).toMatchObject({ class: 'c-1', teacher: 't' });
  });
});
