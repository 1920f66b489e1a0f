import { createServer } from "node:net";

/** Something else listens at a port. */
export class PortInUseError extends Error {
  override readonly name = "PortInUseError";
  readonly code = "EADDRINUSE";
  readonly port: number;

  constructor(port: number, host: string | undefined, cause: unknown) {
    super(
      `port ${port}${host ? ` of ${host}` : ""} is in use; stop what listens there or choose another one`,
      {
        cause,
      },
    );
    this.port = port;
  }
}

/** Resolves when a server could listen at the port now. @throws PortInUseError, the signal's reason */
export async function ensurePortAvailable(port: number, host?: string, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const server = createServer();
  let abort = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      abort = () => reject(signal?.reason as Error);
      signal?.addEventListener("abort", abort, { once: true });
      server.once("error", (error: NodeJS.ErrnoException) =>
        reject(error.code === "EADDRINUSE" ? new PortInUseError(port, host, error) : error),
      );
      server.listen({ port, ...(host === undefined ? {} : { host }), exclusive: true }, resolve);
    });
  } finally {
    signal?.removeEventListener("abort", abort);
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}
