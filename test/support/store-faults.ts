import { SluiceError } from "../../src/kernel/errors.ts";
import type { StoreErrorCode } from "../../src/store/engine/types.ts";
import type { Store } from "../../src/store/index.ts";

/** A real store that refuses what it is told to refuse, as one on a full disk does. */
export interface StoreFaults {
  around(store: Store): Store;
  /** From now on these calls fail, so many times or until `heal`: `turns.finish`, or `turns.*`. */
  refuse(calls: readonly string[], code?: StoreErrorCode, times?: number): void;
  heal(): void;
  /** Calls refused so far. */
  readonly refused: number;
}

export function storeFaults(): StoreFaults {
  let refusing: ReadonlySet<string> = new Set();
  let error = diskFull();
  let refused = 0;
  let left = 0;
  const guarded = (group: string, procedures: object) =>
    new Proxy(procedures, {
      get(target, name: string) {
        if (!refusing.has(`${group}.${name}`) && !refusing.has(`${group}.*`))
          return Reflect.get(target, name);
        return (input: unknown) => {
          if (left <= 0) return (Reflect.get(target, name) as (input: unknown) => unknown)(input);
          left -= 1;
          refused += 1;
          return Promise.reject(error);
        };
      },
    });
  return {
    around: (store) => {
      const call = new Proxy(store.call, {
        get: (target, group: string) => guarded(group, Reflect.get(target, group) as object),
      });
      return new Proxy(store, {
        get(target, name) {
          if (name === "call") return call;
          const value = Reflect.get(target, name) as unknown;
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
    refuse(calls, code, times = Number.POSITIVE_INFINITY) {
      left = times;
      refusing = new Set(calls);
      error =
        code === undefined ? diskFull() : new SluiceError<StoreErrorCode>(code, `the store says ${code}`);
    },
    heal() {
      refusing = new Set();
    },
    get refused() {
      return refused;
    },
  };
}

function diskFull(): SluiceError {
  return new SluiceError<StoreErrorCode>("STORE_FULL", "the disk is full", { retryable: true });
}
