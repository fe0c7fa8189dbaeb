/** True when what was appended became durable in time; false when it was late, or will not. */
export async function keptInTime(kept: Promise<void>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const durable = kept.then(
    () => true,
    () => false,
  );
  const inTime = await Promise.race([durable, late]);
  clearTimeout(timer);
  return inTime;
}
