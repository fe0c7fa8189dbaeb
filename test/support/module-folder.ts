import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';

const root = mkdtempSync(join(tmpdir(), 'lectern-modules-'));
let folders = 0;
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Writes files, given by path, into a new folder that goes when the tests of the file are over. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  folders += 1;
  const folder = join(root, String(folders));
  mkdirSync(folder);
  for (const [path, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const HEAD = `import { appendList, eventField, KeyField, reducer, Scope, studentEventReducer } from 'lectern/reducers';
const counter = studentEventReducer({ nullState: { count: 0 } }, function counter(event, state) { return state; });
`;

/** The text of a module whose REDUCERS are `entries`, which may name `counter`. */
export function moduleWith(entries: string, name = 'sample'): string {
  return `${HEAD}export const NAME = '${name}';\nexport const VERSION = 1;\nexport const REDUCERS = [${entries}];\n`;
}

/** An entry without a fault. */
export const GOOD_ENTRY = "{ context: 'org.example', function: counter, default: { count: 0 } }";
