import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { startChild } from './child.ts';
import { findJava, type Log, maven } from './install.ts';
import { sharedClasses } from './java-classes.ts';
import type { ServerOptions } from './kafka.ts';
import { freePort } from './ports.ts';
import { type Service, startService, whenReady } from './service.ts';

const VERSION = '4.1.0';
const ARTIFACT = `org.gaul:s3proxy:${VERSION}:jar:jar-with-dependencies`;
const JAR = `s3proxy-${VERSION}-jar-with-dependencies.jar`;
const READY_DEADLINE_MS = 30_000;

export interface S3Address {
  readonly endpoint: string;
  /** There from the start. */
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface LocalS3 {
  readonly s3: S3Address;
  readonly service: Service;
}

/** The path of the server's one jar. */
async function installS3(log: Log): Promise<string> {
  const dir = await cached(`s3proxy-${VERSION}`, async (partial) => {
    log(`downloading s3proxy ${VERSION} with Maven`);
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
    await maven('S3 (s3proxy)', [goal, `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${partial}`]);
  });
  return join(dir, JAR);
}

/**
 * s3proxy on a free loopback port, with one bucket, objects in the run's directory. It puts conditionally as S3 does,
 * and cannot hold both `p/q` and `p/q/r`.
 */
export async function startS3({ run, log, lost }: ServerOptions): Promise<LocalS3> {
  const java = await findJava('S3 (s3proxy)');
  const jar = await installS3(log);
  const dir = run.makeDir('s3');
  const port = await freePort();
  const s3: S3Address = {
    endpoint: `http://127.0.0.1:${port}`,
    bucket: 'lectern',
    accessKeyId: 'lectern-local',
    secretAccessKey: 'lectern-local-secret',
  };
  // A bucket is a directory to this provider.
  mkdirSync(join(dir, 'data', s3.bucket), { recursive: true });
  const config = join(dir, 's3proxy.conf');
  await writeFile(
    config,
    `
s3proxy.endpoint=${s3.endpoint}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity=${s3.accessKeyId}
s3proxy.credential=${s3.secretAccessKey}
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir=${join(dir, 'data')}
`,
  );
  const launch = async (option: string) => {
    const options = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', option];
    const args = [...options, '-jar', jar, '--properties', config];
    const child = await startChild({ run, name: 's3proxy', command: java.command, args, cwd: dir });
    return whenReady(child, child.waitForLine(/Started .*ServerConnector/, READY_DEADLINE_MS));
  };
  const classes = await sharedClasses(`s3proxy-${VERSION}`, java, launch);
  return { s3, service: await startService({ name: 's3', lost, launch: () => launch(classes) }) };
}
