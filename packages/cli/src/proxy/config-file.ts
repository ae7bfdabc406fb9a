import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ProxyOptionError } from './errors.js';
import type { ProxyOptions } from './options.js';

/** PEM stands in files, whose names count from the folder of the file that names them. */
interface ProxyFile extends Omit<ProxyOptions, 'tls' | 'upstreamCa'> {
  tls?: { readonly cert: string; readonly key: string };
  upstreamCa?: string;
}

/** Reads the options of a proxy from JSON. @throws ProxyOptionError */
export function readConfigFile(path: string): Partial<ProxyOptions> {
  const { tls, upstreamCa, ...rest } = parse(path, readText('--config', path));
  const folder = dirname(resolve(path));
  return {
    ...rest,
    ...(tls === undefined
      ? {}
      : { tls: readTls(resolve(folder, tls.cert), resolve(folder, tls.key)) }),
    ...(upstreamCa === undefined
      ? {}
      : { upstreamCa: readText('upstreamCa', resolve(folder, upstreamCa)) }),
  };
}

export function readTls(certPath: string, keyPath: string): { cert: string; key: string } {
  return { cert: readText('the certificate', certPath), key: readText('the key', keyPath) };
}

export function readText(what: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw new ProxyOptionError(`${what}: cannot read ${path}: ${reason}.`);
  }
}

function parse(path: string, text: string): Partial<ProxyFile> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ProxyOptionError(`${path} is not JSON: ${(error as Error).message}.`);
  }
  if (!isObject(value)) {
    throw new ProxyOptionError(`${path} must hold an object such as { "routes": ["POST /v1/*"] }.`);
  }
  const { tls, upstreamCa } = value;
  if (tls !== undefined && !(isObject(tls) && isText(tls.cert) && isText(tls.key))) {
    throw new ProxyOptionError(`${path}: tls must name two files: { "cert": "…", "key": "…" }.`);
  }
  if (upstreamCa !== undefined && !isText(upstreamCa)) {
    throw new ProxyOptionError(`${path}: upstreamCa must name a file.`);
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
