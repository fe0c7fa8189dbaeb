import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

const MBOX = 'mailto:alice@school.example';
const learner = `xapi-mbox-${createHash('sha256').update(MBOX).digest('hex')}`;

let program: RestartableProgram;
let file: string;

function write(id: string): void {
  writeFileSync(file, JSON.stringify([{ id, name: 'Year 7', students: [{ id: learner, name: 'Alice' }] }]));
}

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'roster-'));
  file = join(folder, 'classes.json');
  write('y7');
  program = await createProgram('dist/services/standalone/main.js', {
    LECTERN_DATA_DIR: join(folder, 'data'),
    LECTERN_MODULES: './test/support/standards-module',
    LECTERN_CLASSES_FILE: file,
    LECTERN_STAMP: '{"xapi":{"class":["context","roster"]}}',
  });
  await program.start();
  await program.ready();
}, 90_000);
afterAll(() => program.stop());

async function sendStatement(): Promise<void> {
  const response = await fetch(`${program.url}/xapi/statements`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-experience-api-version': '1.0.3' },
    body: JSON.stringify({ actor: { mbox: MBOX }, verb: { id: 'x:did' }, object: { id: 'x:it' } }),
  });
  expect(response.status).toBe(200);
}

async function eventsIn(id: string): Promise<number> {
  const answer = await fetch(`${program.url}/v1/state/standards.in_class?CLASS=${id}`);
  return ((await answer.json()) as { state: { events: number } | null }).state?.events ?? 0;
}

test('a learner’s events are reduced into the class that the file says, also after it changed', async () => {
  await sendStatement();
  await waitFor(async () => (await eventsIn('y7')) === 1, { message: 'the class of the file' });
  write('y7-second-term');
  await waitFor(
    async () => {
      await sendStatement();
      return (await eventsIn('y7-second-term')) > 0;
    },
    { message: 'the class of the changed file', intervalMs: 250 },
  );
  expect(program.lines().join('\n')).not.toMatch(/Alice|alice/);
}, 60_000);
