export interface HtmlTag {
  /** Half-open, in the text. */
  start: number;
  end: number;
  raw: string;
  /** In lower case. */
  name: string;
  closing: boolean;
  selfClosing: boolean;
}

const TAG =
  /<(\/?)([a-z][a-z0-9-]*)((?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*)\s*(\/?)>/gi;

/** The well-formed HTML tags of a text, in order; what only looks like one is text. */
export function* tokenizeHtmlTags(text: string): Generator<HtmlTag, void> {
  for (const match of text.matchAll(TAG)) {
    const [raw, slash, name = "", , end] = match;
    yield {
      start: match.index,
      end: match.index + raw.length,
      raw,
      name: name.toLowerCase(),
      closing: slash === "/",
      selfClosing: slash !== "/" && end === "/",
    };
  }
}
