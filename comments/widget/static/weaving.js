/* Comments that come into the page, and what changed about those that are there. */

import {
  announce, below, button, commentOf, counted, dressOwn, find, foldOf, headingOf, idOf, listOf, moreOf,
  rootsOf,
} from "./page.js";

/* Put what is not there yet where it belongs; what is there stays. The answer is what was added. */
export const graft = (thread, from, into, atEnd) => {
  const added = new Set();
  let last = null;
  for (const item of [...from.children]) {
    const there = find(thread, idOf(item));
    if (there) {
      const mine = there.closest("li");
      renew(thread, there, commentOf(item));
      if (foldOf(item)) graftBelow(thread, item, mine).forEach((comment) => added.add(comment));
      if (mine.parentElement === into) last = mine;
      continue;
    }
    if (last) last.after(item);
    else if (atEnd) into.append(item);
    else into.prepend(item);
    last = item;
    for (const comment of item.querySelectorAll(".comment")) added.add(comment);
    thread.dress(item, thread.view.lang);
  }
  added.forEach((comment) => dressOwn(thread, comment));
  return added;
};

const graftBelow = (thread, item, mine) => {
  if (foldOf(mine)) return graft(thread, listOf(item), listOf(mine), true);
  const fold = foldOf(item);
  mine.append(fold);
  thread.dress(fold, thread.view.lang);
  return new Set(fold.querySelectorAll(".comment"));
};

/* Draw a comment anew if it changed; not while its author is editing it. */
export const renew = (thread, old, fresh) => {
  if (old.querySelector("form") || bare(old) === bare(fresh)) return;
  const comment = fresh.cloneNode(true);
  const isFocused = old.contains(thread.root.activeElement);
  thread.dress(comment, thread.view.lang);
  old.replaceWith(comment);
  dressOwn(thread, comment);
  if (isFocused) comment.focus({ preventScroll: true });
};

/* A comment without what this page added: ages, marks, links of one's own. */
const bare = (comment) => {
  const copy = comment.cloneNode(true);
  for (const extra of copy.querySelectorAll("[data-mine]")) extra.remove();
  for (const link of copy.querySelectorAll("[hidden]")) link.removeAttribute("hidden");
  for (const link of copy.querySelectorAll(".vote")) link.removeAttribute("aria-current");
  for (const time of copy.querySelectorAll("time")) {
    time.textContent = "";
    time.removeAttribute("title");
  }
  copy.classList.remove("at");
  return copy.outerHTML;
};

/* Edits and removals at once; the answer is the number of comments that are new. A part of a list
   (`isPart`) says nothing about what stands before or after it, a list that is `isCut` nothing
   about what stands after. */
export const review = (thread, from, into, { isPart = false, isCut = false }) => {
  let fresh = 0;
  let first = null;
  let last = null;
  for (const item of from.children) {
    const there = find(thread, idOf(item));
    if (!there) {
      fresh += countOf(item);
      continue;
    }
    const mine = there.closest("li");
    delete mine.dataset.own;
    renew(thread, there, commentOf(item));
    if (mine.parentElement === into) {
      first ||= mine;
      last = mine;
    }
    fresh += reviewBelow(thread, item, mine, { isPart, isCut });
  }
  const isWhole = !isPart && !isCut && !moreOf(from);
  if (last || isWhole) drop(thread, from, { into, first: isPart && first, last: !isWhole && last });
  return fresh;
};

const reviewBelow = (thread, item, mine, part) => {
  const [fresh, old] = [foldOf(item), foldOf(mine)];
  if (fresh && old) {
    old.querySelector("summary").replaceWith(fresh.querySelector("summary").cloneNode(true));
    const isCut = part.isCut || Boolean(moreOf(listOf(item)));
    return review(thread, listOf(item), listOf(mine), { isPart: part.isPart, isCut });
  }
  if (fresh) return countOf(fresh) || 1; // all of it further down
  if (old && !part.isPart && !part.isCut) {
    for (const below of [...listOf(mine).children]) if (!isKept(below)) leave(thread, below);
    if (!listOf(mine).children.length) old.remove();
  }
  return 0;
};

