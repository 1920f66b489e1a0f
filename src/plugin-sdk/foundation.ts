/** The tools every part of the host stands on: time, lifetime, typed errors, path and secret checks. */
export { type Clock, systemClock } from "../kernel/clock.ts";
export { confinePath, isInside } from "../kernel/confine-path.ts";
export { type Disposable, disposable } from "../kernel/disposable.ts";
export { errorMessage, isSluiceError, SluiceError, type SluiceErrorOptions } from "../kernel/errors.ts";
export { Scope } from "../kernel/scope.ts";
export { secretsEqual } from "../kernel/secret.ts";
