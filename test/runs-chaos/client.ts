// One client of a key: asks, loses its connection, comes back, until it has an end.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from './chance.js';
import type { ClientStory, Happening, Place } from './story.js';
import { TIMES } from './times.js';

/** A server as a client finds it. */
export interface Door {
  readonly port: number;
  /** Of the process that is behind it now; 0 if none is. */
  readonly pid: number;
}

export interface ClientOptions {
  readonly key: string;
  readonly name: string;
  readonly kind: 'json' | 'sse';
  readonly doors: readonly Door[];
  readonly chance: Chance;
  /** How often it cuts its own connection at most. */
  readonly maxCuts: number;
  readonly patienceMs: number;
}

/** Beats come far more often; only a process that is dead or hangs is silent for so long. */
const SILENCE_MS = 12_000;
const PLACE = /^ho1\.([\w-]+)\.([\w-]+)\.(\d+)([cfrxl]?)(?:~(.*))?$/;

interface Ask {
  readonly how: 'start' | 'events' | 'bare' | 'result';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly cursor: Place | undefined;
}

export class Client {
  readonly #options: ClientOptions;
  readonly #happenings: Happening[] = [];
  #run: string | undefined;
  #place: (Place & { readonly text: string }) | undefined;
  #cuts = 0;
  /** The run was released: only its key starts it anew. */
  #isReleased = false;
  #isOver = false;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get story(): ClientStory {
    const { key, name } = this.#options;
    return { key, name, happenings: this.#happenings };
  }

  get run(): string | undefined {
    return this.#run;
  }

  get cuts(): number {
    return this.#cuts;
  }

  async live(): Promise<void> {
    const { chance, patienceMs } = this.#options;
    const deadline = Date.now() + patienceMs;
    while (!this.#isOver) {
      if (Date.now() > deadline) {
        this.#note({ what: 'gave up' });
        return;
      }
      await this.#ask(this.#next());
      if (!this.#isOver) await sleep(chance.from(20, 400));
    }
    // Who has the end may ask once more, and is told that there is no more.
    const hasEnd = this.#place?.final === 'c';
    if (hasEnd && chance.percent(20)) await this.#ask(this.#resumeAt('events'));
  }

  #next(): Ask {
    const { kind, chance } = this.#options;
    const isKnown = this.#run !== undefined && chance.percent(60);
    if (this.#isReleased) return this.#start(chance.percent(50) ? this.#place : undefined);
    if (kind === 'json') return isKnown ? this.#forResult() : this.#start(undefined);
    if (this.#place !== undefined && chance.percent(85)) {
      return chance.percent(30) ? this.#start(this.#place) : this.#resumeAt();
    }
    // From the beginning once more.
    if (!isKnown) return this.#start(undefined);
    return { how: 'events', path: `/runs/${this.#run}/events`, headers: {}, cursor: undefined };
  }

  #start(cursor: Place | undefined): Ask {
    const { key, kind, chance } = this.#options;
    const headers: Record<string, string> = {
      'idempotency-key': key,
      'content-type': 'application/json',
      accept: kind === 'sse' ? 'text/event-stream' : 'application/json',
    };
    if (cursor !== undefined && this.#place) headers['last-event-id'] = this.#place.text;
    if (kind === 'json' && chance.percent(15)) headers.prefer = 'respond-async, wait=1';
    return { how: 'start', path: '/work', headers, cursor };
  }

  #resumeAt(how = this.#options.chance.percent(70) ? ('events' as const) : ('bare' as const)): Ask {
    const cursor = this.#place;
    const headers = { accept: 'text/event-stream', 'last-event-id': cursor?.text ?? '' };
    const path = how === 'bare' ? '/work' : `/runs/${cursor?.run}/events`;
    return { how, path, headers, cursor };
  }

