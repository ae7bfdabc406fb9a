import { parseArgs } from 'node:util';
import { CLIENT_NAMES } from './clients/run.js';
import { PROXY_NAMES } from './proxies/run.js';

export const HELP = `npm run matrix -- [options]
  --only clients|proxies  one half of it
  --client NAME           this client alone; may be repeated
  --proxy NAME            this proxy alone; may be repeated
  --json                  prints JSON in place of tables
  --no-write              leaves docs/compatibility.md as it is; so does a part of the matrix
  --help

Clients: ${CLIENT_NAMES.join('; ')}
Proxies: ${PROXY_NAMES.join('; ')}
`;

export interface Plan {
  readonly clients: readonly string[];
  readonly proxies: readonly string[];
  readonly asJson: boolean;
  /** Only the whole of it makes a document. */
  readonly writes: boolean;
}

/** `undefined`: help was asked for. @throws Error if an argument is wrong; its message says what to do. */
export function readPlan(args: readonly string[]): Plan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      client: { type: 'string', multiple: true },
      proxy: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      'no-write': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { only, client, proxy } = values;
  if (only !== undefined && only !== 'clients' && only !== 'proxies') {
    throw new Error(`--only takes clients or proxies, not ${only}`);
  }
  const isNamed = client !== undefined || proxy !== undefined;
  const wants = (kind: 'clients' | 'proxies', names: readonly string[] | undefined): boolean =>
    only === undefined ? !isNamed || names !== undefined : only === kind;
  const clients = wants('clients', client) ? chosen('client', client, CLIENT_NAMES) : [];
  const proxies = wants('proxies', proxy) ? chosen('proxy', proxy, PROXY_NAMES) : [];
  const isWhole = clients === CLIENT_NAMES && proxies === PROXY_NAMES;
  return { clients, proxies, asJson: values.json, writes: isWhole && !values['no-write'] };
}

function chosen(
  option: string,
  asked: readonly string[] | undefined,
  known: readonly string[],
): readonly string[] {
  if (asked === undefined) return known;
  for (const name of asked) {
    if (known.some((one) => isSame(one, name))) continue;
    throw new Error(`--${option}: there is no ${name}. There are: ${known.join('; ')}`);
  }
  return known.filter((one) => asked.some((name) => isSame(one, name)));
}

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
