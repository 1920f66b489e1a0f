/**
 * `Symbol.hasInstance` for a class of which several copies are loaded: the gateway's, and that of the SDK which plugins
 * import. Every object that carries the brand is one of it; a class that extends it answers as classes do.
 */
export function recognisesCopies(brand: symbol): (this: unknown, value: unknown) => boolean {
  return function (this: unknown, value: unknown): boolean {
    if (!Object.hasOwn(this as object, Symbol.hasInstance)) {
      return Function.prototype[Symbol.hasInstance].call(this as () => void, value);
    }
    return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[brand] === true;
  };
}
