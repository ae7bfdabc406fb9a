export const TRANSPORTS = ['http', 'https', 'h2c', 'h2'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export function isHttp2(transport: Transport): boolean {
  return transport === 'h2c' || transport === 'h2';
}

export function isSecure(transport: Transport): boolean {
  return transport === 'https' || transport === 'h2';
}
