import type { ChildProcess } from "node:child_process";

export function missingNgircd(): string | undefined;
export function startNgircd(
  folder: string,
  options?: { port?: number },
): Promise<{ port: number; stop(): Promise<void> }>;
export function freePort(): Promise<number>;
export function stopProcess(child: ChildProcess, signal?: NodeJS.Signals): Promise<void>;

export class RawIrcClient {
  static connect(port: number, nick: string): Promise<RawIrcClient>;
  readonly nick: string;
  readonly lines: string[];
  onLine: (line: string) => void;
  write(line: string): void;
  heard(from: string): string[];
  until(check: (line: string) => boolean, limitMs?: number): Promise<string>;
  close(): void;
}
