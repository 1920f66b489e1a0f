import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** One entry as it stands in the archive; nothing is checked or tidied. */
export interface RawEntry {
  name: string;
  text?: string;
  mode?: number;
  /** `0` file, `1` hard link, `2` link, `3` device, `6` pipe. Default `0`. */
  type?: string;
  linkname?: string;
}

const BLOCK = 512;

function header({ name, text = "", mode = 0o644, type = "0", linkname = "" }: RawEntry): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  block.write(`${mode.toString(8).padStart(7, "0")}\0`, 100);
  block.write("0000000\0".repeat(2), 108);
  block.write(`${Buffer.byteLength(text).toString(8).padStart(11, "0")}\0`, 124);
  block.write(`${"0".repeat(11)}\0`, 136);
  block.write(" ".repeat(8), 148);
  block.write(type, 156);
  block.write(linkname, 157);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** A plugin's tarball with the given entries behind its own. */
export async function rawTarball(entries: readonly RawEntry[], more: object = {}): Promise<string> {
  const own: RawEntry[] = [
    {
      name: "package/package.json",
      text: JSON.stringify({
        name: "plugin-hostile",
        version: "1.0.0",
        type: "module",
        openclaw: { extensions: ["./index.js"] },
        ...more,
      }),
    },
    {
      name: "package/openclaw.plugin.json",
      text: JSON.stringify({ id: "hostile", configSchema: { type: "object" } }),
    },
    { name: "package/index.js", text: 'export default { id: "hostile", register() {} };\n' },
  ];
  const blocks = [...own, ...entries].flatMap((entry) => {
    const data = Buffer.from(entry.text ?? "");
    return [header(entry), data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)];
  });
  const file = join(await temporaryFolder("sluice-tarball-"), "hostile.tgz");
  await writeFile(file, gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 1 }));
  return file;
}