  #forResult(): Ask {
    const { chance } = this.#options;
    const headers: Record<string, string> = { accept: 'application/json' };
    if (chance.percent(30)) headers.prefer = 'respond-async, wait=1';
    return { how: 'result', path: `/runs/${this.#run}/result`, headers, cursor: undefined };
  }

  #ask({ how, path, headers, cursor }: Ask): Promise<void> {
    const { chance, doors, maxCuts, key } = this.#options;
    const { port, pid } = chance.one(doors);
    const cutsAfterMs =
      this.#cuts < maxCuts && chance.percent(60) ? chance.from(1, 2_500) : undefined;
    this.#note({ what: 'sent', how, pid, cursor });
    if (cursor === undefined) this.#place = undefined;
    return new Promise((resolve) => {
      const method = how === 'start' ? 'POST' : 'GET';
      const all = { ...headers, 'x-user': 'somebody' };
      const request = http.request({
        port,
        host: '127.0.0.1',
        path,
        method,
        headers: all,
        agent: false,
      });
      const cut = setTimeout(
        () => {
          this.#cuts += 1;
          end({ what: 'broken', by: 'client' });
        },
        cutsAfterMs ?? 2 ** 30,
      );
      let silence: NodeJS.Timeout | undefined;
      const heard = (): void => {
        clearTimeout(silence);
        silence = setTimeout(() => {
          const detail = `nothing came for ${SILENCE_MS} ms from ${method} ${path}`;
          end({ what: 'silence', detail });
        }, SILENCE_MS);
      };
      let isOver = false;
      const end = (last?: WithoutTime): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(cut);
        clearTimeout(silence);
        request.destroy();
        if (last !== undefined) this.#note(last);
        resolve();
      };
      request.on('error', () => end({ what: 'broken', by: 'network' }));
      request.on('response', (response) => {
        heard();
        this.#remember(response.headers);
        const isEvents = /^text\/event-stream/.test(response.headers['content-type'] ?? '');
        const events = isEvents ? new EventReader((event) => this.#event(event)) : undefined;
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          if (isOver) return;
          heard();
          if (events === undefined) text += part;
          else events.push(part);
        });
        response.on('close', () => {
          if (isOver) return;
          if (!response.complete) end({ what: 'broken', by: 'network' });
          else if (events === undefined) end(this.#answered(response.statusCode ?? 0, text));
          else if (events.hasEnd) end();
          else if (events.lateStatus === 204) end(this.#answered(204, ''));
          else end({ what: 'ended without an end', detail: path });
        });
      });
      heard();
      request.end(how === 'start' ? JSON.stringify({ key }) : undefined);
    });
  }

  #remember(headers: http.IncomingHttpHeaders): void {
    const status = /<\/runs\/([\w-]+)>; rel="status"/.exec(String(headers.link ?? ''))?.[1];
    this.#run = status ?? this.#run;
  }

  /** Gives whether it was an end of the stream. */
  #event({ id, event, data, isLateError }: StreamEvent): boolean {
    const place = id === undefined ? undefined : placeOf(id);
    if (id !== undefined && place === undefined) {
      this.#note({ what: 'nonsense', detail: `the id ${id}` });
    }
    if (place !== undefined && id !== undefined) this.#place = { ...place, text: id };
    if (event === 'error' || isLateError) {
      if (place !== undefined) this.#note({ what: 'end', place });
      this.#problem(data ?? '');
      return true;
    }
    if (place === undefined) {
      if (data !== undefined) this.#note({ what: 'nonsense', detail: 'an event without a place' });
      return false;
    }
    if (data !== undefined) {
      this.#note({ what: 'event', place, data });
      return false;
    }
    if (place.final === '') {
      this.#isReleased = false;
      this.#note({ what: 'place', place });
      return false;
    }
    this.#note({ what: 'end', place });
    this.#isOver = true;
    return true;
  }

  #answered(status: number, text: string): WithoutTime | undefined {
    if (status === 202) return { what: 'accepted' };
    if (status === 204) {
      this.#isOver = true;
      return { what: 'nothing more' };
    }
    const json = parse(text);
    if (json === undefined) {
      return { what: 'ended without an end', detail: `${status} ${text.trim().slice(0, 200)}` };
    }
    if ('code' in json) {
      this.#problem(text);
      return undefined;
    }
    this.#isOver = true;
    // Beats are white space before it.
    return { what: 'result', run: this.#run, text: text.trim() };
  }

  #problem(text: string): void {
    const { code, status } = parse(text) ?? {};
    if (typeof code !== 'string' || typeof status !== 'number') {
      this.#note({ what: 'nonsense', detail: `the problem ${text.slice(0, 200)}` });
      return;
    }
    this.#note({ what: 'told', status, code });
    this.#isReleased = code === 'not_started';
    if (code === 'cursor_lost') this.#place = undefined;
    // What is not for now is asked again, and all that is not known is the auditor's.
    else if (status !== 503) this.#isOver = true;
  }

  #note(happening: WithoutTime): void {
    this.#happenings.push({ at: Date.now(), ...happening } as Happening);
  }
}

type WithoutTime = Happening extends infer One
  ? One extends Happening
    ? Omit<One, 'at'>
    : never
  : never;

function placeOf(id: string): Place | undefined {
  const [, run = '', epoch = '', digits = '', final = '', ownId] = PLACE.exec(id) ?? [];
  if (run === '') return undefined;
  return {
    run,
    epoch,
    offset: Number(digits),
    final,
    ownId: ownId === undefined ? undefined : decodeURIComponent(ownId),
  };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

interface StreamEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string | undefined;
  /** What follows is an answer whose head came too late, and is none of success. */
  readonly isLateError: boolean;
}

/** Takes an event when it is whole, as EventSource does; one that was cut off never was. */
class EventReader {
  readonly #take: (event: StreamEvent) => boolean;
  #rest = '';
  /** The true status, if the head went out before it was known. */
  lateStatus = 200;
  hasEnd = false;

  constructor(take: (event: StreamEvent) => boolean) {
    this.#take = take;
  }

  push(part: string): void {
    const blocks = (this.#rest + part).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string): string | undefined => {
        const lines = block.split('\n').filter((line) => line.startsWith(`${name}: `));
        if (lines.length === 0) return undefined;
        return lines.map((line) => line.slice(name.length + 2)).join('\n');
      };
      this.lateStatus = Number(/^: holdopen status=(\d+)/m.exec(block)?.[1] ?? this.lateStatus);
      const event = {
        id: field('id'),
        event: field('event'),
        data: field('data'),
        isLateError: this.lateStatus >= 300,
      };
      const isEmpty = event.id === undefined && event.data === undefined;
      if (!isEmpty && this.#take(event)) this.hasEnd = true;
    }
  }
}

/** As long as any run may need, with all that happens to it. */
export const PATIENCE_MS = 60_000 + TIMES.leaseMs + TIMES.graceMs;
