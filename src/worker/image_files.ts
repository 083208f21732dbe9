/** The files of jobs: which there are, where they are kept, and how they go. */

import { JobError, messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { CopyNotes, Job, JobResult, LeftCopies } from "../queue/mod.ts";
import { type ImageFile, type ImageStore, nameOf, openLocal } from "../store/mod.ts";
import type { KeptImages } from "./attempt.ts";

/** Endings of what lies beside a sheet. */
const BESIDE_SHEET = [".json", ".tsj", ".tres"];

/** All files that a job may have made: what lies beside a sheet is not told of. */
export function filesOf({ imagePaths, animationPaths = [] }: JobResult): string[] {
  const beside = imagePaths.filter((path) => path.endsWith("_sheet.png")).flatMap((path) => {
    const stem = path.slice(0, -".png".length);
    return BESIDE_SHEET.map((ending) => `${stem}${ending}`);
  });
  return [...imagePaths, ...animationPaths, ...beside];
}

/**
 * Keeps all files of a run in a folder of its prompt's: a run that is taken up again finds the same. They are noted before,
 * so that a crash leaves none that nobody knows of.
 */
export function keepIn(store: ImageStore, notes: CopyNotes): KeptImages {
  return {
    async store(result, lease, signal) {
      const files = filesOf(result);
      const told = new Set([...result.imagePaths, ...result.animationPaths ?? []]);
      const isThere = await Promise.all(
        files.map(async (path) =>
          told.has(path) || await Deno.stat(path).then(() => true, () => false)
        ),
      );
      const paths = files.filter((_, index) => isThere[index]);
      if (!await notes.note(lease, paths.map(nameOf))) {
        throw new JobError("storage", "Nothing is stored: the lease was lost");
      }
      return await store.put(lease.promptId, paths, signal);
    },
    async leave(result, lease) {
      const files = filesOf(result).map(nameOf);
      if (!await notes.noteLate(lease, files)) await store.discard(lease.promptId, files);
    },
    keep: ({ promptId }) => notes.forget([promptId]),
    async discard(result, { promptId }) {
      await store.discard(promptId, filesOf(result));
      await notes.forget([promptId]);
    },
  };
}

/** Runs whose files are looked for at once. */
const PAGE = 100;

/** Runs whose files are taken away a second time. */
const MOST_AGAIN = 1_000;

/**
 * Creates what takes away the files that workers had stored when they died, of jobs that have not completed by them.
 * What cannot be taken away is tried again by the next call, and what could is looked for once more: a store may still
 * have been at work on what it was sent.
 */
export function takeAwayLeft(
  store: Pick<ImageStore, "discard">,
  notes: CopyNotes,
): () => Promise<void> {
  let before: Pick<LeftCopies, "promptId" | "files">[] = [];
  return async () => {
    for (const { promptId, files } of before) await store.discard(promptId, files);
    before = [];
    for (let more = true; more;) {
      const left = await notes.left(PAGE);
      for (const { promptId, files, areWanted } of left) {
        if (!areWanted) await store.discard(promptId, files);
        await notes.forget([promptId]);
        if (!areWanted && before.length < MOST_AGAIN) before.push({ promptId, files });
      }
      more = left.length === PAGE;
    }
  };
}

/** Opens a file by its path, its place in a store if it has one, and the name of the worker that made it if that is known. */
export type OpenFile = (
  path: string,
  url: string | undefined,
  worker: string | undefined,
) => Promise<ImageFile | undefined>;

/**
 * Opens files of jobs: those on this disk, others from the store. Where another worker ran the job, the store goes first:
 * what has the same path here may be of an older job of that id.
 */
export function openFrom(
  outputDir: string,
  store: ImageStore | undefined,
  ownName: string,
): OpenFile {
  return async (path, url, worker = ownName) => {
    const fromStore = () => url === undefined ? undefined : store?.open(url);
    const here = () => openLocal(outputDir, path);
    const [first, second] = worker === ownName ? [here, fromStore] : [fromStore, here];
    return await first() ?? await second();
  };
}

/** Removes the files of jobs from the store; what cannot be removed stays, and is logged. */
export async function removeStored(
  store: Pick<ImageStore, "remove">,
  jobs: readonly Job[],
  logger: Logger,
): Promise<void> {
  for (const { id, outcome } of jobs) {
    if (outcome?.type !== "completed" || outcome.result.storedAt === undefined) continue;
    const { storedAt } = outcome.result;
    for (const path of filesOf(outcome.result)) {
      try {
        await store.remove(`${storedAt}/${nameOf(path)}`);
      } catch (error) {
        const why = `Cannot delete a stored image of an old job: ${messageOf(error)}`;
        logger.log("warn", why, { jobId: id });
        break;
      }
    }
  }
}
