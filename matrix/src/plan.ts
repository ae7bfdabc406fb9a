import { parseArgs } from 'node:util';
import { ADAPTER_NAMES } from './adapters/all.js';
import { CLIENT_NAMES } from './clients/run.js';
import { HTTP2_PROXY_NAMES, PROXY_NAMES } from './proxies/names.js';

const PARTS = ['proxies', 'http2', 'adapters', 'clients'] as const;
type Part = (typeof PARTS)[number];

export const HELP = `npm run matrix -- [options]
  --only ${PARTS.join('|')}  one part of it
  --client NAME           this client alone; may be repeated
  --proxy NAME            this proxy alone, over HTTP/1.1 and HTTP/2; may be repeated
  --adapter NAME          this adapter alone; may be repeated
  --json                  prints JSON in place of tables
  --no-write              leaves docs/compatibility.md as it is; so does a part of the matrix
  --force                 writes it even where it loses rows of what is not on this machine
  --help

Clients: ${CLIENT_NAMES.join('; ')}
Proxies: ${PROXY_NAMES.join('; ')}
Adapters: ${ADAPTER_NAMES.join('; ')}
`;

/** The names of what is asked, part by part. */
export interface Plan extends Readonly<Record<Part, readonly string[]>> {
  readonly asJson: boolean;
  /** Only the whole of it makes a document. */
  readonly writes: boolean;
  /** It may lose rows. */
  readonly isForced: boolean;
}

/** `undefined`: help was asked for. @throws Error if an argument is wrong; its message says what to do. */
export function readPlan(args: readonly string[]): Plan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      client: { type: 'string', multiple: true },
      proxy: { type: 'string', multiple: true },
      adapter: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      'no-write': { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { only, client, proxy, adapter } = values;
  if (only !== undefined && !PARTS.some((part) => part === only)) {
    throw new Error(`--only takes ${PARTS.join(', ')}, not ${only}`);
  }
  const proxies = chosen('proxy', proxy, PROXY_NAMES);
  const names: Record<Part, readonly string[] | undefined> = {
    clients: chosen('client', client, CLIENT_NAMES),
    proxies,
    http2: proxies?.filter((name) => HTTP2_PROXY_NAMES.includes(name)),
    adapters: chosen('adapter', adapter, ADAPTER_NAMES),
  };
  const all: Record<Part, readonly string[]> = {
    clients: CLIENT_NAMES,
    proxies: PROXY_NAMES,
    http2: HTTP2_PROXY_NAMES,
    adapters: ADAPTER_NAMES,
  };
  const isNamed = PARTS.some((part) => names[part] !== undefined);
  const of = (part: Part): readonly string[] => {
    if (only !== undefined && only !== part) return [];
    return names[part] ?? (isNamed ? [] : all[part]);
  };
  const asked = {
    clients: of('clients'),
    proxies: of('proxies'),
    http2: of('http2'),
    adapters: of('adapters'),
  };
  if (Object.values(asked).every((part) => part.length === 0)) {
    throw new Error(`nothing of what was named is in --only ${only}: leave --only out.`);
  }
  return {
    ...asked,
    asJson: values.json,
    isForced: values.force,
    writes: !isNamed && only === undefined && !values['no-write'],
  };
}

/** `undefined`: nothing was asked by name. */
function chosen(
  option: string,
  asked: readonly string[] | undefined,
  known: readonly string[],
): readonly string[] | undefined {
  if (asked === undefined) return undefined;
  for (const name of asked) {
    if (known.some((one) => isSame(one, name))) continue;
    throw new Error(`--${option}: there is no ${name}. There are: ${known.join('; ')}`);
  }
  return known.filter((one) => asked.some((name) => isSame(one, name)));
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
