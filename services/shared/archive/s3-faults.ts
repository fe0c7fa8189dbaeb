import { LecternError, messageOf } from '../errors.ts';

/** What an S3 answered, in the terms of its error table; status is undefined when there was no answer. */
export interface S3Fault {
  readonly name: string;
  readonly status: number | undefined;
}

export function faultOf(cause: unknown): S3Fault {
  const { name = 'Error', $metadata } = cause as { name?: string; $metadata?: { httpStatusCode?: number } };
  return { name, status: $metadata?.httpStatusCode };
}

function remedyOf({ name, status }: S3Fault, bucket: string): string {
  if (name === 'NoSuchBucket' || status === 404)
    return `there is no bucket ${bucket}: create it, or correct LECTERN_S3_BUCKET`;
  if (status === 401 || status === 403)
    return (
      'the credentials were refused: check LECTERN_S3_ACCESS_KEY_ID and LECTERN_S3_SECRET_ACCESS_KEY, ' +
      'and that they may list the bucket and get, put and delete its objects'
    );
  if (status === 301 || status === 307)
    return 'the bucket is elsewhere: check LECTERN_S3_REGION and LECTERN_S3_ENDPOINT';
  if (status === 501)
    return 'it cannot do what the archive needs: use a store with conditional writes (If-None-Match)';
  if (status === undefined) return 'it did not answer: check that it runs at LECTERN_S3_ENDPOINT';
  return `it answered ${status}: see its log`;
}

/** Every fault may pass without us: buckets get made, credentials corrected, servers come back. */
export function unavailable(
  { endpoint, bucket }: { readonly endpoint: string; readonly bucket: string },
  cause: unknown,
): LecternError {
  const fault = faultOf(cause);
  return new LecternError(
    'ARCHIVE_UNAVAILABLE',
    `the archive at ${endpoint}, bucket ${bucket}: ${remedyOf(fault, bucket)} (${fault.name}: ${messageOf(cause)})`,
    { cause, retriable: true },
  );
}
