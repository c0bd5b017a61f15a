/* What its reader hears of, beside the name: drawn by the service, for only few have anything. */

import { complain, send } from "./page.js";

export const showHeard = (thread, fresh) => {
  const line = thread.view.querySelector(":scope > .who");
  const old = line && line.querySelector(".hear");
  if (!line || (old && fresh && old.dataset.state === fresh.dataset.state)) return;
  if (old && fresh && isInUse(thread, old)) {
    old.querySelector("summary").replaceChildren(...fresh.querySelector("summary").childNodes);
    old.dataset.state = ""; // the rest is drawn once it is left alone
    return;
  }
  if (old) old.remove();
  if (fresh) line.append(fresh);
};

const isInUse = (thread, old) => old.querySelector("[open]") || old.contains(thread.root.activeElement);

/* Follow or not, or list what there is, which counts as read then. */
export const hear = async (thread, link) => {
  const { act, value } = link.dataset;
  const fold = link.parentElement;
  if (!value && fold.open) fold.open = false;
  else {
    const { site, article, url } = thread;
    const body = { __proto__: null, site, article, url, follow: value === "1" };
    const call = await send(thread, "POST", `/embed/${act}`, body);
    if (call.status !== 200) return complain(thread, null, call);
    thread.view.querySelector(".hear").replaceWith(call.response.querySelector(".hear"));
    thread.view.querySelector(`[data-act=${act}]`).focus();
  }
};
