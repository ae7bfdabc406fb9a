import type { ProbedFront } from '../probe/front.js';
import { probed } from '../probe/probed.js';
import type { ProbeColumn } from '../probe/questions.js';
import type { Backend } from '../server/backend.js';
import type { Row } from '../table.js';
import type { ProxyKind, Targets } from './kind.js';
import { startProxy } from './start.js';

interface Asking extends Targets {
  /** What is spoken to the fronts; 2 is over TLS. */
  readonly version: '1.1' | '2';
  /** Whichever of the servers a front leads to. */
  readonly seen: Backend['seen'];
}

/** Starts a proxy and asks all of its fronts at once. */
export async function rowsOfProxy(
  kind: ProxyKind,
  { version, seen, ...targets }: Asking,
): Promise<Row<ProbeColumn>[]> {
  const proxy = await startProxy(kind, targets);
  const scheme = version === '2' ? 'https' : 'http';
  try {
    const rows = await Promise.all(
      kind.fronts.map(async ({ name, acceptsGzip, known }) => {
        const origin = `${scheme}://127.0.0.1:${proxy.port(name)}`;
        const front: ProbedFront = { origin, version, acceptsGzip, seen };
        return {
          name: name === '' ? kind.name : `${kind.name}, \`${name}\``,
          version: proxy.version,
          cells: await probed(front, known),
        };
      }),
    );
    // One that died on the way has answered nothing of what came after.
    proxy.check();
    return rows;
  } finally {
    await proxy.close();
  }
}
