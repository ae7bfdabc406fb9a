import { isIP, isIPv4 } from 'node:net';
import { HoldOpenError } from '@holdopen/core';

/** What is shown of a client; a function is given the framework's own request. */
export type ClientView =
  | 'network'
  | 'address'
  | 'none'
  | ((request: unknown) => string | undefined);

/** Longer ones are no names of clients. */
const MAX_LENGTH = 100;

/** `undefined` if nothing is to be shown. */
export function clientViewOf(
  view: ClientView,
): ((request: unknown) => string | undefined) | undefined {
  if (view === 'none') return undefined;
  if (view === 'address') return addressOf;
  if (view === 'network') {
    return (request) => {
      const address = addressOf(request);
      return address === undefined ? undefined : networkOf(address);
    };
  }
  if (typeof view !== 'function') {
    throw new HoldOpenError(
      'HOLDOPEN_INVALID_OPTION',
      `createLivePage: client must be 'network', 'address', 'none' or a function of the request; it was ${String(view)}.`,
      { option: 'client', given: view },
    );
  }
  return (request) => {
    try {
      const given = view(request);
      return typeof given === 'string' ? given.slice(0, MAX_LENGTH) : undefined;
    } catch {
      // What one request lacks must not take the page from all others.
      return undefined;
    }
  };
}

/** The other end of the connection: of a request of Node's, or of one that a framework wraps around it. */
function addressOf(request: unknown): string | undefined {
  const { socket, raw } = (request ?? {}) as { socket?: unknown; raw?: unknown };
  const { remoteAddress } = (socket ?? {}) as { remoteAddress?: unknown };
  if (typeof remoteAddress === 'string') return remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '');
  return typeof raw === 'object' && raw !== null && raw !== request ? addressOf(raw) : undefined;
}

/** The network that an address is in, which names no person: 24 bits of IPv4, 48 of IPv6. */
export function networkOf(address: string): string | undefined {
  if (isIPv4(address)) return address.replace(/\.\d+$/, '.0/24');
  const [plain = ''] = address.split('%', 1);
  if (isIP(plain) !== 6) return undefined;
  // The groups left of `::` may be fewer than three; those that it stands for are 0.
  const [left = ''] = plain.split('::', 1);
  const groups = left.split(':').filter((group) => group !== '' && !group.includes('.'));
  const prefix = plain.includes('::') ? [...groups, '0', '0', '0'].slice(0, 3) : groups.slice(0, 3);
  const shown = prefix.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
  return `${shown.replace(/(?::0)+$/, '').replace(/^0$/, '')}::/48`;
}
