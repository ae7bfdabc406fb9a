// As much of Bun and Deno as the recipes use. In your project there are @types/bun and Deno's own.
declare const Bun:
  | {
      serve(options: {
        port: number;
        fetch(request: Request, server: object): Response | Promise<Response>;
      }): { readonly url: URL };
    }
  | undefined;

declare const Deno: {
  readonly env: { get(name: string): string | undefined };
  serve(
    options: { port: number; onListen(address: { readonly port: number }): void },
    handler: (request: Request) => Response | Promise<Response>,
  ): unknown;
};
