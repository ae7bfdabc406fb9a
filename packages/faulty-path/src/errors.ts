/** What is wrong with an option, and what to give in its place. */
export class FaultyPathError extends Error {
  override readonly name = 'FaultyPathError';
  readonly code: 'invalid_option' | 'timeout' | 'closed';

  constructor(code: FaultyPathError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
