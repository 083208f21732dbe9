/** Which view is shown: the part of the address behind `#`. */

import { useEffect, useState } from "preact/hooks";

/** A place in the page. */
export interface Place {
  /** Name of the view. */
  readonly view: string;
  /** What stands behind it, such as the id of a job. */
  readonly id: string;
  /** Settings of the view. */
  readonly query: URLSearchParams;
}

/** The place, drawn again when it changes. */
export function usePlace(): Place {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const change = () => setHash(location.hash);
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return placeOf(hash);
}

/** Goes somewhere. */
export function go(link: string): void {
  location.hash = link;
}

/** The link of a place. */
export function linkTo(view: string, id = "", query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `#/${view}${id === "" ? "" : `/${encodeURIComponent(id)}`}${
    search === "" ? "" : `?${search}`
  }`;
}

/** The link of a comparison; an id may hold a comma. */
export function linkToJobs(ids: readonly string[]): string {
  return linkTo("compare", "", { jobs: ids.map(encodeURIComponent).join(",") });
}

/** The ids in such a link. */
export function idsIn(query: URLSearchParams): string[] {
  return (query.get("jobs") ?? "").split(",").filter((id) => id !== "").map(decode);
}

function placeOf(hash: string): Place {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view = "", id = ""] = path.split("/");
  return { view: view || "queue", id: decode(id), query: new URLSearchParams(search) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
