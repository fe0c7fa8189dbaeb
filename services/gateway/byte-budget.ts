/** A number of bytes that many share. */
export interface ByteBudget {
  /** False when there are not as many left. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

export function createByteBudget(maxBytes: number): ByteBudget {
  let left = maxBytes;
  return {
    take(bytes) {
      if (bytes > left) return false;
      left -= bytes;
      return true;
    },
    giveBack(bytes) {
      left += bytes;
    },
  };
}
