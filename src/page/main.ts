/** The page: its frame, and the view that its address names. */

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { storedToken, storeToken, unauthorized } from "./api.ts";
import { html, type Shown } from "./html.ts";
import { goLive, useLive } from "./live.ts";
import { linkTo, usePlace } from "./route.ts";
import { ChartsView } from "./views/charts.ts";
import { CompareView } from "./views/compare.ts";
import { GalleryView } from "./views/gallery.ts";
import { JobView } from "./views/job.ts";
import { QueueView } from "./views/queue.ts";
import { ServersView } from "./views/servers.ts";
import { SubmitView } from "./views/submit.ts";

const VIEWS = [["queue", "Queue"], ["new", "New"], ["gallery", "Gallery"], ["compare", "Compare"], [
  "charts",
  "Charts",
], ["servers", "Servers"]] as const;

const THEMES = ["auto", "light", "dark"] as const;
const THEME_KEY = "dgx-pixels-theme";

function App(): Shown {
  const place = usePlace();
  const [refusal, setRefusal] = useState<string>();
  const [life, setLife] = useState(0);
  unauthorized.tell = setRefusal;
  useEffect(() => goLive(), [life]);
  useEffect(() => {
    const heading = document.querySelector("h1");
    document.title = `${heading?.textContent ?? "Token"} – dgx-pixels`;
    if (document.activeElement === document.body || document.activeElement?.closest("nav.views")) {
      heading?.focus();
    }
  }, [place.view, place.id]);
  const enter = (token: string) => {
    storeToken(token);
    setRefusal(undefined);
    setLife(life + 1);
  };
  return html`
    <a class="skip" href="#main" onClick=${skip}>To the content</a>
    <header>
      <a class="brand"
        href="#/queue"><img src="/page/icon.svg" alt="" width="24" height="24" />dgx-pixels</a>
      <nav class="views" aria-label="Views">
        ${VIEWS.map(([view, word]) =>
          html`<a href=${linkTo(view)} aria-current=${
            place.view === view ? "page" : undefined
          }>${word}</a>`
        )}
      </nav>
      <${Connection} />
      <${ThemeButton} />
    </header>
    <main id="main" tabindex="-1">
      ${refusal === undefined
        ? html`<${View} key=${`${place.view}/${place.id}/${life}`} place=${place} />`
        : html`<${TokenForm} detail=${refusal} enter=${enter} />`}
    </main>
  `;
}

function View({ place }: { place: ReturnType<typeof usePlace> }): Shown {
  switch (place.view) {
    case "queue":
      return html`<${QueueView} place=${place} />`;
    case "new":
      return html`<${SubmitView} place=${place} />`;
    case "gallery":
      return html`<${GalleryView} place=${place} />`;
    case "compare":
      return html`<${CompareView} place=${place} />`;
    case "charts":
      return html`<${ChartsView} />`;
    case "servers":
      return html`<${ServersView} />`;
    case "job":
      return html`<${JobView} id=${place.id} />`;
    default:
      return html`
        <h1 tabindex="-1">Nothing here</h1>
        <p><a href="#/queue">To the queue</a></p>
      `;
  }
}

function Connection(): Shown {
  const { isLive } = useLive();
  return html`<span class="connection ${isLive ? "live" : "lost"}" role="status">${
    isLive ? "live" : "connecting"
  }</span>`;
}

function ThemeButton(): Shown {
  const [theme, setTheme] = useState(localStorage.getItem(THEME_KEY) ?? "auto");
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    localStorage.setItem(THEME_KEY, theme);
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme as typeof THEMES[number]) + 1) % THEMES.length]!;
  return html`
    <button type="button" class="small" aria-label=${`Colours: ${theme}; change to ${next}`}
      onClick=${() => setTheme(next)}>${theme}</button>
  `;
}

function TokenForm({ detail, enter }: { detail: string; enter: (token: string) => void }): Shown {
  const submit = (event: Event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    enter(String(form.get("token") ?? "").trim());
  };
  const isWrong = storedToken() !== "";
  return html`
    <h1 tabindex="-1">Token</h1>
    <p role="alert" class=${isWrong ? "fault" : ""}>${isWrong
      ? detail
      : "This worker asks for a token. Its operator makes one with: cli token NAME"}</p>
    <form class="form" onSubmit=${submit}>
      <label class="wide">Token
        <input name="token" type="password" required autocomplete="off" /></label>
      <div class="wide bar"><button type="submit" class="main">Enter</button></div>
    </form>
  `;
}

/** The address names the view, so the link must not change it. */
function skip(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("main")?.focus();
}

document.querySelector("#app")!.replaceChildren();
render(html`<${App} />`, document.querySelector("#app")!);
