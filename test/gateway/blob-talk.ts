import { type BlobHouse, createBlobHouse } from './blob-house.ts';
import { type Client, type GatewayHouse, SOURCE, type TestGatewayOptions, until } from './support.ts';

/** A client who saves and fetches. */
export interface Talker extends Client {
  /** The texts of what the server answered to fetches, in order. */
  readonly fetched: string[];
  errors(): unknown[];
}

export const lock = (user: string, fields: object = {}) => ({
  event: 'lock_fields',
  fields: { source: SOURCE, user_id: user, ...fields },
});
export const save = (blob: unknown) => ({ event: 'save_blob', blob });
export const FETCH = { event: 'fetch_blob' };
export const answer = (text: string): string => `{"status":"fetch_blob","data":${text}}`;

export interface BlobTalk {
  /** Connects, and locks who it is; null for nobody. */
  talk(url: string, user: string | null, fields?: object): Promise<Talker>;
  /** A house whose worker folds all the time. */
  folding(limits?: TestGatewayOptions['limits']): Promise<BlobHouse>;
}

export function createBlobTalk({ open, cleanUp }: GatewayHouse): BlobTalk {
  return {
    async talk(url, user, fields) {
      const client = await open(url);
      const fetched: string[] = [];
      client.ws.on('message', (data) => {
        if (String(data).startsWith('{"status":"fetch_blob"')) fetched.push(String(data));
      });
      if (user !== null) client.send(lock(user, fields));
      const errors = () =>
        client.answers.filter(({ status }) => status === 'error').map(({ error }) => error);
      return Object.assign(client, { fetched, errors });
    },
    async folding(limits) {
      const house = await createBlobHouse(limits);
      cleanUp.add(house.keepFolding().stop);
      return house;
    },
  };
}

export async function fetchBlob(talker: Talker): Promise<string> {
  const before = talker.fetched.length;
  talker.send(FETCH);
  await until(() => talker.fetched.length > before, 'the blob was answered');
  return talker.fetched[before]!;
}
