// What node:http's response and Express's have in common.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HoldHandle } from '@holdopen/core';
import { hostOf, keyOf, note } from '../observed.js';
import type { Voice } from '../play.js';
import type { WithSession } from './connect.js';

/** A handler of plain Node, as its documentation would write it. */
export class NodeVoice implements Voice {
  readonly key: string;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.key = keyOf(hostOf(req)).key;
    this.req = req;
    this.res = res;
  }

  get hold(): HoldHandle | undefined {
    return this.req.holdOpen;
  }

  get method(): string {
    return this.req.method ?? '';
  }

  get path(): string {
    return this.req.url ?? '';
  }

  requestHeader(name: string): string | undefined {
    return this.req.headers[name] as string | undefined;
  }

  async readBody(): Promise<string> {
    let text = '';
    for await (const chunk of this.req) text += String(chunk);
    return text;
  }

  status(code: number): void {
    this.res.statusCode = code;
  }

  header(name: string, value: string): void {
    this.res.setHeader(name, value);
  }

  cookie(name: string, value: string): void {
    this.res.appendHeader('Set-Cookie', `${name}=${value}; Path=/`);
  }

  session(visits: number): void {
    const { session } = this.req as WithSession;
    if (session === undefined) throw new Error('there is no session');
    session.key = this.key;
    session.visits = visits;
  }

  json(value: unknown): unknown {
    return this.send('application/json', JSON.stringify(value));
  }

  send(type: string, body: string | Uint8Array): unknown {
    if (!this.res.hasHeader('Content-Type')) this.res.setHeader('Content-Type', type);
    this.res.end(body);
    return undefined;
  }

  empty(): unknown {
    this.res.end();
    return undefined;
  }

  redirect(code: number, to: string): unknown {
    this.res.writeHead(code, { Location: to }).end();
    return undefined;
  }

  async stream(type: string, body: AsyncIterable<Uint8Array>): Promise<unknown> {
    const { res } = this;
    if (!res.headersSent)
      res.writeHead(res.statusCode, type === '' ? {} : { 'Content-Type': type });
    for await (const chunk of body) {
      if (res.write(chunk) || res.destroyed) continue;
      await new Promise<void>((resolve) => {
        const done = (): void => {
          res.off('drain', done).off('close', done);
          resolve();
        };
        res.on('drain', done).on('close', done);
      });
    }
    res.end();
    return undefined;
  }
}

/** What a logger sees at the end. */
export function logEnd(req: IncomingMessage, res: ServerResponse): void {
  const { key } = keyOf(hostOf(req));
  res.once('finish', () => note(key, 'logged', { status: res.statusCode }));
}
