/* What is kept in this browser, in one entry for each site: the token, and what was typed. */

const memory = new Map();

const nameOf = (site) => `comments:${site}`;

const read = (site) => {
  try {
    return JSON.parse(localStorage.getItem(nameOf(site))) || {};
  } catch {
    return memory.get(site) || {};
  }
};

const keep = (site, change) => {
  const kept = read(site);
  change(kept);
  memory.set(site, kept);
  try {
    if (kept.token || kept.drafts) localStorage.setItem(nameOf(site), JSON.stringify(kept));
    else localStorage.removeItem(nameOf(site));
  } catch {
    // The browser forbids it: the page remembers until it is left.
  }
};

const isEmpty = (object) => Object.keys(object).length === 0;

export const tokenOf = (site) => read(site).token || "";

export const keepToken = (site, token) => keep(site, (kept) => {
  if (token) kept.token = token;
  else delete kept.token;
});

/* Drafts by place: "write", "reply:12" or "edit:12". */
export const draftsOf = (site, article) => (read(site).drafts || {})[article] || {};

export const keepDraft = (site, article, place, draft) => keep(site, (kept) => {
  const drafts = kept.drafts || {};
  const here = drafts[article] || {};
  if (draft) here[place] = draft;
  else delete here[place];
  drafts[article] = here;
  if (isEmpty(here)) delete drafts[article];
  kept.drafts = drafts;
  if (isEmpty(drafts)) delete kept.drafts;
});

/* What the page needs when its reader comes back from signing in on ours; for this tab alone. */
const RETURN = "comments:return";

export const keepReturn = (back) => sessionStorage.setItem(RETURN, JSON.stringify(back));

export const takeReturn = () => {
  try {
    const back = JSON.parse(sessionStorage.getItem(RETURN));
    sessionStorage.removeItem(RETURN);
    return back;
  } catch {
    return null;
  }
};

export const base64 = (bytes) => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
};

export const random = () => base64(crypto.getRandomValues(new Uint8Array(32)));
