/** A request that ends early: status, JSON body, and headers. */
export class HttpRefusal extends Error {
  readonly status: number;
  readonly body: object;
  readonly headers: Record<string, string>;
  /** The connection is of no further use: its body was not read to the end. */
  readonly close: boolean;

  constructor(
    status: number,
    body: object,
    options: { headers?: Record<string, string>; close?: boolean } = {},
  ) {
    super(`refused with ${status}`);
    this.status = status;
    this.body = body;
    this.headers = options.headers ?? {};
    this.close = options.close ?? false;
  }
}
