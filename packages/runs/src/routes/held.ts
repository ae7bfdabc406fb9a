import { type MountedSettings, mountFetchOptions, watchCall } from '@holdopen/fetch';
import { withheldForNothingMore, withheldMs } from '../attach/withheld.js';
import type { RunsContext } from '../context.js';
import { corsHeaders } from '../cors.js';
import { notFound } from '../problem.js';
import { type Place, patternOf } from './place.js';
import { RunRoutes } from './routes.js';

/** The run routes, kept alive while a client waits there. */
export class HeldRoutes {
  readonly #basePath: string;
  readonly #routes: RunRoutes;
  readonly #mounted: MountedSettings<Request>;

  /** @throws HoldOpenError if an option of `hold` is wrong */
  constructor(context: RunsContext) {
    this.#routes = new RunRoutes(context);
    const { hold, cors, basePath } = context.settings;
    this.#basePath = basePath;
    this.#mounted = mountFetchOptions(
      {
        format: (request) =>
          this.#routes.match(request, true)?.kind === 'events' ? 'sse' : 'auto',
        ...hold,
      },
      'route',
      (request) => context.knownHeaders.get(request) ?? corsHeaders(request, cors),
    );
  }

  /** `undefined` for a path that is none of ours. `server` is Bun's. */
  match(request: Request, server?: unknown): Promise<Response> | undefined {
    const place = this.#routes.match(request, false);
    return place === undefined ? undefined : this.#answer(request, server, place);
  }

  fetch(request: Request, server?: unknown): Promise<Response> {
    const place = this.#routes.match(request, true);
    return place === undefined ? Promise.resolve(notFound()) : this.#answer(request, server, place);
  }

  #withheldMs(request: Request, { kind }: Place): number | undefined {
    if (kind === 'result') return withheldMs(request);
    return kind === 'events' ? withheldForNothingMore(request) : undefined;
  }

  #answer(request: Request, server: unknown, place: Place): Promise<Response> {
    const mounted = this.#mounted.withFirstBeatAfter(this.#withheldMs(request, place));
    const answer = (): Promise<Response> => this.#routes.answer(request, place);
    return watchCall(request, server, mounted, answer, () => patternOf(place, this.#basePath));
  }
}
