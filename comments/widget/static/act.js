/* What people do in a thread beyond reading its first page. embed.js loads this when it is first
   needed, and hands over the thread: its slot, its shadow root, and what it shows. */

import { hear, showHeard } from "./hearing.js";
import { entryOf, keepToken, takeReturn, tokenOf } from "./kept.js";
import {
  announce, below, button, commentOf, complain, counted, dressOwn, find, foldOf, headingOf, idOf, made,
  pageOf, rootsOf, send, tell,
} from "./page.js";
import { goOn, note, offerUnread, watch } from "./seen.js";
import style from "./style.js";
import { arrive, signIn, signOut } from "./signing.js";
import { enter, forgetEntered, isVouched } from "./vouching.js";
import { answer, graft, leave, offer, passMore, renew, review, takeFresh } from "./weaving.js";
import { focusIn, label, reopen, unfold } from "./writing.js";

export { arrive };

const sheet = new CSSStyleSheet();
sheet.replaceSync(style);

let onPage = new Map();

const onSite = (site, act) => onPage.forEach((thread) => {
  if (thread.site === site && thread.words) act(thread);
});

const meet = (thread) => {
  onPage = thread.threads;
  const sheets = thread.root.adoptedStyleSheets;
  if (sheets.length === 1) thread.root.adoptedStyleSheets = [sheets[0], sheet];
  thread.identify = (other) => {
    const all = new Set();
    onSite(other.site, (each) => all.add(identify(each)));
    return Promise.all(all);
  };
  thread.forget = (other) => onSite(other.site, forget);
};

/* Who reads, what only they see, and what they had begun to write. */
export const identify = async (thread, isRenewed) => {
  meet(thread);
  if (isVouched(thread)) await enter(thread);
  const token = tokenOf(thread.site);
  const call = token && await send(thread, "GET", thread.path().replace("/thread?", "/me?")).catch(() => null);
  if (token !== tokenOf(thread.site)) return; // signed in or out meanwhile, which looks by itself
  if (call && call.status === 401) {
    keepToken(thread.site, "");
    const isNew = isVouched(thread) && !isRenewed && await enter(thread, true);
    if (isNew) return onSite(thread.site, (each) => identify(each, true));
    onSite(thread.site, forget);
  } else if (call && call.status === 200) recognise(thread, call.response.querySelector("[data-me]"));
  else if (!call) forget(thread);
  reopen(thread);
  return comeBack(thread);
};

/* The page says that its reader came, went, or is another one. */
export const hand = (threads) => {
  forgetEntered();
  threads.forEach((thread) => thread.words && identify(thread));
};

const recognise = (thread, mine) => {
  thread.me = JSON.parse(mine.querySelector("script").textContent);
  note(thread);
  showOwn(thread, mine.querySelector("ol"));
  for (const comment of thread.root.querySelectorAll(".comment")) dressOwn(thread, comment);
  showWho(thread);
  // What everybody reads, stands there already.
  if (thread.me.lacks.length) tell(thread, null, thread.me.lacks);
  showHeard(thread, mine.querySelector(".hear"));
  offerUnread(thread);
  watch(thread);
};

const forget = (thread) => {
  thread.me = null;
  note(thread);
  for (const item of thread.root.querySelectorAll("li[data-own]")) leave(thread, item);
  for (const comment of thread.root.querySelectorAll(".comment")) dressOwn(thread, comment);
  showWho(thread);
  offerUnread(thread);
};

const showWho = (thread) => {
  const line = thread.view.querySelector(":scope > .who");
  const { signedIn, signOut: out, comeIn } = thread.words;
  const who = thread.me ? thread.me.name : "";
  thread.view.toggleAttribute("data-lacks", Boolean(thread.me && thread.me.lacks));
  // Left alone where it is right: somebody may be on its button.
  if (line && line.dataset.name !== who) {
    const [before, after] = signedIn.split("{name}");
    const name = document.createElement("span");
    name.append(before, made("bdi", who), after);
    // Whom the page signed in, it would sign in again.
    const leave = entryOf(thread.site) ? "" : button(out, "signOut", { className: "plain" });
    line.replaceChildren(...who ? [name, leave] : [button(comeIn, "signIn", { className: "plain" })]);
    line.dataset.name = who;
  }
  for (const form of thread.root.querySelectorAll("form[data-place]")) label(thread, form);
};

