/** Limits of static plugin metadata (spec 1 and appendix C). */
export const MAX_MANIFEST_BYTES = 262_144;
export const MAX_MANIFEST_DEPTH = 64;
export const MAX_PACKAGE_BYTES = 1_048_576;
/** Longest accepted plugin id. */
export const MAX_PLUGIN_ID_LENGTH = 128;
export const MAX_CONTROL_UI_ENTRY_LENGTH = 512;
export const MAX_CONTROL_UI_STYLES = 16;
export const MAX_THEMES = 32;
export const MAX_CATEGORIES = 3;
/** Longest pattern for model names, in characters. */
export const MAX_PATTERN_LENGTH = 256;
/** Repetitions in one such pattern; each multiplies the time a name that does not match takes. */
export const MAX_PATTERN_REPEATS = 3;
