import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HoldHandle } from '@holdopen/core';
import type { Voice } from './mount.js';

/** As a handler of plain Node writes. */
export class NodeVoice implements Voice {
  readonly req: IncomingMessage;
  protected readonly res: ServerResponse;

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.req = req;
    this.res = res;
  }

  get hold(): HoldHandle | undefined {
    return this.req.holdOpen;
  }

  async text(): Promise<string> {
    // What a parser made of it.
    const { body } = this.req as { body?: unknown };
    if (body !== undefined) return JSON.stringify(body);
    return textOf(this.req);
  }

  json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): unknown {
    this.res.writeHead(status, { ...headers, 'Content-Type': 'application/json' });
    return this.res.end(JSON.stringify(value));
  }

  empty(status: number): unknown {
    this.res.statusCode = status;
    return this.res.end();
  }

  stream(type: string, source: AsyncIterable<string>): unknown {
    this.res.setHeader('Content-Type', type);
    return pipeline(Readable.from(source), this.res);
  }

  raw(): ServerResponse {
    return this.res;
  }
}

export async function textOf(body: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString();
}
