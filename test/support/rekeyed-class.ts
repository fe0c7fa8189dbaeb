import { A, B, internal, REKEY, type RekeyedApp, rekeyPartitionOf } from './rekeyed-app.ts';

/** One class's state of `work.per_class`, as it is made anew. */
export const key = { CLASS: '5a' };
export const partition = rekeyPartitionOf(key);
export const path = 'per_class?CLASS=5a';

/** What is answered once it is complete. */
export const whole = { state: 'of the class', default: false };

/** What is answered before. */
export const made = (next: number, target: number | null, progress: number) => ({
  state: null,
  default: false,
  rebuilding: { next, target, progress },
});

/** The sources have two and three partitions of ten events each; what the rekey topic had is said by `rekeyEnd`. */
export async function claimWithHistory(app: RekeyedApp, rekeyEnd = 0): Promise<void> {
  await app.claimAll(A, 10);
  await app.claimAll(B, 10);
  await app.claimAll(REKEY, rekeyEnd);
  await app.put(REKEY, partition, [internal('per_class', key, whole.state)]);
}

export async function finishSources(app: RekeyedApp): Promise<void> {
  await app.moveAll(A, { next: 10 });
  await app.moveAll(B, { next: 10 });
}

/** Makes the state complete, which is as of 1,000 seconds. */
export async function complete(app: RekeyedApp): Promise<void> {
  await claimWithHistory(app);
  await finishSources(app);
  await app.move(REKEY, partition, { caughtUpAt: 1_000_000, completeAt: 0 });
}
