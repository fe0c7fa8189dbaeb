import { once } from 'node:events';
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { KeyValues } from '../../services/shared/state-key.ts';

export interface LiveMessage {
  readonly event: string;
  readonly items: readonly {
    readonly key: KeyValues;
    readonly state: unknown;
    readonly default: boolean;
    readonly rebuilding?: { readonly target: number | null; readonly progress: number };
  }[];
  readonly asOf: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number | null;
    readonly time: number | null;
  }[];
  readonly now: number;
}

export interface LiveClient {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The next message, passing over comments. Rejects when the stream ends or nothing comes in time. */
  next(): Promise<LiveMessage>;
  /** The next message of a kind. */
  nextOf(event: string): Promise<LiveMessage>;
  /** Comments that came so far, while messages were waited for. */
  comments(): number;
  close(): void;
}

const DEADLINE_MS = 5_000;

function parseMessage(block: string): LiveMessage | null {
  const lines = block.split('\n');
  const event = lines.find((line) => line.startsWith('event: '))?.slice('event: '.length);
  const data = lines.find((line) => line.startsWith('data: '))?.slice('data: '.length);
  return event === undefined || data === undefined ? null : { event, ...JSON.parse(data) };
}

/** Opens a live stream and reads it message by message. */
export async function openLive(url: string, deadlineMs = DEADLINE_MS): Promise<LiveClient> {
  // Not fetch: it answers an abort by opening a spare connection, for which a server that stops would wait.
  const request = get(url);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks = response.setEncoding('utf8').iterator({ destroyOnReturn: false });
  let text = '';
  let comments = 0;

  async function block(): Promise<string> {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const found = text.slice(0, end);
        text = text.slice(end + 2);
        if (found.startsWith(':')) comments += 1;
        return found;
      }
      const { done, value } = await chunks.next();
      if (done) throw new Error('the stream ended');
      text += value;
    }
  }

  async function message(): Promise<LiveMessage> {
    for (;;) {
      const parsed = parseMessage(await block());
      if (parsed !== null) return parsed;
    }
  }

  async function next(): Promise<LiveMessage> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no message came in time')), deadlineMs);
    });
    return await Promise.race([message(), late]).finally(() => clearTimeout(timer));
  }

  return {
    status: response.statusCode!,
    headers: response.headers,
    next,
    async nextOf(event) {
      for (;;) {
        const found = await next();
        if (found.event === event) return found;
      }
    },
    comments: () => comments,
    close: () => void request.destroy(),
  };
}
