import { expect, test } from '@jest/globals';
import { REST_MS, sessionSettings } from '../../services/shared/log/kafka-settings.ts';

test.each([
  [30_000, 1_000],
  [6_000, 1_000],
  [4_000, 800],
])(
  'in a session of %d ms a member hears within %d ms of those who join and leave',
  (sessionMs, heartbeatMs) => {
    expect(sessionSettings(sessionMs).heartbeatInterval).toBe(heartbeatMs);
  },
);

test.each([30_000, 6_000])(
  'a member that is alone still has five tries to stay in a session of %d ms',
  (ms) => {
    const { heartbeatInterval } = sessionSettings(ms, true);
    expect(heartbeatInterval).toBe(ms / 5);
    // A heartbeat is sent between two fetches, so it may come that much later.
    expect(heartbeatInterval + REST_MS).toBeLessThan(ms / 2);
  },
);
