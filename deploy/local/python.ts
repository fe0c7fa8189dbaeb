import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { cached } from './cache.ts';
import { findPython, installPython, type Log } from './install.ts';

const WHAT = 'Python with pyarrow, pandas and fastavro';

/** What analysts read archives with: all that is installed, so that nothing else comes along. */
const PACKAGES = [
  'fastavro==1.13.1',
  'numpy==2.4.6',
  'pandas==3.1.1',
  'pyarrow==26.0.1',
  'python-dateutil==4.0.0',
  'tzdata==2026.6',
];

/**
 * The path of a Python that has these packages: LECTERN_PYTHON, or a virtual environment that is made with the python3 of
 * the PATH and kept with the downloads.
 */
export async function findAnalystsPython(log: Log): Promise<string> {
  const named = process.env.LECTERN_PYTHON;
  if (named !== undefined && named !== '') return named;
  const python = await findPython(WHAT, log);
  const packages = createHash('sha256').update(PACKAGES.join()).digest('hex').slice(0, 8);
  const dir = await cached(`python-${python.version}-${packages}`, async (partial) => {
    log('downloading pyarrow, pandas and fastavro with pip');
    await installPython(WHAT, python, partial, PACKAGES);
  });
  return join(dir, 'bin', 'python');
}
