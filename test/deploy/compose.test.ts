import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { DCLinter } from 'dclint';
import { parse } from 'yaml';
import { ROOT } from '../support/process.ts';
import { testRun } from '../support/test-run.ts';

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: unknown;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const path = join(ROOT, 'docker-compose.yml');
const text = readFileSync(path, 'utf8');
const compose: Compose = parse(text, { merge: true });
const services = Object.entries(compose.services);
const ours: Readonly<Record<string, number>> = { gateway: 8080, query: 8090, worker: 8091, archiver: 8092 };

/** dclint checks against the compose specification's schema, and some habits; order and quotes are ours. */
const STYLE_RULES = [
  'service-keys-order',
  'services-alphabetical-order',
  'top-level-properties-order',
  'no-quotes-in-volumes',
  'require-quotes-in-ports',
];

function problemsOf(file: string): string[] {
  const rules = Object.fromEntries(STYLE_RULES.map((rule) => [rule, 0 as const]));
  const linter = new DCLinter({ rules, quiet: true, debug: false, exclude: [] });
  // Its own types name their files without extensions, which this project's resolution does not find.
  const results: readonly { messages: readonly { rule: string }[] }[] = linter.lintFiles([file], false);
  return results.flatMap(({ messages }) => messages.map(({ rule }) => rule));
}

function problemsAfter(from: string, to: string): string[] {
  expect(text).toContain(from);
  const file = join(testRun.makeDir('compose'), 'docker-compose.yml');
  writeFileSync(file, text.replace(from, to));
  return problemsOf(file);
}

test('the file is what the compose specification allows', () => {
  expect(problemsOf(path)).toEqual([]);
});

test.each([
  ['a key that does not exist', 'start_period', 'start_perriod', 'invalid-schema'],
  ['a condition that does not exist', 'condition: service_healthy', 'condition: healthy', 'invalid-schema'],
  ['a value of another type', 'name: lectern', 'name: [lectern]', 'invalid-schema'],
  ['a port open to everybody', '"127.0.0.1:8080:8080"', '"8080:8080"', 'no-unbound-port-interfaces'],
  ['an image without a version', 'apache/kafka:4.1.0', 'apache/kafka', 'service-image-require-explicit-tag'],
])('the check finds %s', (_, from, to, rule) => {
  expect(problemsAfter(from, to)).toContain(rule);
});

describe('what no schema can say', () => {
  test.each(services)('%s waits for services that are there and can say so', (_, service) => {
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      const awaited = compose.services[name];
      expect(awaited).toBeDefined();
      if (condition === 'service_healthy') expect(awaited?.healthcheck).toBeDefined();
    }
  });

  test.each(services)('%s keeps its data in volumes that are declared', (_, service) => {
    for (const volume of service.volumes ?? [])
      expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
  });

  test.each(Object.entries(ours))('%s listens on port %i, published on loopback only', (name, port) => {
    const service = compose.services[name];
    expect(service?.command).toEqual(['node', `dist/services/${name}/main.js`]);
    expect(service?.environment).toMatchObject({ LECTERN_HOST: '0.0.0.0', LECTERN_PORT: port });
    expect(service?.ports).toEqual([`127.0.0.1:${port}:${port}`]);
  });

  test('nothing else is published', () => {
    const published = services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name);
    expect(published.sort()).toEqual(Object.keys(ours).sort());
  });
});
