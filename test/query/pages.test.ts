import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import { querySchema } from '../../services/query/config.ts';
import { loadClasses } from '../../services/shared/classes.ts';
import { parseConfig } from '../../services/shared/config.ts';
import type { LecternError } from '../../services/shared/errors.ts';
import { folderWith } from '../support/module-folder.ts';
import { type QueryApp, startQueryApp } from '../support/query-app.ts';

let app: QueryApp | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe('the pages', () => {
  test('are served from their folder alone, allowed nothing but what is served', async () => {
    const folder = folderWith({
      'web/index.html': '<p>page</p>',
      'web/main.js': 'js',
      'hidden.txt': 'words',
    });
    app = await startQueryApp({ webDir: join(folder, 'web') });
    const page = await app.get('/');
    expect(page).toMatchObject({ status: 200, body: '<p>page</p>' });
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const script = await app.get('/main.js');
    expect(script.status).toBe(200);
    expect(script.headers.get('content-type')).toContain('javascript');
    const etag = script.headers.get('etag')!;
    await supertest(app.url).get('/main.js').set('if-none-match', etag).expect(304);
    for (const path of ['/..%2fhidden.txt', '/..%5chidden.txt', '/%2e%2e%2fhidden.txt']) {
      const { status, body } = await app.get(path);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(body)).not.toContain('words');
    }
    expect((await app.get('/nothing.js')).status).toBe(404);
  });

  test('of this repository need nothing from elsewhere and no inline script or style', () => {
    const html = readFileSync(new URL('../../services/query/web/index.html', import.meta.url), 'utf8');
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)/);
  });
});

const CLASSES = [
  { id: 'c1', name: 'Year 7', students: [{ id: 'tc-testcase-ada', name: 'Ada' }] },
  { id: 'c2', name: 'Empty', students: [] },
];

describe('classes', () => {
  test('are answered as the file has them', async () => {
    const folder = folderWith({ 'classes.json': JSON.stringify(CLASSES) });
    app = await startQueryApp({ classes: loadClasses(join(folder, 'classes.json')) });
    expect(await app.get('/v1/classes')).toMatchObject({ status: 200, body: { classes: CLASSES } });
  });

  test('of a wrong file are refused with every problem, and without the names in it', () => {
    const [first] = CLASSES;
    const wrong = [
      { ...first, nmae: 'x' },
      {
        ...first,
        students: [
          { id: '', name: 'Secret' },
          { id: 7, name: 'Secret' },
        ],
      },
      { id: 'c3', name: 'Twins', students: [...first!.students, ...first!.students] },
    ];
    const folder = folderWith({
      'classes.json': JSON.stringify(wrong),
      'broken.json': '[{"name": "Secret" oops',
    });
    const messageOf = (name: string): string => {
      try {
        loadClasses(join(folder, name));
      } catch (error) {
        expect((error as LecternError).code).toBe('CONFIG_INVALID');
        return (error as LecternError).message;
      }
      throw new Error('the file was taken');
    };
    const message = messageOf('classes.json');
    for (const part of [
      '"nmae"',
      '[1].students[0].id',
      '[1].students[1].id',
      '[2].students[1].id: is there twice',
    ])
      expect(message).toContain(part);
    expect(message).not.toContain('Secret');
    expect(messageOf('broken.json')).toMatch(/cannot be read: it is not JSON$/);
    expect(messageOf('missing.json')).toMatch(/ENOENT/);
  });
});

describe('the configuration', () => {
  test('has a port of its own', () => {
    expect(parseConfig(querySchema, {})).toMatchObject({ LECTERN_PORT: 8090, LECTERN_HOST: '127.0.0.1' });
    expect(() => parseConfig(querySchema, { LECTERN_PORT: '65536' })).toThrow(/LECTERN_PORT/);
  });
});