const countOf = (part) => part.querySelectorAll(".comment .body").length;

/* What stays although the public page does not hold it: one's own, what was linked to, a form. */
const isKept = (item) => item.matches("[data-own], [data-linked]") || Boolean(item.querySelector("form"));

const drop = (thread, from, { into, first, last }) => {
  const ids = new Set();
  for (const item of from.children) ids.add(idOf(item));
  let isInside = !first;
  for (const item of [...into.children]) {
    if (item === first) isInside = true;
    if (isInside && !ids.has(idOf(item)) && !isKept(item)) leave(thread, item);
    if (item === last) return;
  }
};

export const leave = (thread, item) => {
  if (item.contains(thread.root.activeElement)) headingOf(thread).focus({ preventScroll: true });
  item.remove();
};

/* Replies to what one wrote show at once, where that moves nothing that is in view; how many. */
export const answer = (thread, view) => {
  let number = 0;
  for (const reply of repliesTo(thread, view)) {
    const item = reply.closest("li").cloneNode(true);
    const above = find(thread, idOf(reply.closest("ol").closest("li")));
    if (!above || isEndInView(above.closest("li"))) continue;
    below(thread, above.closest("li")).append(item);
    thread.dress(item, thread.view.lang);
    for (const comment of item.querySelectorAll(".comment")) dressOwn(thread, comment);
    number += 1;
  }
  return number;
};

/* In view, or above it: whatever is put there pushes away what is being read. */
const isEndInView = (item) => {
  const fold = foldOf(item);
  const isFolded = (fold && !fold.open) || item.closest("details:not([open])");
  return !isFolded && item.getBoundingClientRect().bottom < innerHeight;
};

const repliesTo = (thread, view) => {
  const replies = new Set();
  for (const reply of view.querySelectorAll("[data-parent]")) {
    const { parent, comment: id, author } = reply.dataset;
    const mine = thread.me && find(thread, parent);
    const isMine = mine && mine.dataset.author === thread.me.id && author !== thread.me.id;
    if (isMine && !find(thread, id)) replies.add(reply);
  }
  return replies;
};

/* The others are counted at the comment that they answer. */
const pointOut = (thread) => {
  for (const old of thread.root.querySelectorAll(".comment > .fresh")) old.remove();
  const numbers = new Map();
  thread.fresh.forEach((view) => repliesTo(thread, view).forEach(({ dataset: { parent } }) => {
    numbers.set(parent, (numbers.get(parent) || 0) + 1);
  }));
  numbers.forEach((number, id) => {
    const link = button(counted(thread, thread.words.replies, number), "fresh", { className: "fresh" });
    link.dataset.mine = "";
    find(thread, id).append(link);
  });
};

/* A button for what is new: nothing moves until somebody asks for it. */
export const offer = (thread, views, number) => {
  const old = thread.view.querySelector(":scope > .fresh");
  thread.fresh = views;
  pointOut(thread);
  if (!number) return old && old.remove();
  const words = counted(thread, thread.words.new, number);
  if (old) old.textContent = words;
  else rootsOf(thread.view).before(button(words, "fresh", { className: "fresh" }));
  return announce(thread, words);
};

export const takeFresh = (thread) => {
  const added = new Set();
  thread.fresh.forEach((view) => {
    graft(thread, rootsOf(view), rootsOf(thread.view)).forEach((comment) => added.add(comment));
  });
  offer(thread, new Set(), 0);
  return added;
};

/* The link to what follows a branch stands below that branch. */
export const passMore = (view, fold) => {
  const old = fold.querySelector(":scope > .more");
  const more = moreOf(rootsOf(view));
  if (old) old.remove();
  if (more) fold.append(more);
};
