/* Signing in on a page that never sees a password: in a window of ours, or by going there and
   coming back. Either way the page gets a token that is good on this site and origin alone. */

import { base64, keepReturn, keepToken, random, takeReturn, tokenOf } from "./kept.js";
import { announce, button, send, tell, told } from "./page.js";
import { enter, isVouched } from "./vouching.js";

const WINDOW = "popup,width=460,height=720";
const LOOK = 250;
const PATIENCE = 3; // looks at a closed window, while its last message may be on its way

let giveUp = () => {};

/* Whether somebody has signed in. Must be called while the browser knows of a click. */
export const signIn = async (thread, form) => (isVouched(thread) && await enter(thread, true))
  || byWindow(thread, form);

const byWindow = (thread, form) => new Promise((done) => {
  giveUp();
  const nonce = random();
  const query = new URLSearchParams([["site", thread.site], ["origin", location.origin], ["nonce", nonce]]);
  const opened = window.open(`${thread.home}/connect?${query}`, "comments-sign-in", WINDOW);
  let closed = opened ? 0 : PATIENCE;
  const end = (token) => {
    clearInterval(watch);
    removeEventListener("message", hear);
    giveUp = () => {};
    if (token) keepToken(thread.site, token);
    done(Boolean(token));
  };
  const hear = ({ origin, source, data }) => {
    if (origin !== thread.home || source !== opened || !data) return;
    if (data.type === "comments:token" && data.nonce === nonce && typeof data.token === "string") {
      tell(thread, form);
      end(data.token);
    }
  };
  const look = () => {
    if (opened && !opened.closed) return;
    closed += 1;
    if (closed < PATIENCE) return;
    offerOtherWay(thread, form);
    end("");
  };
  const watch = setInterval(look, LOOK);
  giveUp = () => end("");
  addEventListener("message", hear);
  tell(thread, form, thread.words.window);
});

const offerOtherWay = (thread, form) => {
  const place = form ? form.dataset.place : "";
  tell(
    thread, form, thread.words.noWindow,
    button(thread.words.instead, "", { onclick: () => goThere(thread, place) }),
  );
};

const goThere = async (thread, place) => {
  const [verifier, state] = [random(), random()];
  // Only pages that came by https can hash; elsewhere the conversation goes on in ours.
  if (!crypto.subtle) return location.assign(thread.view.querySelector(".write").href);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const [back, hash] = [location.href.split("#")[0], location.hash];
  keepReturn({ site: thread.site, article: thread.article, place, verifier, state, hash });
  const query = new URLSearchParams([
    ["site", thread.site], ["back", back], ["challenge", base64(new Uint8Array(digest))], ["state", state],
  ]);
  return location.assign(`${thread.home}/connect?${query}`);
};

/* Back on the page with a code: it becomes the token, and leaves the address at once. */
export const arrive = async (home) => {
  const given = new URLSearchParams(location.hash.slice(1));
  const back = takeReturn(({ state }) => state === given.get("state"));
  history.replaceState(history.state, "", (back && back.hash) || location.href.split("#")[0]);
  if (!back) return;
  keepReturn({ site: back.site, article: back.article, place: back.place });
  const code = given.get("comments-code");
  const call = await told(home, "/embed/token", { __proto__: null, code, verifier: back.verifier });
  if (call.status === 200) keepToken(back.site, call.response.token);
};

export const signOut = async (thread) => {
  const ending = tokenOf(thread.site) && send(thread, "DELETE", "/api/v1/sessions/current");
  keepToken(thread.site, "");
  announce(thread, thread.words.signedOut);
  await Promise.resolve(ending).catch(() => {});
};
