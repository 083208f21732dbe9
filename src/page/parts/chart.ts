/** A chart over time, drawn by uPlot. */

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { html, type Shown } from "../html.ts";

/** Properties of {@linkcode Chart}. */
export interface ChartProps {
  /** What it shows. */
  readonly title: string;
  /** Unit of the values, such as `s`. */
  readonly unit: string;
  /** Moments in Unix seconds, rising. */
  readonly times: readonly number[];
  /** Names and values of the lines, as long as `times`. */
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** How they are drawn. */
  readonly kind: "bars" | "points" | "steps";
  /** Beginning and end in Unix seconds. */
  readonly range: readonly [from: number, to: number];
  /** What it says, in words. */
  readonly summary: string;
}

const HEIGHT_PX = 180;

/** Draws it; its summary says the same in words. */
export function Chart(props: ChartProps): Shown {
  const { title, summary, times } = props;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null || times.length === 0) return;
    const plot = new uPlot(optionsOf(props, element), dataOf(props), element);
    const resized = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: HEIGHT_PX })
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [props.times, props.lines, document.documentElement.dataset["theme"]]);
  return html`
    <figure class="chart">
      <figcaption><strong>${title}</strong> <span class="dim">${summary}</span></figcaption>
      ${times.length === 0
        ? html`<p class="empty">Nothing yet.</p>`
        : html`<div ref=${place} class="plot" aria-hidden="true"></div>`}
    </figure>
  `;
}

function dataOf({ times, lines }: ChartProps): uPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])];
}

function optionsOf({ lines, unit, kind, range }: ChartProps, element: HTMLElement): uPlot.Options {
  const [text, line, ...colors] = ["--text", "--line", "--accent", "--second"].map((name) =>
    colorOf(element, name)
  );
  const axis = {
    stroke: text!,
    grid: { stroke: line!, width: 1 },
    ticks: { stroke: line!, width: 1 },
  };
  const { bars, stepped } = uPlot.paths;
  const paths = kind === "bars" ? bars?.({ size: [0.8, 40] }) : stepped?.({ align: 1 });
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    axes: [axis, {
      ...axis,
      size: 76,
      values: (_, ticks) => ticks.map((tick) => `${tick} ${unit}`),
    }],
    scales: {
      x: { range: [...range] },
      y: { range: (_, _min, max) => [0, Math.max(1, max * 1.1)] },
    },
    series: [
      {},
      ...lines.map(({ name }, index): uPlot.Series => ({
        label: name,
        stroke: colors[index]!,
        width: 2,
        value: (_, value) => value === null ? "–" : `${Math.round(value * 10) / 10} ${unit}`,
        ...(kind === "points"
          ? { paths: () => null, points: { show: true, size: 6, fill: colors[index]! } }
          : {
            ...(paths === undefined ? {} : { paths }),
            fill: `color-mix(in srgb, ${colors[index]!} 25%, transparent)`,
            points: { show: false },
          }),
      })),
    ],
  };
}

/** A color of the style sheet as the canvas understands it. */
function colorOf(element: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
