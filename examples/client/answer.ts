/** What a gateway says to its clients; whatever else it may say is no concern of ours. */
export type Answer =
  | { readonly status: 'auth'; readonly userId: string }
  | { readonly status: 'ack'; readonly session: string | undefined; readonly through: number }
  | {
      readonly status: 'error';
      readonly error: string;
      readonly remedy?: string;
      readonly frame?: number;
      readonly sequence?: number;
    }
  | {
      readonly status: 'blocklist';
      readonly drop: boolean;
      readonly forMs: number;
      readonly message: string;
    };

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Minutes mean five to ten, days one or two: clients that were blocked together do not come back together. */
function blockedForMs(limit: unknown): number {
  if (limit === 'MINUTES') return 5 * MINUTE_MS * (1 + Math.random());
  if (limit === 'DAYS') return DAY_MS * (1 + Math.random());
  return typeof limit === 'number' && limit >= 0 ? limit : Number.POSITIVE_INFINITY;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function errorIn(said: Readonly<Record<string, unknown>>): Answer {
  const [remedy, frame, sequence] = [textIn(said.remedy), numberIn(said.frame), numberIn(said.sequence)];
  return {
    status: 'error',
    error: textIn(said.error) ?? 'refused without a reason',
    ...(remedy === undefined ? {} : { remedy }),
    ...(frame === undefined ? {} : { frame }),
    ...(sequence === undefined ? {} : { sequence }),
  };
}

export function parseAnswer(text: string): Answer | null {
  let said: Readonly<Record<string, unknown>>;
  try {
    said = Object(JSON.parse(text)) as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
  switch (said.status) {
    case 'auth':
      return { status: 'auth', userId: textIn(said.user_id) ?? '' };
    case 'ack': {
      const through = numberIn(said.through);
      return through === undefined ? null : { status: 'ack', session: textIn(said.session), through };
    }
    case 'error':
      return errorIn(said);
    case 'blocklist':
      return {
        status: 'blocklist',
        drop: said.action === 'DROP',
        forMs: blockedForMs(said.time_limit),
        message: textIn(said.message) ?? '',
      };
    default:
      return null;
  }
}
