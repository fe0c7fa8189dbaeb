import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { HeaderObject, OpenAPIObject, PathItemObject, ResponseObject } from 'openapi3-ts/oas31';
import type { RawAnswer } from './raw-request.ts';

export const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** A document, asked whether answers are as it says. */
export interface Contract {
  /** `post /v1/events`, for all that are documented. */
  readonly operations: readonly string[];
  /** `post /v1/events 200`, for all that are documented. */
  readonly statuses: readonly string[];
  readonly paths: Readonly<Record<string, PathItemObject>>;
  /** What of an answer is not as it is documented, one line each. */
  faults(operation: string, answer: RawAnswer): readonly string[];
  /** What of a value is not as the schema of this name has it. */
  schemaFaults(name: string, value: unknown): readonly string[];
  /** Like `faults`, of an answer to a method that a path does not have. */
  otherMethodFaults(path: string, answer: RawAnswer): readonly string[];
}

/** Headers that mean something to a client, so that each that is sent must be documented. */
const TOLD = [
  'accept-encoding',
  'allow',
  'retry-after',
  'sec-websocket-accept',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'set-cookie',
  'upgrade',
  'www-authenticate',
  'x-experience-api-version',
];

/** With every object allowed to have what is documented, and nothing else. */
function closed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(closed);
  const inner = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, closed(part)]));
  return 'properties' in inner && !('additionalProperties' in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

export function createContract(document: OpenAPIObject): Contract {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'document', ...(closed(document) as object) });
  const paths = (document.paths ?? {}) as Readonly<Record<string, PathItemObject>>;

  function schemaFaults(pointer: readonly string[], value: unknown, place: string): readonly string[] {
    const encoded = pointer.map((name) => encodeURIComponent(escaped(name))).join('/');
    const validate = ajv.compile({ $ref: `document#/${encoded}` });
    if (validate(value)) return [];
    return (validate.errors ?? []).map((error) => `${place}${error.instancePath}: ${error.message}`);
  }

  function headerFaults(
    response: ResponseObject,
    { headers }: RawAnswer,
    pointer: readonly string[],
  ): string[] {
    const documented = Object.entries(response.headers ?? {}) as [string, HeaderObject][];
    const names = documented.map(([name]) => name.toLowerCase());
    const untold = TOLD.filter((name) => headers[name] !== undefined && !names.includes(name));
    const wrong = documented.flatMap(([name, { required, schema }]) => {
      const given = headers[name.toLowerCase()];
      if (given === undefined) return required === true ? [`${name}: is missing`] : [];
      const value =
        schema !== undefined && 'type' in schema && schema.type === 'integer' ? Number(given) : given;
      return schemaFaults([...pointer, 'headers', name, 'schema'], value, name);
    });
    return [...untold.map((name) => `${name}: is not documented`), ...wrong];
  }

  function bodyFaults(
    response: ResponseObject,
    answer: RawAnswer,
    pointer: readonly string[],
  ): readonly string[] {
    if (response.content === undefined)
      return answer.text === '' ? [] : ['a body is there, and none is documented'];
    const type = (answer.headers['content-type'] ?? '').split(';')[0]!.trim();
    if (response.content[type] === undefined) return [`content-type: ${type} is not documented`];
    const value: unknown = type === 'application/json' ? JSON.parse(answer.text) : answer.text;
    return schemaFaults([...pointer, 'content', type, 'schema'], value, 'body');
  }

  function responseFaults(pointer: readonly string[], answer: RawAnswer): readonly string[] {
    let found: unknown = document;
    for (const name of pointer) found = (found as Record<string, unknown> | undefined)?.[name];
    if (found === undefined) return [`status ${answer.status} is not documented: ${answer.text}`];
    const response = found as ResponseObject;
    return [...headerFaults(response, answer, pointer), ...bodyFaults(response, answer, pointer)];
  }

  const found = Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined
        ? []
        : [{ name: `${method} ${path}`, responses: operation.responses ?? {} }];
    }),
  );
  return {
    operations: found.map(({ name }) => name),
    statuses: found.flatMap(({ name, responses }) =>
      Object.keys(responses).map((status) => `${name} ${status}`),
    ),
    paths,
    faults(operation, answer) {
      const [method, path] = operation.split(' ') as [string, string];
      return responseFaults(['paths', path, method, 'responses', String(answer.status)], answer);
    },
    schemaFaults: (name, value) => schemaFaults(['components', 'schemas', name], value, name),
    otherMethodFaults: (path, answer) =>
      responseFaults(['paths', path, 'x-other-methods', String(answer.status)], answer),
  };
}
