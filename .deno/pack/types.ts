/** The types of the packed client, as the compiler of TypeScript tells them. */

import ts from "typescript";

/** Writes the `.d.ts` files that the client's own leads to. @throws {Error} if one of them is wrong. */
export async function buildTypes(
  root: string,
  folder: string,
  dependencies: readonly string[],
): Promise<void> {
  const source = `${root}src/`;
  const entry = `${source}client/mod.ts`;
  const program = ts.createProgram([entry], {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.dom.asynciterable.d.ts"],
    types: [],
    declaration: true,
    emitDeclarationOnly: true,
    allowImportingTsExtensions: true,
    rootDir: source,
    outDir: folder,
    skipLibCheck: true,
    paths: Object.fromEntries(dependencies.map((name) => [name, [pathOf(name)]])),
  });
  const written = new Map<string, string>();
  program.emit(undefined, (path, text) => void written.set(path, text));
  const waiting = [`${folder}/client/mod.d.ts`];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const text = written.get(path);
    if (text === undefined) continue;
    written.delete(path);
    // Node finds files by their whole names, and knows no `.ts`.
    const told = text.replace(/((?:from|import)\s*\(?")(\.[^"]*)\.ts"/g, '$1$2.js"');
    for (const [, name] of told.matchAll(/(?:from|import)\s*\(?"(\.[^"]*)\.js"/g)) {
      waiting.push(`${new URL(name!, `file://${path}`).pathname}.d.ts`);
    }
    const own = program.getSourceFile(
      path.replace(folder, root + "src").replace(/\.d\.ts$/, ".ts"),
    );
    const faults = own === undefined ? [] : program.getDeclarationDiagnostics(own);
    if (faults.length > 0) throw new Error(ts.formatDiagnostics(faults, FORMAT));
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, told);
  }
}

const FORMAT: ts.FormatDiagnosticsHost = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => "",
  getNewLine: () => "\n",
};

/** Where a package's own types are found. */
function pathOf(name: string): string {
  // With its ending the script itself would be taken.
  return new URL(import.meta.resolve(name)).pathname.replace(/\.m?js$/, "");
}
