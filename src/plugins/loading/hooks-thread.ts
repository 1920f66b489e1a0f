/** Node 20 runs module hooks in a thread of their own; this file is that thread's (see `sdk-resolver.ts`). */
import {
  ModuleResolution,
  type ResolutionRules,
  type ResolveContext,
  type ResolveResult,
} from "./module-resolution.ts";

type NextResolve = (specifier: string, context: ResolveContext) => Promise<ResolveResult>;

let resolution: ModuleResolution;

export function initialize(rules: ResolutionRules): void {
  resolution = new ModuleResolution(rules);
}

export async function resolve(
  specifier: string,
  context: ResolveContext,
  next: NextResolve,
): Promise<ResolveResult> {
  const own = resolution.own(specifier, context);
  if (own) return own;
  const result = await next(specifier, context).catch((error: unknown) => {
    const completed = resolution.completed(specifier, context.parentURL, error);
    if (!completed) throw error;
    return next(completed, context);
  });
  return resolution.versioned(specifier, context.parentURL, result);
}
