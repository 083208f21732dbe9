/** What a source file imports, exports and uses, read from its syntax tree by the linter's parser. */

/** Something in a file, with its place. */
export interface Fact {
  /** A specifier, or the name of what is used. */
  name: string;
  /** Line from 1. */
  line: number;
}

/** A module that a file names. */
export interface ImportFact extends Fact {
  /** True if it is only addressed by `new URL()`, to be started as an isolate, say. */
  byUrl?: boolean;
}

/** All that the architecture has rules about. */
export interface SourceFacts {
  /** Specifiers of imports and re-exports of every kind, and of modules addressed by `new URL()`. */
  imports: ImportFact[];
  /** Lines of `import()` whose specifier is neither a literal nor the address of one. */
  computedImports: number[];
  /** Globals used: `Deno.serve`, `new Worker`, `fetch`, `console`. */
  uses: Fact[];
  /** Lines of `export *`. */
  exportStars: number[];
  /** Lines of default exports. */
  defaultExports: number[];
}

/** Globals that matter in whatever way they are used. */
const PLAIN_GLOBALS = new Set(["console", "self"]);

/** Reads the facts of a source text. */
export function sourceFacts(text: string): SourceFacts {
  const facts: SourceFacts = {
    imports: [],
    computedImports: [],
    uses: [],
    exportStars: [],
    defaultExports: [],
  };
  const line = (node: Deno.lint.Node) => text.slice(0, node.range[0]).split("\n").length;
  const create = () => ({ ...importVisitor(facts, line), ...useVisitor(facts, line) });
  Deno.lint.runPlugin({ name: "facts", rules: { all: { create } } }, "source.ts", text);
  return facts;
}

type LineOf = (node: Deno.lint.Node) => number;

function importVisitor(facts: SourceFacts, line: LineOf): Deno.lint.LintVisitor {
  function add(node: Deno.lint.Node, source: Deno.lint.Node | null | undefined): void {
    const name = textOf(source);
    if (name !== undefined) facts.imports.push({ name, line: line(node) });
    else if (source) facts.computedImports.push(line(node));
  }
  return {
    ImportDeclaration: (node) => add(node, node.source),
    // An address made of a literal is a fact of its own.
    ImportExpression: (node) => isAddress(node.source) ? undefined : add(node, node.source),
    TSImportEqualsDeclaration: (node) => {
      if (node.moduleReference.type === "TSExternalModuleReference") {
        add(node, node.moduleReference.expression);
      }
    },
    TSImportType: (node) => add(node, node.argument),
    ExportAllDeclaration(node) {
      add(node, node.source);
      facts.exportStars.push(line(node));
    },
    ExportDefaultDeclaration: (node) => void facts.defaultExports.push(line(node)),
    ExportNamedDeclaration(node) {
      add(node, node.source);
      for (const { exported } of node.specifiers) {
        if (nameOf(exported) === "default") facts.defaultExports.push(line(node));
      }
    },
  };
}

function useVisitor(facts: SourceFacts, line: LineOf): Deno.lint.LintVisitor {
  function add(node: Deno.lint.Node, name: string | undefined): void {
    if (name !== undefined) facts.uses.push({ name, line: line(node) });
  }
  return {
    CallExpression: (node) => add(node, callName(node.callee)),
    NewExpression(node) {
      const name = nameOf(node.callee) ?? memberOf(node.callee, "globalThis");
      if (name !== undefined) add(node, `new ${name}`);
      const [target, base] = node.arguments;
      const path = textOf(target);
      if (name === "URL" && base !== undefined && path?.endsWith(".ts")) {
        facts.imports.push({ name: path, line: line(node), byUrl: true });
      }
    },
    MemberExpression(node) {
      const name = memberOf(node, "Deno");
      if (name !== undefined) add(node, `Deno.${name}`);
      add(node, memberOf(node, "globalThis"));
      const object = nameOf(node.object);
      if (object !== undefined && PLAIN_GLOBALS.has(object)) add(node, object);
    },
    VariableDeclarator(node) {
      if (node.id.type !== "ObjectPattern" || nameOf(node.init) !== "Deno") return;
      for (const property of node.id.properties) {
        if (property.type === "Property") add(node, `Deno.${nameOf(property.key)}`);
      }
    },
  };
}

/** A plain call counts by its name; a method of some object is that object's affair. */
function callName(callee: Deno.lint.Node): string | undefined {
  const name = nameOf(callee);
  return name === "fetch" ? name : undefined;
}

function memberOf(node: Deno.lint.Node, object: string): string | undefined {
  if (node.type !== "MemberExpression" || nameOf(node.object) !== object) return undefined;
  return node.computed ? textOf(node.property) : nameOf(node.property);
}

function nameOf(node: Deno.lint.Node | null | undefined): string | undefined {
  return node?.type === "Identifier" ? node.name : undefined;
}

/** `new URL("…", import.meta.url).href` of a module. */
function isAddress(node: Deno.lint.Node): boolean {
  if (node.type !== "MemberExpression" || nameOf(node.property) !== "href") return false;
  const { object } = node;
  return object.type === "NewExpression" && nameOf(object.callee) === "URL" &&
    object.arguments.length === 2 && textOf(object.arguments[0])?.endsWith(".ts") === true;
}

function textOf(node: Deno.lint.Node | null | undefined): string | undefined {
  if (node?.type === "TSLiteralType") return textOf(node.literal);
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  return undefined;
}
