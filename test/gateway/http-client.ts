import { type IncomingHttpHeaders, request } from 'node:http';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly error?: string;
  readonly results?: Record<string, unknown>[];
}

/** A request, to `/v1/events` unless said otherwise, whose body is written bit by bit. */
export interface OpenRequest {
  /** Resolves when the connection took it, or is gone. */
  write(bytes: Buffer | string): Promise<void>;
  end(bytes?: Buffer | string): void;
  /** Cuts the connection. */
  cut(): void;
  readonly answer: Promise<Answer>;
}

export function openRequest(
  url: string,
  headers: Record<string, string> = {},
  path = '/v1/events',
): OpenRequest {
  const sent = request(`${url}${path}`, {
    method: 'POST',
    agent: false,
    headers: { connection: 'keep-alive', 'content-type': 'application/json', ...headers },
  });
  sent.flushHeaders();
  const answer = new Promise<Answer>((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as Omit<Answer, 'status' | 'headers'>;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, ...body });
      });
    });
  });
  answer.catch(() => undefined);
  return {
    write: (bytes) =>
      new Promise((resolve) => {
        sent.write(bytes, () => resolve());
        sent.once('close', resolve);
      }),
    end: (bytes) => void (bytes === undefined ? sent.end() : sent.end(bytes)),
    cut: () => void sent.destroy(),
    answer,
  };
}
