/** Thrown by a handler to answer with a status. holdopen reads `statusCode`, as most frameworks do. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    readonly statusCode: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
