import type { IncomingMessage } from 'node:http';

/**
 * What only a proxy may say of a client. With `_` for `-` too: CGI and WSGI servers make one variable of
 * both, so that a client could write what we have taken away.
 */
export function isForwardedName(lowerName: string): boolean {
  const name = lowerName.includes('_') ? lowerName.replaceAll('_', '-') : lowerName;
  return name === 'forwarded' || name === 'x-real-ip' || name.startsWith('x-forwarded-');
}

/** What a trusted proxy in front has said. */
export interface ForwardedBefore {
  for?: string;
  proto?: string;
  host?: string;
}

/** Remembers the field if it is one of those that are continued; else it goes on as it is. */
export function takeForwarded(before: ForwardedBefore, lowerName: string, value: string): boolean {
  switch (lowerName) {
    case 'x-forwarded-for':
      before.for = before.for === undefined ? value : `${before.for}, ${value}`;
      return true;
    case 'x-forwarded-proto':
      before.proto ??= value;
      return true;
    case 'x-forwarded-host':
      before.host ??= value;
      return true;
    default:
      return false;
  }
}

/** Says for whom the request is made, as the server behind could see it if we were not there. */
export function addForwarded(
  fields: string[],
  req: IncomingMessage,
  host: string | undefined,
  before: ForwardedBefore,
): void {
  const { remoteAddress } = req.socket;
  if (remoteAddress !== undefined) {
    // A socket for both versions writes IPv4 as IPv6.
    const address = remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress;
    fields.push(
      'X-Forwarded-For',
      before.for === undefined ? address : `${before.for}, ${address}`,
    );
  } else if (before.for !== undefined) {
    fields.push('X-Forwarded-For', before.for);
  }
  const isSecure = (req.socket as { encrypted?: boolean }).encrypted === true;
  fields.push('X-Forwarded-Proto', before.proto ?? (isSecure ? 'https' : 'http'));
  const forwardedHost = before.host ?? host;
  if (forwardedHost !== undefined) fields.push('X-Forwarded-Host', forwardedHost);
}
