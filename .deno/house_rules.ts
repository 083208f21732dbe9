/**
 * The house rules that a linter can hold, as a plugin of `deno lint`.
 *
 * One rule can be lifted in one place, with a reason, by `// deno-lint-ignore house/<rule> -- <why>`.
 *
 * @module
 */

type Node = Deno.lint.Node;

/** The built-in errors whose first argument is the message. */
const BUILT_IN_ERRORS = new Set([
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "DOMException",
]);

/** Errors that repeat the words of another program, which has rules of its own. */
const FOREIGN_ERRORS = new Set(["PythonError"]);

const noTopLevelArrow: Deno.lint.Rule = {
  create: (context) => ({
    VariableDeclarator(node) {
      if (node.init?.type !== "ArrowFunctionExpression" || !isTopLevel(node.parent)) return;
      context.report({
        node,
        message: "A function at top level is an arrow function",
        hint: "Declare it with the function keyword: it then has a name in every stack trace",
      });
    },
  }),
};

const noPrivateKeyword: Deno.lint.Rule = {
  create(context) {
    function report(node: Node): void {
      context.report({
        node,
        message: "A member is private for the compiler only",
        hint: "Use a #name, which is private at run time too",
      });
    }
    function check(node: Node & { accessibility?: string | undefined }): void {
      if (node.accessibility === "private") report(node);
    }
    return {
      PropertyDefinition: check,
      MethodDefinition: check,
      AccessorProperty: check,
      TSAbstractPropertyDefinition: check,
      TSAbstractMethodDefinition: check,
      // Its accessibility is always undefined in Deno 2.9.6, whatever the source says.
      TSParameterProperty(node) {
        const start = node.decorators.at(-1)?.range[1] ?? node.range[0];
        const modifiers = context.sourceCode.text.slice(start, node.parameter.range[0]);
        if (/\bprivate\b/.test(modifiers)) report(node);
      },
    };
  },
};

const noEnum: Deno.lint.Rule = {
  create: (context) => ({
    TSEnumDeclaration(node) {
      context.report({ node, message: "An enum is declared", hint: "Use a union of literals" });
    },
  }),
};

const noDefaultExport: Deno.lint.Rule = {
  create(context) {
    function report(node: Node): void {
      context.report({ node, message: "An export has no name", hint: "Export it by name" });
    }
    return {
      ExportDefaultDeclaration: report,
      "ExportSpecifier[exported.name='default']": report,
    };
  },
};

const noExportStar: Deno.lint.Rule = {
  create: (context) => ({
    ExportAllDeclaration(node) {
      context.report({ node, message: "An export lists no names", hint: "List what is exported" });
    },
  }),
};

const snakeCaseFile: Deno.lint.Rule = {
  create: (context) => ({
    Program(node) {
      const name = context.filename.split(/[/\\]/).at(-1)!;
      if (/^_?[a-z0-9]+(?:_[a-z0-9]+)*(?:\.d)?\.(?:ts|tsx|js|mjs)$/.test(name)) return;
      context.report({
        range: [node.range[0], node.range[0]],
        message: `The file name ${name} is not in snake_case`,
        hint: "Rename the file",
      });
    },
  }),
};

const errorMessage: Deno.lint.Rule = {
  create: (context) => ({
    NewExpression(node) {
      const message = messageOf(node);
      if (message === undefined) return;
      if (/^\p{Ll}/u.test(edgeText(message, "start"))) {
        context.report({
          node: message,
          message: "An error message starts with a small letter",
          hint: "Write it as a sentence: it may be all that an operator sees",
        });
      }
      if (/[.!]$/.test(edgeText(message, "end"))) {
        context.report({
          node: message,
          message: "An error message ends in a full stop",
          hint: "Leave it out: the message may be quoted in a longer sentence",
        });
      }
    },
  }),
};

const noSleepInTest: Deno.lint.Rule = {
  create(context) {
    if (!/(?:^|[/\\])tests[/\\]|_test\.ts$/.test(context.filename)) return {};
    function report(node: Node): void {
      context.report({
        node,
        message: "A test waits for time to pass",
        hint: "Wait for the event itself, or inject a clock and move it",
      });
    }
    return {
      'NewExpression[callee.name="Promise"]'(node: Deno.lint.NewExpression) {
        const [executor] = node.arguments;
        if (executor !== undefined && isSleep(executor)) report(node);
      },
      'ImportDeclaration[source.value="node:timers/promises"]': report,
    };
  },
};

function isTopLevel(declaration: Node): boolean {
  const parent = "parent" in declaration ? declaration.parent : undefined;
  return parent?.type === "Program" || parent?.type === "ExportNamedDeclaration";
}

/** The argument that holds the message: after the code for our own classes, first for built-in ones. */
function messageOf(node: Deno.lint.NewExpression): Node | undefined {
  const name = node.callee.type === "Identifier" ? node.callee.name : "";
  if (BUILT_IN_ERRORS.has(name)) return node.arguments[0];
  return name.endsWith("Error") && !FOREIGN_ERRORS.has(name) ? node.arguments[1] : undefined;
}

/** The literal text at one end of a message; empty where a value stands there. */
function edgeText(node: Node, edge: "start" | "end"): string {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : "";
  if (node.type === "TemplateLiteral") {
    const quasi = edge === "start" ? node.quasis[0] : node.quasis.at(-1);
    return quasi?.cooked ?? "";
  }
  if (node.type === "BinaryExpression" && node.operator === "+") {
    return edgeText(edge === "start" ? node.left : node.right, edge);
  }
  return "";
}

/** Whether a promise only resolves when time has passed. A rejection then would be a deadline instead. */
function isSleep(executor: Node): boolean {
  if (executor.type !== "ArrowFunctionExpression" && executor.type !== "FunctionExpression") {
    return false;
  }
  const [resolve] = executor.params;
  if (resolve?.type !== "Identifier") return false;
  const timer = onlyCall(executor.body);
  if (timer === undefined || calleeName(timer.callee) !== "setTimeout") return false;
  const [callback] = timer.arguments;
  if (callback?.type === "Identifier") return callback.name === resolve.name;
  if (callback?.type !== "ArrowFunctionExpression") return false;
  const call = onlyCall(callback.body);
  return call !== undefined && calleeName(call.callee) === resolve.name;
}

/** The call that a function's body consists of. */
function onlyCall(body: Node | null | undefined): Deno.lint.CallExpression | undefined {
  if (body?.type === "CallExpression") return body;
  if (body?.type !== "BlockStatement" || body.body.length !== 1) return undefined;
  const [statement] = body.body;
  if (statement?.type === "ExpressionStatement") return onlyCall(statement.expression);
  return statement?.type === "ReturnStatement" ? onlyCall(statement.argument) : undefined;
}

/** `setTimeout` for `globalThis.setTimeout` too. */
function calleeName(callee: Node): string | undefined {
  if (callee.type === "Identifier") return callee.name;
  if (callee.type !== "MemberExpression") return undefined;
  return callee.property.type === "Identifier" ? callee.property.name : undefined;
}

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "no-top-level-arrow": noTopLevelArrow,
    "no-private-keyword": noPrivateKeyword,
    "no-enum": noEnum,
    "no-default-export": noDefaultExport,
    "no-export-star": noExportStar,
    "snake-case-file": snakeCaseFile,
    "error-message": errorMessage,
    "no-sleep-in-test": noSleepInTest,
  },
};

// deno-lint-ignore house/no-default-export -- the plugin interface of deno lint asks for it
export default plugin;
