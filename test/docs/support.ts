import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export const root = join(import.meta.dirname, "../..");

export interface Page {
  /** Relative to the repository. */
  path: string;
  text: string;
}

/** Every page people read: docs/ and the Markdown files beside it. */
export async function pages(): Promise<Page[]> {
  const below = await readdir(join(root, "docs"), { recursive: true });
  const names = [...below.map((name) => join("docs", name)), "README.md", "CONTRIBUTING.md", "SECURITY.md"];
  const markdown = names.filter((name) => name.endsWith(".md")).sort();
  return Promise.all(
    markdown.map(async (path) => ({ path, text: await readFile(join(root, path), "utf8") })),
  );
}

/** The code block that follows the line naming a file. */
export async function codeOf(path: string, file: string): Promise<string> {
  const text = await readFile(join(root, path), "utf8");
  const match = new RegExp(`\`${file.replaceAll(".", "\\.")}\`:\\n\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(
    text,
  );
  if (!match) throw new Error(`${path} has no code for ${file}`);
  return match[1] as string;
}