/* One's own comments that wait or were not published, each where it belongs. */
const showOwn = (thread, list) => {
  const ids = new Set();
  for (const item of [...list.children]) {
    const [id, parent] = [idOf(item), commentOf(item).dataset.parent];
    const there = find(thread, id);
    const above = parent && find(thread, parent);
    ids.add(id);
    if (there) renew(thread, there, commentOf(item));
    else {
      thread.dress(item, thread.view.lang);
      if (above) below(thread, above.closest("li")).append(item);
      else rootsOf(thread.view).prepend(item);
    }
    find(thread, id).closest("li").dataset.own = "";
  }
  for (const item of thread.root.querySelectorAll("li[data-own]")) {
    if (!ids.has(idOf(item))) leave(thread, item);
  }
};

/* Back from signing in on our pages: to the form that was left. */
const comeBack = (thread) => {
  const back = takeReturn(({ site, article }) => site === thread.site && article === thread.article);
  if (!back) return;
  const [kind, id] = back.place.split(":");
  const comment = id ? find(thread, id) : null;
  const form = kind && (!id || comment) ? unfold(thread, kind, comment) : null;
  thread.view.scrollIntoView({ block: "nearest" });
  if (form) focusIn(form);
  else headingOf(thread).focus();
};

/* What changed since the thread was drawn: edits and removals now, new comments when asked for. */
export const changed = async (thread, view) => {
  meet(thread);
  headingOf(thread).replaceChildren(...view.querySelector("h2").childNodes);
  openOrClose(thread, view);
  const replies = answer(thread, view);
  let number = review(thread, rootsOf(view), rootsOf(thread.view), {});
  const views = new Set([view]);
  for (const after of thread.pages || []) {
    const page = await pageOf(thread, { after });
    number += review(thread, rootsOf(page), rootsOf(thread.view), { isPart: true });
    views.add(page);
  }
  thread.view.dataset.version = view.dataset.version;
  offer(thread, views, number);
  if (replies && !number) announce(thread, counted(thread, thread.words.replies, replies));
  if (tokenOf(thread.site)) await identify(thread);
};

const offerOrders = (thread, view) => {
  const orders = view.querySelector(".orders");
  if (orders && !thread.view.querySelector(".orders")) headingOf(thread).after(orders.cloneNode(true));
};

const startOf = (view) => view.querySelector(":scope > .start, :scope > .state");

const openOrClose = (thread, view) => {
  const isOpen = view.dataset.open;
  if (isOpen === thread.view.dataset.open) return;
  thread.view.dataset.open = isOpen;
  const [old, fresh] = [startOf(thread.view), startOf(view)];
  if (fresh) rootsOf(thread.view).before(fresh.cloneNode(true));
  if (old) old.remove();
};

/* The comment of a link that is not on the page, with what is above and below it. */
export const fetchLinked = async (thread, id) => {
  try {
    const view = await pageOf(thread, { comment: id });
    graft(thread, rootsOf(view), rootsOf(thread.view));
    const root = find(thread, id).closest(".roots > li");
    root.dataset.linked = "";
    if (foldOf(root)) passMore(view, foldOf(root));
    thread.mark(thread, find(thread, id));
  } catch {
    if (thread.threads.size === 1) announce(thread, thread.words.lost);
  }
};

const order = async (thread, link) => {
  const before = thread.sort;
  thread.sort = link.dataset.sort;
  const call = await thread.ask(thread.path(), "document").catch(() => null);
  if (!call) {
    thread.sort = before;
    return announce(thread, thread.words.failed);
  }
  thread.pages = null;
  thread.show(thread, call);
  return thread.view.querySelector(".orders [aria-current]").focus();
};

const more = async (thread, link) => {
  const { after } = link.dataset;
  const place = link.parentElement;
  const fold = place.closest(".below");
  place.setAttribute("aria-busy", "true");
  const view = await pageOf(thread, { after }).catch(() => null);
  place.removeAttribute("aria-busy");
  if (!view) return announce(thread, thread.words.failed);
  const added = graft(thread, rootsOf(view), rootsOf(thread.view), true);
  if (fold) passMore(view, fold);
  else passMore(view, thread.view);
  (thread.pages ||= new Set()).add(after);
  const [first] = added;
  return (first || headingOf(thread)).focus();
};

/* What little room left out at first. */
const goOnHere = (thread, link) => {
  const fold = link.closest(".far");
  fold.classList.add("all");
  fold.querySelector(".comment").focus();
};

