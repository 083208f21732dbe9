/** Images, pixel by pixel: enlarged by whole numbers only, on a checkerboard where they are transparent. */

import { useEffect, useRef, useState } from "preact/hooks";
import { ask, storedToken, wordsOf } from "../api.ts";
import { html, type Shown } from "../html.ts";

/** What stands left and right of an image in a narrow window, in CSS pixels. */
const MARGIN_PX = 64;

/** An address for an image of the API; with a token the image is fetched first, as `<img>` sends none. */
export function useImage(path: string | undefined): { url?: string; error?: string } {
  const [image, setImage] = useState<{ path: string; url?: string; error?: string }>();
  useEffect(() => {
    if (path === undefined || storedToken() === "") return;
    const stop = new AbortController();
    let url: string | undefined;
    ask(path, { signal: stop.signal }).then((response) => response.blob()).then((blob) => {
      if (stop.signal.aborted) return;
      url = URL.createObjectURL(blob);
      setImage({ path, url });
    }).catch((error) => {
      if (!stop.signal.aborted) setImage({ path, error: wordsOf(error) });
    });
    return () => {
      stop.abort();
      if (url !== undefined) URL.revokeObjectURL(url);
    };
  }, [path]);
  if (path === undefined) return {};
  if (storedToken() === "") return { url: path };
  return image?.path === path ? image : {};
}

/** Length in CSS pixels of so many image pixels that fit into a box, each a whole number of the screen's. */
export function fitted(pixels: number, longest: number, box: number): number {
  const screen = box * devicePixelRatio;
  const zoom = longest <= screen ? Math.floor(screen / longest) : 1 / Math.ceil(longest / screen);
  return pixels * zoom / devicePixelRatio;
}

/** A box of this length, or as large as a narrow window lets it be. */
export function boxOf(pixels: number): number {
  return Math.min(pixels, innerWidth - MARGIN_PX);
}

/** Properties of {@linkcode PixelImage}. */
export interface PixelImageProps {
  /** Path in the API. */
  readonly path: string | undefined;
  /** What it shows, for those who do not see it. */
  readonly alt: string;
  /** Longest side of the box that it fits into, in CSS pixels. */
  readonly box: number;
  /** Enlargement instead of the box: CSS pixels per pixel. */
  readonly zoom?: number;
  /** What is said if it cannot be shown. @default {"no image", or why} */
  readonly missing?: string;
}

/** One image. */
export function PixelImage({ path, alt, box, zoom, missing }: PixelImageProps): Shown {
  const { url, error } = useImage(path);
  const [size, setSize] = useState<readonly [number, number]>();
  const [isBroken, setBroken] = useState(false);
  useEffect(() => setBroken(false), [url]);
  if (error !== undefined || isBroken) {
    return html`<span class="noimage" role="img" aria-label=${alt}>${
      missing ?? error ?? "no image"
    }</span>`;
  }
  if (url === undefined) return html`<span class="noimage" role="img" aria-label=${alt}></span>`;
  const style = size === undefined ? { maxWidth: `${box}px` } : sizeOf(size, box, zoom);
  return html`
    <img class="pixels" src=${url} alt=${alt} style=${style} loading="lazy"
      decoding="async"
      onLoad=${({ currentTarget: image }: { currentTarget: HTMLImageElement }) =>
        setSize([image.naturalWidth, image.naturalHeight])}
      onError=${() => setBroken(true)} />
  `;
}

function sizeOf(
  [width, height]: readonly [number, number],
  box: number,
  zoom: number | undefined,
): Record<string, string> {
  const longest = Math.max(width, height);
  const of = (side: number) => zoom === undefined ? fitted(side, longest, box) : side * zoom;
  return { width: `${of(width)}px`, height: `${of(height)}px` };
}

/** Zooms that can be chosen. */
const ZOOMS = [1, 2, 3, 4, 6, 8, 12, 16];

/** Buttons for the zoom; 0 is as large as fits. */
export function ZoomBar({ zoom, set }: { zoom: number; set: (zoom: number) => void }): Shown {
  const select = useRef<HTMLSelectElement>(null);
  return html`
    <label class="zoom">Zoom
      <select ref=${select} value=${zoom} onChange=${() => set(Number(select.current!.value))}>
        <option value="0">fit</option>
        ${ZOOMS.map((one) => html`<option value=${one}>${one}×</option>`)}
      </select>
    </label>
  `;
}
