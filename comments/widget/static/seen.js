/* What others published since its reader was last here: the way through it, and when it is seen. */

import { button, counted, find, made, rootsOf, send } from "./page.js";

const MOMENT = 1500;

const threads = new WeakMap();

const eye = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const thread = threads.get(target);
    clearTimeout(thread.seeing);
    if (isIntersecting) thread.seeing = setTimeout(() => seen(thread), MOMENT);
  }
}, { rootMargin: "-48px 0px" });

/* Begin to look, or look again, whether somebody sees the comments. */
export const watch = (thread) => {
  const roots = rootsOf(thread.view);
  if (thread.watched) eye.unobserve(thread.watched);
  threads.set(roots, thread);
  thread.watched = roots;
  eye.observe(roots);
};

/* What waits behind "3 new comments" is not seen yet; what has been told once is not told again. */
const seen = (thread) => {
  const { me, site, article, url } = thread;
  if (!me || !me.upto || document.hidden || thread.view.querySelector(":scope > .fresh")) return;
  const { upto } = me;
  me.upto = null;
  send(thread, "POST", "/embed/seen", { site, article, url, upto }).catch(() => {});
};

/* What was unread stays marked until the page is left, though it counts as seen from now on. */
export const note = (thread) => {
  const { me } = thread;
  if (!me) thread.unread = null;
  else for (const id of me.unread) (thread.unread ||= new Set()).add(id);
};

export const offerUnread = (thread) => {
  const { unread, view, me, words } = thread;
  const old = view.querySelector(":scope > .unread");
  if (!unread || !unread.size) return old && old.remove();
  const number = me.more ? words.manyUnread : counted(thread, words.unread, unread.size);
  if (old) old.firstChild.textContent = number;
  else {
    const bar = made("p", "", { className: "unread" });
    bar.append(made("span", number), button(words.next, "next"));
    rootsOf(view).before(bar);
  }
};

/* To the next one down the page, then to those that it lacks, then from the top again. */
export const goOn = async (thread, fetch) => {
  const { unread } = thread;
  const visited = (thread.visited ||= new Set());
  const id = pick(thread, visited);
  visited.add(id);
  const there = find(thread, id);
  if (there) thread.mark(thread, there);
  else await fetch(thread, id);
  for (const old of thread.root.querySelectorAll(".acts > [data-act=next]")) old.remove();
  const comment = find(thread, id);
  if (!comment) {
    unread.delete(id);
    offerUnread(thread);
  } else if (unread.size > 1) {
    const next = button(thread.words.next, "next", { className: "plain" });
    next.dataset.mine = "";
    comment.querySelector(".acts").append(next);
  }
};

const pick = (thread, visited) => {
  const left = new Set(thread.unread);
  for (const id of visited) left.delete(id);
  if (!left.size) {
    visited.clear();
    return pick(thread, visited);
  }
  const here = thread.root.querySelector(".at");
  let first = "";
  for (const comment of thread.root.querySelectorAll(".comment")) {
    const { comment: id } = comment.dataset;
    if (!left.has(id)) continue;
    if (!here || here.compareDocumentPosition(comment) & Node.DOCUMENT_POSITION_FOLLOWING) return id;
    first ||= id;
    left.delete(id);
  }
  for (const id of left) return id;
  return first;
};