const fresh = (thread, link) => {
  const item = link.closest("li");
  for (const old of thread.root.querySelectorAll(".at")) old.classList.remove("at");
  thread.fresh.forEach((view) => offerOrders(thread, view));
  takeFresh(thread).forEach((comment) => {
    const fold = comment.closest(".far");
    comment.classList.add("at");
    if (fold) fold.classList.add("all");
  });
  const first = (item && item.querySelector(".at")) || thread.root.querySelector(".at");
  (first || headingOf(thread)).focus({ preventScroll: !first });
  watch(thread);
};

const commentAt = (link) => link.closest(".comment");

const hashTo = (link) => history.replaceState(history.state, "", `#${commentAt(link).id}`);

const go = (thread, link) => {
  hashTo(link);
  thread.mark(thread, commentAt(link));
};

const copy = async (thread, link) => {
  hashTo(link);
  const address = `${(thread.url || location.href).split("#")[0]}#${commentAt(link).id}`;
  if (!await isCopied(thread, link, address, thread.words.linked)) return offerToCopy(thread, link, address);
  setTimeout(() => link.toggleAttribute("data-copied", false), 2000);
};

/* Where there is no https, or the page forbids it, nobody may write to the clipboard. */
const isCopied = async (thread, link, text, said) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    return false;
  }
  link.toggleAttribute("data-copied", true);
  announce(thread, said);
  return true;
};

const offerToCopy = (thread, link, value) => {
  const line = made("label", "", { className: "box" });
  const field = made("input", "", { className: "line", dir: "ltr", readOnly: true, value, onblur: () => line.remove() });
  line.dataset.mine = "";
  line.append(made("span", thread.words.byHand, { className: "label" }), field);
  link.parentElement.after(line);
  field.focus();
  field.select();
};

/* The same vote again takes it back. */
const vote = async (thread, link) => {
  const comment = commentAt(link);
  const { comment: id } = comment.dataset;
  const value = link.hasAttribute("aria-current") ? 0 : Number(link.dataset.value);
  if (!thread.me) {
    if (!await signIn(thread, null)) return;
    await identify(thread);
  }
  const call = await send(thread, "PUT", `/api/v1/comments/${id}/vote`, { value });
  if (call.status !== 200) return complain(thread, null, call);
  const said = call.response.querySelector("[data-vote]").dataset;
  thread.me.votes[id] = Number(said.vote);
  const now = find(thread, id);
  for (const each of now.querySelectorAll(".vote")) {
    each.querySelector("[data-votes]").textContent = each.dataset.value === "1" ? said.ups : said.downs;
  }
  dressOwn(thread, now);
};

const unfolding = (kind) => (thread, link) => focusIn(unfold(thread, kind, commentAt(link)));

const ACTS = {
  order,
  more,
  fresh,
  on: goOnHere,
  next: (thread) => goOn(thread, fetchLinked),
  go,
  link: copy,
  vote,
  keep: async (thread, link) => {
    const field = link.parentElement.querySelector("input");
    if (await isCopied(thread, link, field.value, link.dataset.said)) return;
    link.replaceWith(made("p", thread.words.byHand));
    announce(thread, thread.words.byHand);
    field.focus();
    field.select();
  },
  follow: hear,
  heard: hear,
  write: unfolding("write"),
  reply: unfolding("reply"),
  edit: unfolding("edit"),
  delete: unfolding("delete"),
  report: unfolding("report"),
  signIn: async (thread) => {
    if (!await signIn(thread, null)) return;
    thread.identify(thread);
    headingOf(thread).focus({ preventScroll: true });
  },
  signOut: async (thread) => {
    const ended = signOut(thread);
    thread.forget(thread);
    thread.view.querySelector(":scope > .who button").focus();
    await ended;
  },
};

export const does = (thread, link) => {
  meet(thread);
  const act = ACTS[link.dataset.act];
  if (act) Promise.resolve(act(thread, link)).catch(() => announce(thread, thread.words.failed));
};

document.addEventListener("visibilitychange", () => onPage.forEach((thread) => {
  if (thread.me) watch(thread);
}));

/* Signed in or out in another tab. */
addEventListener("storage", ({ key }) => onPage.forEach((thread) => {
  const isOurs = key === `comments:${thread.site}` && thread.words;
  if (isOurs && Boolean(tokenOf(thread.site)) !== Boolean(thread.me)) identify(thread);
}));
