/** Plays an animation from its sheet and atlas, as a game would. */

import { useEffect, useRef, useState } from "preact/hooks";
import { get, jobPath } from "../api.ts";
import { html, type Shown } from "../html.ts";
import { fitted, useImage } from "./image.ts";

/** The parts of an atlas that are used. */
export interface Atlas {
  readonly frames: Readonly<
    Record<
      string,
      {
        readonly frame: {
          readonly x: number;
          readonly y: number;
          readonly w: number;
          readonly h: number;
        };
        readonly duration?: number;
      }
    >
  >;
  readonly meta: { readonly frameTags?: readonly { readonly name: string }[] };
}

/** The atlas of a job, `undefined` until it is here, `null` if the job is no animation. */
export function useAtlas(id: string, hasSheet: boolean): Atlas | null | undefined {
  const [atlas, setAtlas] = useState<Atlas | null>();
  useEffect(() => {
    setAtlas(undefined);
    if (!hasSheet) return setAtlas(null);
    const stop = new AbortController();
    get<Atlas>(jobPath(id, "/atlas"), stop.signal)
      .then((found) => setAtlas((found.meta.frameTags?.length ?? 0) > 0 ? found : null))
      .catch(() => !stop.signal.aborted && setAtlas(null));
    return () => stop.abort();
  }, [id, hasSheet]);
  return atlas;
}

/** Properties of {@linkcode Animation}. */
export interface AnimationProps {
  /** The job. */
  readonly id: string;
  /** Its atlas. */
  readonly atlas: Atlas;
  /** What it shows. */
  readonly alt: string;
  /** Longest side of the box, in CSS pixels. */
  readonly box: number;
  /** Enlargement instead of the box. */
  readonly zoom?: number;
  /** Whether there are buttons. */
  readonly controls?: boolean;
}

/** An animation that plays, unless its reader wants less motion. */
export function Animation({ id, atlas, alt, box, zoom, controls = false }: AnimationProps): Shown {
  const { url } = useImage(jobPath(id, "/sheet"));
  const canvas = useRef<HTMLCanvasElement>(null);
  const [sheet, setSheet] = useState<HTMLImageElement>();
  const [frame, setFrame] = useState(0);
  const [isPlaying, setPlaying] = useState(!matchMedia("(prefers-reduced-motion)").matches);
  const frames = Object.values(atlas.frames);
  const shown = frames[frame % frames.length]!;
  const { x, y, w, h } = shown.frame;
  useEffect(() => {
    if (url === undefined) return;
    const image = new Image();
    image.onload = () => setSheet(image);
    image.src = url;
  }, [url]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (sheet === undefined || !context) return;
    context.clearRect(0, 0, w, h);
    context.drawImage(sheet, x, y, w, h, 0, 0, w, h);
  }, [sheet, frame, w, h]);
  useEffect(() => {
    if (!isPlaying) return;
    const next = () => setFrame((current) => (current + 1) % frames.length);
    const timer = setTimeout(next, shown.duration ?? 100);
    return () => clearTimeout(timer);
  }, [isPlaying, frame]);
  const of = (side: number) => zoom === undefined ? fitted(side, Math.max(w, h), box) : side * zoom;
  const step = (by: number) => {
    setPlaying(false);
    setFrame((frame + by + frames.length) % frames.length);
  };
  return html`
    <div class="animation">
      <canvas ref=${canvas} class="pixels" width=${w} height=${h} role="img" aria-label=${alt}
        data-frame=${frame} style=${{ width: `${of(w)}px`, height: `${of(h)}px` }}></canvas>
      ${controls && html`
        <div class="bar" role="group" aria-label="Animation">
          <button type="button" aria-label="Frame before" onClick=${() => step(-1)}>‹</button>
          <button type="button" onClick=${() => setPlaying(!isPlaying)}>${isPlaying
            ? "Pause"
            : "Play"}</button>
          <button type="button" aria-label="Next frame" onClick=${() => step(1)}>›</button>
          <span class="dim">frame ${frame % frames.length + 1} of ${frames.length}</span>
        </div>
      `}
    </div>
  `;
}
