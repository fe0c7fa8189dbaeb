import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { gatewayShape, optionalRedisShape } from '../../services/gateway/config.ts';
import { DEFAULT_LIMITS } from '../../services/gateway/limits.ts';
import { createDocument } from '../../services/gateway/openapi/document.ts';
import { commonShape } from '../../services/shared/config.ts';
import { createContract } from './openapi-contract.ts';

const page = readFileSync(new URL('../../services/gateway/README.md', import.meta.url), 'utf8');
const contract = createContract(createDocument({ limits: DEFAULT_LIMITS, standards: true }));

/** Where the page tells of a path. */
const SECTIONS: Readonly<Record<string, string>> = {
  '/wsapi/in/': 'The socket',
  '/v1/events': '`POST /v1/events`',
  '/xapi/statements': 'xAPI 1.0.3: sending statements',
  '/xapi/about': 'xAPI 1.0.3: sending statements',
  '/caliper': 'Caliper 1.1, 1.2',
  '/healthz': 'For operators',
  '/readyz': 'For operators',
  '/metrics': 'For operators',
  '/openapi.json': 'For operators',
};

function sectionOf(path: string): string {
  const title = SECTIONS[path];
  return page.split('\n## ').find((part) => part.startsWith(`${title}\n`)) ?? '';
}

describe('the page of the gateway', () => {
  test.each(Object.keys(contract.paths))('names %s among the endpoints', (path) => {
    const [beginning] = page.split('\n## ');
    expect(beginning).toContain(path);
  });

  test.each(contract.statuses)('has %s in its section', (operation) => {
    const [, path, status] = operation.split(' ') as [string, string, string];
    expect(sectionOf(path)).toMatch(new RegExp(`\\b${status}\\b`));
  });

  const ours = Object.keys(gatewayShape).filter((name) => !(name in commonShape));
  test.each([...ours, ...Object.keys(optionalRedisShape)])('has the variable %s', (name) => {
    const configuration = page.split('\n## ').find((part) => part.startsWith('Configuration\n'));
    expect(configuration).toMatch(new RegExp(`\`${name}(_FILE)?\``));
  });
});
