import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from './http-error.js';

const MAX_BODY_BYTES = 16 * 1024;

export function sendJson(res: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  res.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  res.end(body);
}

/** The request's body as JSON. Throws 400 or 413. */
export async function readJson(req: IncomingMessage): Promise<unknown> {
  const text = await readText(req);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new HttpError(400, `the body is not JSON: ${(cause as Error).message}`, { cause });
  }
}

// No async iterator: leaving it early would destroy the connection, and the 413 with it.
// What a client still sends after the 413 Node reads and throws away.
function readText(req: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= MAX_BODY_BYTES) return;
      req.off('data', onData);
      reject(new HttpError(413, `the body is larger than ${MAX_BODY_BYTES} bytes`));
    };
    req.on('data', onData);
    req.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    req.once('error', reject);
  });
}
