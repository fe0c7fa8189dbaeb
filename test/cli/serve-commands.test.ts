import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { commandSocketOf } from '../../services/cli/command-socket.ts';
import { handOver } from '../../services/cli/hand-over.ts';
import type { House } from '../../services/cli/house.ts';
import { type CommandServer, serveCommands } from '../../services/cli/serve-commands.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { waitFor } from '../support/wait.ts';
import {
  appendEvents,
  checkpoint,
  closeHouses,
  letterOf,
  NAMESPACE,
  openTestHouse,
  unitOf,
} from './cli-house.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const servers: CommandServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  await closeHouses();
});

interface Running {
  readonly dataDir: string;
  readonly address: string;
  readonly house: House;
  readonly server: CommandServer;
}

async function start(given: Partial<House> = {}): Promise<Running> {
  const dataDir = mkdtempSync(join(tmpdir(), 'serve-'));
  const address = commandSocketOf(dataDir)!;
  // As a process leaves it behind that was killed.
  writeFileSync(join(dataDir, 'commands.sock'), '');
  const house = await openTestHouse(given);
  const server = await serveCommands({ address, house, logger });
  servers.push(server);
  return { dataDir, address, house, server };
}

async function lectern(dataDir: string, words: string, namespace = NAMESPACE) {
  const said = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') => ({
    write(text: string) {
      said[name] += text;
    },
  });
  const request = { namespace, args: words.split(' ') };
  const code = await handOver(dataDir, request, { stdout: into('stdout'), stderr: into('stderr') });
  return { code, ...said };
}

/** What comes back for bytes that may be no request; the other side closes. */
function raw(address: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(address, () => socket.write(text));
    socket.on('data', (data) => {
      answer += String(data);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

test('a command is done in the house of the running process, and says all that it says elsewhere', async () => {
  const { dataDir, house } = await start();
  expect(await lectern(dataDir, 'modules pause m --reason x')).toEqual({
    code: 0,
    stdout: 'm pauses; to go on: lectern modules resume m\n',
    stderr: '',
  });
  expect(house.control.pausedBecause('m')).toContain('x');
  await lectern(dataDir, 'blocklist add domain bad.org');
  expect((await lectern(dataDir, 'blocklist list')).stdout).toMatch(/│.*'bad\.org'.*│/);
});

test('nobody but the owner of the process may open the socket', async () => {
  const { dataDir } = await start();
  expect(statSync(join(dataDir, 'commands.sock')).mode & 0o777).toBe(0o600);
});

test('what goes wrong ends with the status and the words of the command, and never the process', async () => {
  const { dataDir } = await start();
  for (const [words, code, stderr] of [
    ['modules pause other', 78, /no module other/],
    ['modules pause', 1, /missing required argument/],
    ['keys revoke x --nothing', 1, /unknown option/],
    ['nonsense', 1, /unknown command|nonsense/],
    ['dead-letters drop --offset 3 --from 3 --to 2', 78, /lies beyond/],
  ] as const)
    expect(await lectern(dataDir, words)).toEqual({
      code,
      stdout: '',
      stderr: expect.stringMatching(stderr),
    });
  expect((await lectern(dataDir, 'keys list')).stdout).toBe('there are no API keys\n');
});

test('what could not be done as a whole ends with 1', async () => {
  const { dataDir, house } = await start();
  await appendEvents(house.log, 3, 0);
  await checkpoint(house.state, unitOf(0), 3, { deadLetters: [letterOf(unitOf(0), 1)] });
  expect((await lectern(dataDir, 'dead-letters drop --offset 1')).code).toBe(0);
  expect(await lectern(dataDir, 'dead-letters drop --offset 1')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('skipped'),
  });
  expect(process.exitCode).toBeUndefined();
});

test('no command looks at the files of the running process', async () => {
  const { dataDir } = await start();
  for (const words of ['schemas check --dir /', 'modules list'])
    expect(await lectern(dataDir, words)).toMatchObject({ code: 1, stdout: '' });
});

test('a command that means another namespace is refused, and changes nothing', async () => {
  const { dataDir, house } = await start();
  expect(await lectern(dataDir, 'modules pause m', 'other')).toMatchObject({
    code: 78,
    stderr: expect.stringContaining(`has the namespace ${NAMESPACE}: correct LECTERN_NAMESPACE`),
  });
  expect(house.control.pausedBecause('m')).toBeNull();
});

test.each([
  ['no JSON', 'hello\n'],
  ['another object', '{"args":"keys list"}\n'],
  ['too much', `${JSON.stringify({ namespace: NAMESPACE, args: ['keys', 'list', 'x'.repeat(70_000)] })}\n`],
])('a caller that writes %s is hung up on, and others are served', async (_, text) => {
  const { address, dataDir } = await start();
  expect(await raw(address, text)).toBe('');
  expect((await lectern(dataDir, 'keys list')).code).toBe(0);
});

test('a caller too many is told so, and one that says nothing does not keep the process from ending', async () => {
  const { address, dataDir, server } = await start();
  const silent = Array.from({ length: 8 }, () => raw(address, ''));
  await waitFor(async () => (await lectern(dataDir, 'keys list')).stderr.includes('try again'), {
    message: 'the ninth is told',
  });
  // Sooner than a caller that says nothing is hung up on anyway.
  let stopped = false;
  void server.stop().then(() => {
    stopped = true;
  });
  await waitFor(() => stopped, { message: 'the server stops', timeoutMs: 3_000 });
  expect(await Promise.all(silent)).toEqual(Array(8).fill(''));
});

test('a command whose caller has gone waits no longer, and neither does one when the process ends', async () => {
  const slept: number[] = [];
  const ended: number[] = [];
  const { house, address, server } = await start({
    clock: {
      now: Date.now,
      every: () => () => undefined,
      async sleep(ms) {
        slept.push(ms);
        await new Promise((resolve) => setTimeout(resolve, 5));
        ended.push(ms);
      },
    },
  });
  await appendEvents(house.log, 3, 0);
  await checkpoint(house.state, unitOf(0), 3, {
    deadLetters: [letterOf(unitOf(0), 1), letterOf(unitOf(0), 2)],
  });
  const waiting = (offset: number): string =>
    `${JSON.stringify({ namespace: NAMESPACE, args: ['dead-letters', 'requeue', '--offset', String(offset), '--wait', '60'] })}\n`;
  const gone = connect(address, () => gone.write(waiting(1)));
  await waitFor(() => slept.length > 2, { message: 'the command waits' });
  gone.destroy();
  let before = -1;
  await waitFor(
    async () => {
      const is = before === slept.length;
      before = slept.length;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return is;
    },
    { message: 'it waits no more' },
  );
  const staying = raw(address, waiting(2));
  await waitFor(() => slept.length > before + 2, { message: 'the next waits' });
  await server.stop();
  expect(await staying).toContain('"exitCode":1');
});

test('nobody takes commands where no process does, and a long path has no socket', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'serve-'));
  expect((await lectern(dataDir, 'keys list')).code).toBeNull();
  writeFileSync(join(dataDir, 'commands.sock'), '');
  expect((await lectern(dataDir, 'keys list')).code).toBeNull();
  const long = join(dataDir, 'x'.repeat(100));
  mkdirSync(long);
  expect(commandSocketOf(long)).toBeNull();
  expect((await lectern(long, 'keys list')).code).toBeNull();
});
