import type { Exchange } from './exchange.js';
import type { AccessLog, ProxyOutput } from './options.js';

/** Writes a line for an answer that is over. */
export type LogExchange = (exchange: Exchange) => void;

/** The query stays out of it, since keys and names of people stand there. */
export function createAccessLog(kind: AccessLog, out: ProxyOutput): LogExchange | undefined {
  if (kind === 'off') return undefined;
  const format = kind === 'json' ? asJson : asText;
  return (exchange) => void out.write(`${format(exchange)}\n`);
}

function asJson(exchange: Exchange): string {
  const { req, held } = exchange;
  return JSON.stringify({
    time: new Date().toISOString(),
    method: req.method,
    path: pathOf(req.url),
    route: exchange.route,
    protocol: `HTTP/${req.httpVersion}`,
    status: exchange.status,
    bytes: exchange.bytes,
    durationMs: durationMs(exchange),
    ...(exchange.left ? { left: true } : {}),
    refused: exchange.refused,
    failure: exchange.failure,
    ...(held === undefined
      ? {}
      : {
          held: {
            beats: held.beats,
            heldMs: Math.round(held.heldMs),
            ended: held.how,
            lateStatus: held.lateStatus,
            ...(held.droppedHeaders.length > 0 ? { droppedHeaders: held.droppedHeaders } : {}),
          },
        }),
  });
}

function asText(exchange: Exchange): string {
  const { req, held } = exchange;
  const parts = [
    new Date().toISOString(),
    String(exchange.status ?? '-'),
    req.method ?? '-',
    pathOf(req.url),
    `${durationMs(exchange)} ms`,
    `${exchange.bytes} B`,
  ];
  if (exchange.left) parts.push('client left');
  if (exchange.refused !== undefined) parts.push(`refused: ${exchange.refused}`);
  if (exchange.failure !== undefined) parts.push(`failed: ${exchange.failure}`);
  if (held !== undefined) {
    parts.push(`held: ${held.beats} beats, ${held.how}`);
    if (held.lateStatus !== undefined) parts.push(`late status ${held.lateStatus}`);
    if (held.droppedHeaders.length > 0) {
      parts.push(`could not send: ${held.droppedHeaders.join(', ')}`);
    }
  }
  return parts.map(printable).join('  ');
}

/** A client writes its path as it likes, and a terminal obeys what is written to it. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (character) => encodeURIComponent(character));
}

function pathOf(url = '/'): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function durationMs({ startMs }: Exchange): number {
  return Math.round(performance.now() - startMs);
}
