/** `keygen`: a pair of CURVE keys as two files. */

import { writeKeyFiles } from "../../keys/mod.ts";
import { generateCurveKeys } from "../../transport/mod.ts";
import { EXIT } from "../errors.ts";
import type { Io } from "../io.ts";

/** Writes the files and tells what each is for; replaces none. @throws {ConfigError} `unwritable`. */
export async function runKeygen(name: string, io: Io): Promise<number> {
  const { publicFile, secretFile } = await writeKeyFiles(name, await generateCurveKeys());
  io.out(`${publicFile}  give it to the other side\n${secretFile}  keep it to yourself\n`);
  return EXIT.ok;
}
