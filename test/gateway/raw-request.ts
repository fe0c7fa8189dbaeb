import { request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface RawRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The body is begun and never ended. */
  readonly unfinished?: boolean;
}

export interface RawAnswer {
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Empty of an upgrade that got its socket, which is then cut. */
  readonly text: string;
}

/** Any request with any headers, upgrades too, on a connection of its own. */
export function ask(
  url: string,
  { method, path, headers = {}, body, unfinished }: RawRequest,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers, agent: false });
    const answered = (status: number, given: NodeJS.Dict<string | string[]>, content: string): void => {
      const all = Object.entries(given).map(([name, value]) => [name, value?.toString()]);
      resolve({ status, headers: Object.fromEntries(all), text: content });
      sent.destroy();
    };
    sent.once('error', reject);
    sent.once('upgrade', (response, socket) => {
      socket.destroy();
      answered(response.statusCode ?? 0, response.headers, '');
    });
    sent.once('response', (response) => {
      text(response).then((content) => answered(response.statusCode ?? 0, response.headers, content), reject);
    });
    if (body !== undefined) sent.write(body);
    if (unfinished !== true) sent.end();
  });
}
