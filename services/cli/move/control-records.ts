import type { ControlRecord, LeftOut } from '../../shared/control/port.ts';
import { parseControlRecord } from '../../shared/control/record.ts';
import type { History } from '../../shared/history/port.ts';
import type { LogRecord } from '../../shared/log/port.ts';
import { unitName } from '../../shared/state/unit-name.ts';

/** A record of the old control topic that still says something. */
export type Decision =
  | { readonly kind: 'verdict'; readonly verdict: LeftOut; readonly record: LogRecord }
  /** API keys, blocks, switches, and whatever another version has decided, not taken: it holds wherever it is read. */
  | { readonly kind: 'other'; readonly taken: ControlRecord | null; readonly record: LogRecord };

/**
 * What was decided in a control topic, in order, up to `end`. Claims are left out, which nobody holds in another namespace,
 * and so are the verdicts of claims that were over: they never counted.
 */
export async function* readDecisions(
  history: Pick<History, 'start' | 'read'>,
  topic: string,
  end: number,
): AsyncGenerator<Decision> {
  // Where there is no such topic, nothing was decided.
  if (end === 0) return;
  const at = { topic, partition: 0 };
  const owners = new Map<string, string>();

  const decisionOf = (taken: ControlRecord, record: LogRecord): Decision | null => {
    if (taken.kind === 'unit-claimed') owners.set(unitName(taken), taken.token);
    if (taken.kind === 'unit-claimed') return null;
    if (taken.kind !== 'left-out') return { kind: 'other', taken, record };
    const counts = taken.token === undefined || taken.token === owners.get(unitName(taken));
    return counts ? { kind: 'verdict', verdict: taken, record } : null;
  };

  for await (const records of history.read({ ...at, from: await history.start(at), to: end }))
    for (const record of records) {
      const parsed = parseControlRecord(record.value);
      if (parsed.outcome === 'broken') continue;
      const decision: Decision | null =
        parsed.outcome === 'unknown'
          ? { kind: 'other', taken: null, record }
          : decisionOf(parsed.record, record);
      if (decision !== null) yield decision;
    }
}
