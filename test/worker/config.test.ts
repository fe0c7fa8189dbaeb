import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { kafkaShape } from '../../services/shared/cluster-shapes.ts';
import { parseConfig } from '../../services/shared/config.ts';
import { checkGroupTimes, workerShape } from '../../services/worker/config.ts';

const schema = z.object({ ...workerShape, ...kafkaShape }).superRefine(checkGroupTimes);
const parse = (times: Record<string, string>) =>
  parseConfig(schema, { LECTERN_KAFKA_BROKERS: 'localhost:9092', ...times });

describe('the times of a worker', () => {
  test('fit together by default', () => {
    expect(() => parse({})).not.toThrow();
  });

  test('may be as long as the groups bear', () => {
    const times = { LECTERN_WATCHDOG_MS: '119999', LECTERN_REDUCER_BUDGET_MS: '119999' };
    expect(() => parse({ ...times, LECTERN_KAFKA_SESSION_TIMEOUT_MS: '120000' })).not.toThrow();
  });

  test.each([
    [
      'a watchdog as long as the session of the groups',
      { LECTERN_WATCHDOG_MS: '30000' },
      /^ *LECTERN_WATCHDOG_MS: is 30000, .*below LECTERN_KAFKA_SESSION_TIMEOUT_MS \(30000\).*lower it, or raise/m,
    ],
    [
      'a session shorter than the watchdog',
      { LECTERN_KAFKA_SESSION_TIMEOUT_MS: '6000' },
      /^ *LECTERN_WATCHDOG_MS: is 20000, .*\(6000\)/m,
    ],
    [
      'a budget for which no group waits',
      { LECTERN_REDUCER_BUDGET_MS: '60000' },
      /^ *LECTERN_REDUCER_BUDGET_MS: is 60000, .*below 60000.*lower it, or raise LECTERN_KAFKA_SESSION_TIMEOUT_MS/m,
    ],
  ])('are refused: %s', (_what, times, problem) => {
    expect(() => parse(times)).toThrow(problem);
  });
});
