/* What is kept in this browser, in one entry for each site: the token, and what was typed. */

/* Objects without a prototype, since pages may have put anything on that. */
const plain = (object) => ({ __proto__: null, ...object });

const memory = new Map();

const nameOf = (site) => `comments:${site}`;

const read = (site) => {
  try {
    return plain(JSON.parse(localStorage.getItem(nameOf(site))));
  } catch {
    return plain(memory.get(site));
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

export const tokenOf = (site) => read(site).token || "";

/* As whom the page itself signed its reader in, and when; nothing for those who did so here. */
export const entryOf = (site) => read(site).entry;

export const keepToken = (site, token, entry) => keep(site, (kept) => {
  delete kept.token;
  delete kept.entry;
  if (token) kept.token = token;
  if (entry) kept.entry = entry;
});

/* Drafts by place: "write", "reply:12" or "edit:12". */
const keyOf = (article, place) => `${article}\n${place}`;

export const draftOf = (thread, place) => plain(read(thread.site).drafts)[keyOf(thread.article, place)];

export const placesOf = (thread) => {
  const places = new Set();
  for (const key of Object.keys(plain(read(thread.site).drafts))) {
    const start = keyOf(thread.article, "");
    if (key.startsWith(start)) places.add(key.slice(start.length));
  }
  return places;
};

export const keepDraft = (thread, place, draft) => keep(thread.site, (kept) => {
  const drafts = plain(kept.drafts);
  if (draft) drafts[keyOf(thread.article, place)] = draft;
  else delete drafts[keyOf(thread.article, place)];
  if (Object.keys(drafts).length) kept.drafts = drafts;
  else delete kept.drafts;
});

/* What the page needs when its reader comes back from signing in on ours; for this tab alone. */
const RETURN = "comments:return";

export const keepReturn = (back) => sessionStorage.setItem(RETURN, JSON.stringify(back));

export const takeReturn = (isWanted) => {
  try {
    const back = JSON.parse(sessionStorage.getItem(RETURN));
    if (!back || !isWanted(back)) return null;
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
