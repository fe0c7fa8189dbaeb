import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { WebSocket } from 'ws';
import type { Access } from '../../services/gateway/access.ts';
import {
  type BlobSources,
  createGateway,
  type Gateway,
  type GatewayDeps,
} from '../../services/gateway/gateway.ts';
import type { Identity } from '../../services/gateway/identity.ts';
import type { GatewayLimits } from '../../services/gateway/limits.ts';
import type { Origins } from '../../services/gateway/origins.ts';
import type { RatesConfig } from '../../services/gateway/rates.ts';
import { NO_ROSTER } from '../../services/gateway/roster.ts';
import { DEFAULT_STAMP_RULES } from '../../services/gateway/stamp-rules.ts';
import { createApp, listen } from '../../services/shared/http.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { takeUpgrades } from '../../services/shared/take-upgrades.ts';
import { createFakeLog, type FakeLog } from './fake-producer.ts';
import { openAccess } from './open-access.ts';

export const OPEN: Identity = {
  methods: ['local_storage', 'testcase_auth', 'guest'],
  sources: new Map(),
  localStorageUsers: new Set(),
  guests: true,
};

export const TESTCASE_ONLY: Identity = { ...OPEN, methods: ['testcase_auth'] };

export const SOURCE = 'org.mitros.test';

export const silent = createLogger({ service: 'test', level: 'silent' });

export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = 5_000,
): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export interface Client {
  readonly ws: WebSocket;
  /** What the server sent, parsed. */
  readonly answers: Record<string, unknown>[];
  /** The headers of the upgrade's response. */
  readonly cookies: string[];
  send(...frames: (object | string | Buffer)[]): void;
  closed: Promise<{ code: number; reason: string }>;
}

export async function connect(
  url: string,
  headers: Record<string, string> = {},
  protocols: string[] = [],
): Promise<Client> {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/wsapi/in/`, protocols, { headers });
  const answers: Record<string, unknown>[] = [];
  const cookies: string[] = [];
  ws.on('message', (data) => answers.push(JSON.parse(String(data)) as Record<string, unknown>));
  ws.on('upgrade', (response) => cookies.push(...(response.headers['set-cookie'] ?? [])));
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
  ws.on('error', () => undefined);
  return {
    ws,
    answers,
    cookies,
    closed,
    send(...frames) {
      for (const frame of frames)
        ws.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
    },
  };
}

export interface TestGateway {
  readonly gateway: Gateway;
  readonly url: string;
  readonly log: FakeLog;
  readonly registry: Registry;
  readonly port: number;
  readonly server: Server;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly identity?: Identity;
  readonly ltiSecret?: string;
  readonly origins?: Origins;
  readonly limits?: Partial<GatewayLimits>;
  readonly log?: FakeLog;
  readonly rates?: RatesConfig;
  readonly proxies?: number;
  readonly typedSources?: GatewayDeps['typedSources'];
  readonly now?: () => number;
  readonly blobs?: BlobSources;
  readonly more?: Partial<GatewayDeps>;
  /** Instead of nobody having a key and nobody being blocked. */
  readonly access?: (registry: Registry) => Access;
}

/** The gateway behind a real HTTP server on a free port, with a log in memory. */
export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const log = options.log ?? createFakeLog();
  const registry = new Registry();
  const access = (options.access ?? openAccess)(registry);
  const gateway = createGateway({
    producer: log.producer,
    namespace: 'test',
    sources: [SOURCE],
    identity: options.identity ?? OPEN,
    ltiSecret: options.ltiSecret,
    origins: options.origins ?? 'any',
    access,
    logger: silent,
    registry,
    blobs: options.blobs,
    limits: { retryMinMs: 1, retryMaxMs: 5, drainMs: 1_000, closeMs: 500, ...options.limits },
    rates: options.rates ?? {},
    proxies: options.proxies ?? 0,
    typedSources: options.typedSources ?? new Map(),
    stampRules: DEFAULT_STAMP_RULES,
    roster: NO_ROSTER,
    keepIp: false,
    ...(options.now === undefined ? {} : { now: options.now }),
    ...options.more,
  });
  const app = createApp({ routers: [gateway.router], notReady: gateway.notReady, registry, logger: silent });
  const listening = await listen(app, '127.0.0.1', 0);
  takeUpgrades(listening.server, gateway.handleUpgrade);
  return {
    gateway,
    url: listening.url,
    log,
    registry,
    server: listening.server,
    port: (listening.server.address() as AddressInfo).port,
    async close() {
      log.release();
      access.stop();
      await gateway.stop();
      await listening.close();
    },
  };
}

/** Closes what a test started, whatever became of the test. */
export function createCleanUp(): { add(close: () => unknown): void; run(): Promise<void> } {
  const closes: (() => unknown)[] = [];
  return {
    add: (close) => void closes.push(close),
    async run() {
      for (const close of closes.splice(0).reverse()) await close();
    },
  };
}

export interface GatewayHouse {
  start(options?: TestGatewayOptions): Promise<TestGateway>;
  open(url: string, headers?: Record<string, string>, protocols?: string[]): Promise<Client>;
  readonly cleanUp: ReturnType<typeof createCleanUp>;
}

/** Gateways and clients of tests, which `cleanUp` ends. */
export function createGatewayHouse(): GatewayHouse {
  const cleanUp = createCleanUp();
  return {
    async start(options) {
      const started = await startGateway(options);
      cleanUp.add(started.close);
      return started;
    },
    async open(url, headers, protocols) {
      const client = await connect(url, headers, protocols);
      cleanUp.add(() => client.ws.terminate());
      return client;
    },
    cleanUp,
  };
}
