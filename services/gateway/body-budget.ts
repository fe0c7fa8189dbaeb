/** The bytes that all bodies in hand may take together, and those of one address. */
export interface BodyBudget {
  /** Whether there is room for so many more now. */
  hasRoom(address: string, bytes: number): boolean;
  share(address: string): BodyShare;
}

/** What one request has of it. */
export interface BodyShare {
  /** False when there are not as many left. */
  take(bytes: number): boolean;
  /** Gives back all of it. */
  end(): void;
}

export interface BodyBudgetLimits {
  readonly bodiesBytes: number;
  readonly bodiesBytesPerAddress: number;
}

export function createBodyBudget({ bodiesBytes, bodiesBytesPerAddress }: BodyBudgetLimits): BodyBudget {
  /** Only addresses that have some. */
  const taken = new Map<string, number>();
  let all = 0;

  function hasRoom(address: string, bytes: number): boolean {
    return all + bytes <= bodiesBytes && (taken.get(address) ?? 0) + bytes <= bodiesBytesPerAddress;
  }

  function add(address: string, bytes: number): void {
    all += bytes;
    const left = (taken.get(address) ?? 0) + bytes;
    if (left === 0) taken.delete(address);
    else taken.set(address, left);
  }

  return {
    hasRoom,
    share(address) {
      let mine = 0;
      return {
        take(bytes) {
          if (!hasRoom(address, bytes)) return false;
          mine += bytes;
          add(address, bytes);
          return true;
        },
        end() {
          add(address, -mine);
          mine = 0;
        },
      };
    },
  };
}
