/** The files of the page, as texts that a compiled binary holds too. */

import { stripTypeScriptTypes } from "node:module";
import htm from "htm" with { type: "text" };
import preact from "preact" with { type: "text" };
import hooks from "preact/hooks" with { type: "text" };
import uplot from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import eventStream from "../../event_stream.ts" with { type: "text" };
import api from "../../page/api.ts" with { type: "text" };
import events from "../../page/events.ts" with { type: "text" };
import format from "../../page/format.ts" with { type: "text" };
import history from "../../page/history.ts" with { type: "text" };
import html from "../../page/html.ts" with { type: "text" };
import icon from "../../page/icon.svg" with { type: "text" };
import index from "../../page/index.html" with { type: "text" };
import live from "../../page/live.ts" with { type: "text" };
import main from "../../page/main.ts" with { type: "text" };
import animation from "../../page/parts/animation.ts" with { type: "text" };
import chart from "../../page/parts/chart.ts" with { type: "text" };
import choices from "../../page/parts/choices.ts" with { type: "text" };
import image from "../../page/parts/image.ts" with { type: "text" };
import jobImage from "../../page/parts/job_image.ts" with { type: "text" };
import pixel from "../../page/parts/pixel.ts" with { type: "text" };
import select from "../../page/parts/select.ts" with { type: "text" };
import state from "../../page/parts/state.ts" with { type: "text" };
import workers from "../../page/parts/workers.ts" with { type: "text" };
import route from "../../page/route.ts" with { type: "text" };
import style from "../../page/style.css" with { type: "text" };
import charts from "../../page/views/charts.ts" with { type: "text" };
import compare from "../../page/views/compare.ts" with { type: "text" };
import gallery from "../../page/views/gallery.ts" with { type: "text" };
import job from "../../page/views/job.ts" with { type: "text" };
import queue from "../../page/views/queue.ts" with { type: "text" };
import servers from "../../page/views/servers.ts" with { type: "text" };
import submit from "../../page/views/submit.ts" with { type: "text" };

/** A file as it is sent. */
export interface PageFile {
  /** Media type. */
  readonly type: string;
  /** Content. */
  readonly text: string;
}

/** Own modules by their paths below `/page/`. */
const MODULES: Readonly<Record<string, string>> = {
  "api.ts": api,
  "events.ts": events,
  "format.ts": format,
  "history.ts": history,
  "html.ts": html,
  "live.ts": live,
  "main.ts": main,
  "parts/animation.ts": animation,
  "parts/chart.ts": chart,
  "parts/choices.ts": choices,
  "parts/image.ts": image,
  "parts/job_image.ts": jobImage,
  "parts/pixel.ts": pixel,
  "parts/select.ts": select,
  "parts/state.ts": state,
  "parts/workers.ts": workers,
  "route.ts": route,
  "views/charts.ts": charts,
  "views/compare.ts": compare,
  "views/gallery.ts": gallery,
  "views/job.ts": job,
  "views/queue.ts": queue,
  "views/servers.ts": servers,
  "views/submit.ts": submit,
};

/** Packages by the names that modules import them by. */
const PACKAGES: Readonly<Record<string, readonly [file: string, text: string]>> = {
  htm: ["htm.js", htm],
  preact: ["preact.js", preact],
  "preact/hooks": ["hooks.js", hooks],
  // Its build for `<script>` is a third of its module's size.
  uplot: ["uplot.js", `${uplot}\nexport default uPlot;\n`],
};

const SCRIPT = "text/javascript; charset=utf-8";

/** Makes every file, by its path. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const files: [path: string, file: PageFile][] = [
    ["/", { type: "text/html; charset=utf-8", text: index }],
    ["/page/icon.svg", { type: "image/svg+xml", text: icon }],
    ["/page/style.css", { type: "text/css; charset=utf-8", text: style }],
    ["/page/uplot.css", { type: "text/css; charset=utf-8", text: uplotCss }],
  ];
  files.push(["/event_stream.ts", { type: SCRIPT, text: browserScript(eventStream) }]);
  for (const [path, text] of Object.entries(MODULES)) {
    files.push([`/page/${path}`, { type: SCRIPT, text: browserScript(text) }]);
  }
  for (const [file, text] of Object.values(PACKAGES)) {
    files.push([`/page/${file}`, { type: SCRIPT, text: withPaths(text) }]);
  }
  return new Map(files);
}

/** Types become spaces, which are cut at the ends of lines, and so are comments that stand alone. */
function browserScript(text: string): string {
  return withPaths(stripTypeScriptTypes(text))
    .replace(/^[ \t]*\/\*\*(?:(?!\*\/)[\s\S])*\*\/[ \t]*$/gm, "")
    .replace(/^[ \t]*\/\/.*$/gm, "")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{2,}/g, "\n");
}

/** Browsers know packages by their addresses only. */
function withPaths(text: string): string {
  return text.replace(/\bfrom\s*"([\w/]+)"/g, (whole, name: string) => {
    const found = Object.hasOwn(PACKAGES, name) ? PACKAGES[name] : undefined;
    return found === undefined ? whole : `from"/page/${found[0]}"`;
  });
}
