/** What the `sluice` command answers to its caller; documented in docs/cli.md, checked by a test. */
export const EXIT = {
  OK: 0,
  /** The gateway or the command did what it could and failed. */
  FAILED: 1,
  /** The command line is wrong. */
  USAGE: 2,
  /** No gateway answers. */
  UNREACHABLE: 3,
  /** The gateway refused: wrong token, missing scope, pairing needed. */
  REFUSED: 4,
  TIMED_OUT: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
