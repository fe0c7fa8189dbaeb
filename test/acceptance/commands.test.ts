import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startProgram } from '../support/process.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

const SOURCE = 'org.mitros.writing_analytics';

describe('the command line beside the product that runs on the same data directory', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'commands-'));
  let product: RestartableProgram;

  const lectern = async (...args: string[]): Promise<{ said: string; code: number | null }> => {
    const child = await startProgram('dist/services/cli/main.js', {
      args,
      env: { LECTERN_DATA_DIR: dataDir },
    });
    const { code } = await child.ended;
    return { said: child.lines().join('\n'), code };
  };
  const works = async (...args: string[]): Promise<string> => {
    const { said, code } = await lectern(...args);
    expect([code, said]).toEqual([0, said]);
    return said;
  };
  const keyIn = (said: string): string => /lct_[0-9a-f]{12}_[0-9a-f]{64}/.exec(said)![0];
  const send = async (key: string, user = 'bob'): Promise<number> => {
    const response = await fetch(`${product.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify([{ event: 'x', source: SOURCE, user_tag: user }]),
    });
    return response.status;
  };

  beforeAll(async () => {
    product = await createProgram('dist/services/standalone/main.js', {
      LECTERN_DATA_DIR: dataDir,
      LECTERN_REQUIRE_KEY: 'true',
    });
    await product.start();
    await product.ready();
  }, 90_000);
  afterAll(() => product.stop());

  test('makes a key that works at once, until it is revoked', async () => {
    const said = await works('keys', 'create', '--name', 'a program', '--all-sources');
    expect(said).not.toContain('started again');
    const key = keyIn(said);
    expect(await send(key)).toBe(200);
    expect(await works('keys', 'list')).toContain('a program');
    await works('keys', 'revoke', key.split('_')[1]!);
    expect(await send(key)).toBe(401);
    expect(product.lines().join('\n')).not.toContain(key.split('_')[2]);
  }, 60_000);

  test('while keys are required, lets nobody send statements and envelopes without one either', async () => {
    for (const path of ['/xapi/statements', '/caliper']) {
      const headers = { 'content-type': 'application/json', 'x-experience-api-version': '1.0.3' };
      const response = await fetch(product.url + path, { method: 'POST', headers, body: '{}' });
      expect(response.status).toBe(401);
    }
  });

  test('blocks, says who is blocked, and lets them send again', async () => {
    const key = keyIn(await works('keys', 'create', '--name', 'page', '--source', SOURCE));
    expect(await send(key)).toBe(200);
    await works('blocklist', 'add', 'source', SOURCE, '--message', 'not now');
    expect(await send(key)).toBe(403);
    expect(JSON.parse(await works('blocklist', 'list', '--json'))).toMatchObject([{ message: 'not now' }]);
    await works('blocklist', 'remove', 'source', SOURCE);
    expect(await send(key)).toBe(200);
  }, 60_000);

  test('pauses a module and lists dead letters, and ends with the status that it says', async () => {
    expect(await works('modules', 'pause', 'student_events')).toContain('lectern modules resume');
    expect(await works('modules', 'resume', 'student_events')).toBe('student_events goes on');
    expect(await works('dead-letters', 'list', '--json')).toContain('"deadLetters": []');
    const unknown = await lectern('modules', 'pause', 'nothing');
    expect(unknown).toMatchObject({ code: 78, said: expect.stringContaining('no module nothing') });
    expect(await lectern('keys', 'revoke', 'x')).toMatchObject({ code: 78 });
  }, 60_000);

  test('takes commands from nobody but whoever runs it', () => {
    const name = readdirSync(dataDir).find((file) => file.endsWith('.sock'))!;
    expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o600);
  });

  test('works on the directory itself after a kill -9, and through the product again after that', async () => {
    await product.kill();
    expect(readdirSync(dataDir)).toContain('commands.sock');
    const said = await works('keys', 'create', '--name', 'meanwhile', '--all-sources');
    expect(said).toContain('when the product is started again');
    await product.start();
    await product.ready();
    expect(await send(keyIn(said))).toBe(200);
    await works('keys', 'revoke', keyIn(said));
    expect(await send(keyIn(said))).toBe(401);
    expect(await product.stop()).toBe(0);
    expect(readdirSync(dataDir)).not.toContain('commands.sock');
    await waitFor(async () => (await lectern('keys', 'list')).said.includes('meanwhile'), {
      message: 'listed',
    });
  }, 90_000);
});
