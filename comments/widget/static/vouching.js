/* A page whose own readers are signed in on it already: it hands over a token of its own, which
   becomes one of ours, and another one when that has ended. No window is opened and no form seen. */

import { entryOf, keepToken, tokenOf } from "./kept.js";
import { told } from "./page.js";

const HOUR = 3600000; // after which what the page says of its reader is asked for again
const TRIES = 3;
const AWHILE = 5; // seconds, at most, until a key that is being fetched is asked for again

const entered = new Map();
const spent = new Set();

export const isVouched = ({ slot }) => slot.hasAttribute("data-token") || slot.hasAttribute("token")
  || Boolean(window.commentsConfig);

/* Whether the page has signed its reader in; asked once, and `again` when ours has ended. */
export const enter = (thread, again) => {
  const known = entered.get(thread.site);
  if (known && (known.isUnderWay || !again)) return known.done;
  const now = { __proto__: null, isUnderWay: true };
  now.done = come(thread, again).catch((error) => {
    console.error("The page could not hand over a token for the comments.", error);
    return false;
  }).finally(() => { now.isUnderWay = false; });
  entered.set(thread.site, now);
  return now.done;
};

/* The page says that its reader is another one now, or has gone. */
export const forgetEntered = () => entered.clear();

const come = async (thread, again) => {
  const { site } = thread;
  const there = standing(thread);
  if (!again && holds(site, there)) return true;
  let token = await handed(thread, there);
  const entry = entryOf(site);
  // What somebody else got on this page is not this reader's, also where theirs is refused.
  const isGone = token || there ? entry && entry.sub !== subjectOf(token || there) : entry && !again;
  if (isGone) keepToken(site, "");
  if (!again && holds(site, token)) return true;
  for (let tries = 0; token && tries < TRIES; tries += 1) {
    spent.add(token);
    const call = await told(thread.home, "/api/v1/sessions/sso", { __proto__: null, site, token });
    const { status, response } = call;
    if (status === 200) {
      keepToken(site, response.token, { sub: subjectOf(token), at: Date.now() });
      return true;
    }
    if (status === 503) await later(Number(call.getResponseHeader("Retry-After")));
    else {
      console.error(`Comments of site "${site}": the page's token was refused.`, response && response.detail);
      if (status !== 401) return false;
      token = await handed(thread, there);
      if (spent.has(token)) return false;
    }
  }
  return false;
};

/* Whether what we have is of the same reader, and the page was asked for them lately. */
const holds = (site, token) => {
  const entry = entryOf(site);
  return Boolean(token && entry && tokenOf(site)) && entry.sub === subjectOf(token) && Date.now() - entry.at < HOUR;
};

const configured = () => ({ __proto__: null, ...window.commentsConfig }).token;

/* The token that stands on the page, if one does. */
const standing = ({ slot }) => {
  const there = slot.getAttribute("data-token") || slot.getAttribute("token") || configured();
  return typeof there === "string" ? there : "";
};

/* From the page's function; or what stands there, once; or what it gives when it is told. */
const handed = async ({ slot, site }, there) => {
  const ask = configured();
  if (typeof ask === "function") return (await ask({ site })) || "";
  if (there && !spent.has(there)) return there;
  let fresh = "";
  const detail = { __proto__: null, site, give: (it) => { fresh = it; } };
  slot.dispatchEvent(new CustomEvent("comments:token-needed", {
    __proto__: null, bubbles: true, composed: true, detail,
  }));
  return (await fresh) || "";
};

const later = (seconds) => new Promise((done) => {
  setTimeout(done, 1000 * Math.min(seconds + 2 || AWHILE, AWHILE));
});

const subjectOf = (token) => {
  try {
    return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub;
  } catch {
    return "";
  }
};
