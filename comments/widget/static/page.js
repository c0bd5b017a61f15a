/* A thread on the page: asking the service, finding one's way, saying things. */

import { tokenOf } from "./kept.js";

export const send = (thread, method, path, body, key) => new Promise((done, failed) => {
  const call = new XMLHttpRequest();
  const token = tokenOf(thread.site);
  const address = new URL(path, thread.home);
  address.searchParams.set("locale", thread.view.lang.replace("-", "_"));
  call.open(method, address);
  call.responseType = "document";
  call.timeout = 30000;
  call.setRequestHeader("Accept", "text/html");
  if (body) call.setRequestHeader("Content-Type", "application/json");
  if (token) call.setRequestHeader("Authorization", `Bearer ${token}`);
  if (key) call.setRequestHeader("Idempotency-Key", key);
  call.onload = () => done(call);
  call.onerror = call.ontimeout = () => failed(call);
  call.send(body ? JSON.stringify(body) : null);
});

/* A call about tokens, whose answer is JSON. */
export const told = (home, path, body) => new Promise((done, failed) => {
  const call = new XMLHttpRequest();
  call.open("POST", home + path);
  call.responseType = "json";
  call.timeout = 30000;
  call.setRequestHeader("Content-Type", "application/json");
  call.onload = () => done(call);
  call.onerror = call.ontimeout = () => failed(call);
  call.send(JSON.stringify(body));
});

export const pageOf = async (thread, more) => {
  const call = await thread.ask(thread.path(more), "document");
  return call.response.querySelector(".thread");
};

/* `into` holds trees: an item is a comment, and a fold with the list of what hangs below it. */
export const find = (thread, id) => thread.root.getElementById(`comment-${id}`);
export const commentOf = (item) => item.querySelector(":scope > .comment");
export const idOf = (item) => commentOf(item).dataset.comment;
export const foldOf = (item) => item.querySelector(":scope > .below");
export const listOf = (item) => item.querySelector(":scope > .below > ol");
export const rootsOf = (view) => view.querySelector(":scope > .roots");
export const moreOf = (list) => list.parentElement.querySelector(":scope > .more");
export const headingOf = (thread) => thread.view.querySelector("h2");

export const counted = (thread, forms, number) => {
  const { lang } = thread.view;
  const form = forms[new Intl.PluralRules(lang).select(number)] || forms.other;
  return form.replace("{n}", number.toLocaleString(lang));
};

export const announce = (thread, words) => {
  thread.view.querySelector(":scope > [role=status]").textContent = words;
};

export const made = (name, words, more) => {
  const element = document.createElement(name);
  element.textContent = words;
  return Object.assign(element, more);
};

export const button = (words, act, more) => {
  const element = made("button", words, { type: "button", ...more });
  element.dataset.act = act;
  return element;
};

/* What is said beside a form, or above the thread; and a button for how to go on from there. */
export const tell = (thread, form, words, ...more) => {
  const box = (form || thread.view).querySelector("[data-note]");
  box.hidden = !words;
  box.replaceChildren(...(words ? [made("span", words), ...more] : []));
};

/* What is wrong: the words of a refusal, or of a call that got no answer of ours. */
export const complain = (thread, form, call) => {
  const refusal = call && call.response && call.response.querySelector("[data-refusal]");
  const fault = made("div", refusal ? "" : thread.words.failed, { className: "fault" });
  if (refusal) fault.append(...refusal.childNodes);
  tell(thread, form, " ");
  (form || thread.view).querySelector("[data-note]").replaceChildren(fault);
};

/* The list below a comment, made when there is none yet. */
export const below = (thread, item) => {
  if (!foldOf(item)) {
    const fold = made("details", "", { className: "below in", open: true });
    const line = document.createElement("summary");
    line.append(
      made("span", counted(thread, thread.words.show, 1), { className: "shut" }),
      made("span", thread.words.hide, { className: "open" }),
    );
    fold.append(line, document.createElement("ol"));
    item.append(fold);
  }
  return listOf(item);
};

/* A link that only some have. One that stays is left alone: somebody may be on it. */
const offerOwn = (thread, acts, act, isWanted, href) => {
  const there = acts.querySelector(`a[data-mine=${act}]`);
  if (!isWanted) return there && there.remove();
  if (there) return;
  const link = made("a", thread.words[act], { href });
  link.dataset.mine = act;
  if (act === "moderate") link.target = "_blank";
  else link.dataset.act = act;
  acts.append(link);
};

/* The links that only the author of a comment, or a moderator, has; and whether it is new to them. */
export const dressOwn = (thread, comment) => {
  const acts = comment.querySelector(".acts");
  if (!acts) return;
  const { me } = thread;
  const { comment: id, author, status } = comment.dataset;
  const isOwn = Boolean(me) && author === me.id;
  const dot = comment.querySelector(".new");
  const isNew = Boolean(thread.unread) && thread.unread.has(id);
  if (dot && !isNew) dot.remove();
  if (isNew && !dot) {
    const mark = made("span", "", { className: "new" });
    mark.append(made("span", thread.words.isNew, { className: "hush" }));
    mark.dataset.mine = "";
    comment.querySelector(".by").append(mark);
  }
  const report = acts.querySelector("[data-act=report]");
  if (report) report.hidden = isOwn;
  for (const link of acts.querySelectorAll("[data-act=vote]")) {
    link.hidden = isOwn;
    if (me && me.votes[id] === Number(link.dataset.value)) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  offerOwn(thread, acts, "edit", isOwn && Object.hasOwn(me.editable, id), `${thread.home}/comments/${id}/edit`);
  offerOwn(thread, acts, "delete", isOwn && status !== "rejected", `${thread.home}/comments/${id}/delete`);
  offerOwn(thread, acts, "moderate", me && me.moderate, me && me.moderate + id);
};
