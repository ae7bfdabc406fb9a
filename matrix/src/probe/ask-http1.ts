import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { createGunzip } from 'node:zlib';
import { certificate } from '../server/certificate.js';
import type { Heard, Question } from './ask.js';
import { Hearing } from './hearing.js';

export function askHttp1(question: Question): Promise<Heard> {
  const { url, method, accept, acceptsGzip } = question;
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  const req = request(url, {
    method,
    agent: false,
    ca: certificate.cert,
    headers: { accept, ...(acceptsGzip && { 'accept-encoding': 'gzip' }) },
  });
  const hearing = new Hearing(question, () => req.destroy());
  const broken = (error: NodeJS.ErrnoException): void => {
    // Node gives a FIN the code of a reset, too; but only a reset comes from a call of the system.
    if (error.syscall === 'read') hearing.settle('reset');
    else if (hearing.status === undefined) hearing.settle('none');
    else hearing.settle('cut', cutBy());
  };
  const cutBy = (): string =>
    hearing.headers['transfer-encoding'] === 'chunked' ? 'no last chunk' : 'short';
  req.on('error', broken);
  req.once('response', (res) => {
    hearing.status = res.statusCode;
    hearing.headers = res.headers;
    const isGzip = res.headers['content-encoding'] === 'gzip';
    const body = isGzip ? res.pipe(createGunzip()) : res;
    body.setEncoding('utf8');
    body.on('data', (text: string) => hearing.arrive(text));
    body.once('end', () =>
      res.complete ? hearing.settle('clean') : hearing.settle('cut', cutBy()),
    );
    res.on('error', broken);
    if (body !== res) body.on('error', () => hearing.settle('cut', cutBy()));
  });
  req.end(method === 'POST' ? '{}' : undefined);
  return hearing.heard;
}
