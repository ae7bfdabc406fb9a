import { HoldOpenError } from '@holdopen/node';

/**
 * What `holdOpen` takes is its options alone.
 * @throws HoldOpenError that names the fix, for a handler and for what Express hands to a middleware.
 */
export function refuseArguments(given: readonly unknown[]): void {
  const [first] = given;
  if (typeof first === 'function') {
    throw new HoldOpenError(
      'HOLDOPEN_WRONG_MOUNT',
      'holdOpen(handler) is how plain Node handlers are wrapped. In Express it stands before the handler: app.post(path, holdOpen(options), handler), or app.use(holdOpen(options)).',
      { given: first },
    );
  }
  // app.use(holdOpen) makes Express call it with a request.
  if (given.length > 1) {
    throw new HoldOpenError(
      'HOLDOPEN_WRONG_MOUNT',
      `holdOpen takes its options alone and was given ${given.length} arguments. Call it where it is mounted: app.use(holdOpen(options)), with parentheses, even without options.`,
      { given: first },
    );
  }
}

/**
 * For a middleware that was not called with a request, a response and `next`.
 * @throws HoldOpenError always.
 */
export function refuseCall(): never {
  throw new HoldOpenError(
    'HOLDOPEN_WRONG_MOUNT',
    'holdOpen(options) was called without next. It is middleware, (req, res, next): mount it with app.use(holdOpen(options)) or on a route, not as an error handler (err, req, res, next). For http.createServer take holdOpen(handler, options) of @holdopen/node.',
  );
}
