import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { commonShape, integer, list, parseConfig } from '../../services/shared/config.ts';

const shape = z.object({
  ...commonShape,
  PORT: integer(0, 65_535).default(8080),
  SECRET: z.string(),
  HOSTS: list,
});

describe('a configuration', () => {
  test('has its defaults and cannot be changed', () => {
    const config = parseConfig(shape, { SECRET: 's', HOSTS: 'a, b,' });
    expect(config).toMatchObject({
      LECTERN_NAMESPACE: 'lectern',
      PORT: 8080,
      SECRET: 's',
      HOSTS: ['a', 'b'],
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('reports every problem at once, each with its variable', () => {
    const wrong = {
      LECTERN_NAMESPACE: 'a b',
      PORT: '70000',
      LECTERN_PARTITIONS: 'x',
      LECTERN_LOG_LEVEL: 'loud',
    };
    const message = (() => {
      try {
        parseConfig(shape, wrong);
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    })();
    for (const name of [
      'LECTERN_NAMESPACE',
      'PORT',
      'LECTERN_PARTITIONS',
      'LECTERN_LOG_LEVEL',
      'SECRET',
      'HOSTS',
    ])
      expect(message).toContain(`${name}: `);
  });

  test('takes a value from a file', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'config-')), 'secret');
    writeFileSync(path, 'from a file\n');
    expect(parseConfig(shape, { SECRET_FILE: path, HOSTS: 'a' }).SECRET).toBe('from a file');
  });

  test.each([
    ['a file that is missing', { SECRET_FILE: '/nowhere/secret', HOSTS: 'a' }, /SECRET_FILE: cannot be read/],
    ['a value given twice', { SECRET: 's', SECRET_FILE: '/dev/null', HOSTS: 'a' }, /SECRET: given both/],
  ])('refuses %s', (_name, env, message) => {
    expect(() => parseConfig(shape, env)).toThrow(message);
  });
});
