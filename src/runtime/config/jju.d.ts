declare module "jju" {
  /** The part of the package that is used: changes a value in a text and keeps the rest of the text. */
  const jju: {
    update(text: string, value: unknown, options?: { mode?: "json" | "json5"; indent?: number }): string;
  };
  export default jju;
}
