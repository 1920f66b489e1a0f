/**
 * Declares a light setup entry (spec 6.3), the default export of `setup-entry`. It must not import heavy
 * libraries, CLI code or long-lived services.
 */
export function defineSetupPluginEntry<Channel extends { id: string }>(plugin: Channel): { plugin: Channel } {
  return { plugin };
}
