/** The image of a job, whatever its state: preview, result, animation, or why there is none. */

import { jobPath } from "../api.ts";
import { hasSheet, imageCount, jobName } from "../format.ts";
import { html, type Shown } from "../html.ts";
import type { Live } from "../live.ts";
import type { Job } from "../types.ts";
import { Animation, useAtlas } from "./animation.ts";
import { PixelImage } from "./image.ts";

/** Properties of {@linkcode JobImage}. */
export interface JobImageProps {
  /** The job. */
  readonly job: Job;
  /** What updates told of it. */
  readonly live: Live | undefined;
  /** Longest side of the box, in CSS pixels. */
  readonly box: number;
  /** Enlargement instead of the box. */
  readonly zoom?: number;
  /** Which of its images. @default {0} */
  readonly index?: number;
  /** Whether an animation has buttons. */
  readonly controls?: boolean;
}

/** Shows it. */
export function JobImage({ job, live, box, zoom, index = 0, controls }: JobImageProps): Shown {
  const { job_id: id, state } = job;
  const atlas = useAtlas(id, state === "completed" && index === 0 && hasSheet(job));
  const alt = jobName(job);
  const common = { alt, box, ...(zoom === undefined ? {} : { zoom }) };
  if (state === "completed" && imageCount(job) > 0) {
    if (atlas === undefined) {
      return html`<span class="noimage" role="img" aria-label=${alt}></span>`;
    }
    if (atlas !== null) {
      return html`<${Animation} id=${id} atlas=${atlas} controls=${controls} ...${common} />`;
    }
    return html`<${PixelImage} path=${jobPath(id, `/images/${index}`)} ...${common} />`;
  }
  if (state === "running") {
    const step = live?.previewStep;
    // Those of before the page was opened it has not heard of.
    const path = jobPath(id, step === undefined ? "/preview" : `/preview?step=${step}`);
    return html`
      <${PixelImage} path=${path} ...${common} alt=${`Preview: ${alt}`}
        missing="no preview yet" />
    `;
  }
  return html`<span class="noimage" role="img" aria-label=${alt}>${
    state === "queued" ? "waits" : state
  }</span>`;
}
