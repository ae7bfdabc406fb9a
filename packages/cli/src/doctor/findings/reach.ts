import type { Failure } from '../exchange/ending.js';
import type { Facts } from '../facts.js';
import { duration } from '../words.js';
import { type Finding, problem, warning } from './finding.js';
import { whoGaveUp } from './who-gave-up.js';

/** What is wrong where no head came. */
export function reachFindings(facts: Facts): Finding[] {
  const { observation, kind } = facts;
  const { ending, line } = observation;
  const findings: Finding[] = [];
  if (line?.untrusted !== undefined) {
    findings.push(
      warning(
        'certificate-not-trusted',
        `The certificate is not to be trusted: ${line.untrusted}.`,
        'Other clients will refuse it; --insecure did not.',
      ),
    );
  }
  // What was never asked was not silent; that its preflight was is said elsewhere.
  const isAsked = observation.preflight?.isStopped !== true;
  if (kind.name === 'silent' && isAsked) findings.push(silent(facts));
  if (ending.how === 'failed') findings.push(unreachable(facts, ending.failure));
  return findings;
}

function silent({ observation }: Facts): Finding {
  const { endMs, line } = observation;
  if (line === undefined) {
    return problem(
      'no-connection',
      `There was no connection after ${duration(endMs)}.`,
      'Something drops the packets: look at the address, the port and the firewall.',
    );
  }
  return problem(
    'silent',
    `Nothing came for ${duration(endMs)}, not even a head.`,
    'If the handler is still at work, wrap it in holdOpen(); if it is wrapped, firstBeatMs is longer than this, or a hop keeps the head back.',
  );
}

function unreachable(facts: Facts, { kind, code, message }: Failure): Finding {
  const { observation } = facts;
  const { opening, endMs } = observation;
  const host = new URL(observation.url).host;
  switch (kind) {
    case 'dns':
      return problem(
        'dns',
        `There is no address for ${host} (${code ?? message}).`,
        'Look at the name.',
      );
    case 'refused':
      return problem(
        'refused',
        `Nobody listens at ${host}: the connection was refused.`,
        'Look at the port, and whether the server runs.',
      );
    case 'tls':
      return problem('tls', `TLS failed: ${message}.`, tlsCure(code, message));
    case 'not-sent':
      return problem(
        'not-sent',
        `The request cannot be sent: ${message}.`,
        'Change its headers (-H), or ask over another version of HTTP (--http1, --http2).',
      );
    case 'no-http':
      return noHttp(facts, message);
    case 'no-http2':
      return problem(
        'no-http2',
        `What came is no HTTP/2: ${message}.`,
        'The server may speak HTTP/1.1 alone: --http1, or without --http2.',
      );
    case 'stream-reset':
      return problem('stream-reset', `The stream was reset before it answered: ${message}.`);
    case 'closed': {
      const begun = opening === '' ? 'without an answer' : 'in the middle of the head';
      const who = opening === '' ? whoGaveUp(facts, endMs) : undefined;
      return problem(
        opening === '' ? 'closed' : 'head-cut',
        `The connection was closed ${begun}, ${duration(endMs)} after the request.${who?.what ?? ''}`,
        who?.cure ??
          (opening === '' && observation.line?.tlsVersion === undefined
            ? 'Look into the log of the server: it may have died on this request, or speak TLS here: https://.'
            : 'Look into the log of the server: it may have died on this request.'),
      );
    }
    case 'unreachable':
      return problem('unreachable', `${host} cannot be reached: ${message}.`);
  }
}

function tlsCure(code: string | undefined, message: string): string {
  if (/wrong version number|packet length too long|before secure/i.test(message)) {
    return 'This port speaks no TLS: try http:// in place of https://.';
  }
  if (/ALPN|no application protocol/i.test(`${code} ${message}`)) {
    return 'The server does not speak this version of HTTP: leave --http2 or --http1 out.';
  }
  // Those of OpenSSL and of the system are about the handshake, all others about the certificate.
  if (code === undefined || /^(?:ERR_SSL_|EPROTO|ECONN)/.test(code)) {
    return 'Client and server do not agree on TLS: look at its versions and ciphers, and into the log of the server.';
  }
  return 'With --insecure the rest can be looked at all the same.';
}

function noHttp({ observation }: Facts, message: string): Finding {
  const { opening } = observation;
  if (/Header overflow/i.test(message)) {
    return problem(
      'endless-head',
      'The head is longer than 64 KiB, which no client reads to its end.',
    );
  }
  const begins = opening === '' ? '' : ` It begins with "${opening.slice(0, 40)}".`;
  const isHead = /^HTTP\/1/.test(opening);
  return problem(
    isHead ? 'invalid-head' : 'no-http',
    `${isHead ? 'The head breaks the rules of HTTP' : 'What came is no HTTP'}: ${message}.${begins}`,
    isHead
      ? 'Proxies answer 502 to it, or pass it on to somebody who is worse off.'
      : httpCure(opening),
  );
}

function httpCure(opening: string): string {
  // A record of TLS: an alert or a handshake, of version 3.
  const [type, version] = [opening.charCodeAt(0), opening.charCodeAt(1)];
  if ((type === 0x15 || type === 0x16) && version === 3) {
    return 'This port speaks TLS: try https:// in place of http://.';
  }
  if (opening.startsWith('SSH-')) return 'This port speaks SSH.';
  return 'Look at the port; with --http1 or --http2 another version can be tried.';
}
