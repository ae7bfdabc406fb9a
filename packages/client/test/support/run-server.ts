import { holdOpen } from '@holdopen/fetch';
import { createRuns, type Runs, type RunsOptions } from '@holdopen/runs';
import { Gate } from './gate.js';
import { listenerOf, QUICK, TestServer } from './servers.js';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
}

/** What the application does around its handler; the routes of runs are not its own. */
export type Around = (
  request: Request,
  answer: () => Response | Promise<Response>,
) => Response | Promise<Response>;

/** A server whose work outlives its connections, and everything that happened on it. */
export class RunServer implements AsyncDisposable {
  readonly runs: Runs;
  /** How often work was begun. */
  starts = 0;
  readonly requests: Asked[] = [];
  /** The work waits here. */
  readonly gate = new Gate();
  /** Says who may. */
  allows: (request: Request) => boolean = () => true;
  readonly #server: TestServer;

  private constructor(runs: Runs, server: TestServer) {
    this.runs = runs;
    this.#server = server;
  }

  static async start(
    work: (server: RunServer, request: Request) => Response | Promise<Response>,
    options: Partial<RunsOptions> = {},
    around: Around = (_, answer) => answer(),
  ): Promise<RunServer> {
    const runs = createRuns({
      hold: QUICK,
      authorize: (request, { token }) =>
        self.allows(request) || token !== undefined ? 'ada' : undefined,
      ...options,
    });
    const handler = holdOpen(
      (request: Request) => {
        self.starts += 1;
        return work(self, request);
      },
      { ...QUICK, ...options.hold, runs },
    );
    const server = await TestServer.start(
      listenerOf((request) => {
        const { method, headers } = request;
        const { pathname: path, search: query } = new URL(request.url);
        self.requests.push({ method, path, query, headers });
        return runs.match(request) ?? around(request, () => handler(request));
      }),
    );
    const self: RunServer = new RunServer(runs, server);
    return self;
  }

  get port(): number {
    return this.#server.port;
  }

  get url(): string {
    return this.#server.url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.gate.open();
    await this.runs.close();
    await this.#server[Symbol.asyncDispose]();
  }
}

/** Events that come one by one, with the gate in their middle. */
export function numbers(count: number, { gate }: RunServer): Response {
  let index = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (index === Math.floor(count / 2)) await gate.opened;
      if (index === count) return controller.close();
      controller.enqueue(new TextEncoder().encode(`id: own-${index}\ndata: ${index}\n\n`));
      index += 1;
    },
  });
  return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
}
