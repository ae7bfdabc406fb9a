// By what the runtime's own `fetch` takes: not every set of types has the names of the standard.

export type FetchInput = Parameters<typeof fetch>[0];
export type HeadersLike = NonNullable<ConstructorParameters<typeof Headers>[0]>;
export type BodyLike = NonNullable<ConstructorParameters<typeof Response>[0]>;
