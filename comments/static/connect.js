/* The sign-in window: hands the token to the page that opened it, or says that it can't. */
"use strict";

const handed = document.querySelector("[data-token]");
const asked = document.querySelector("[data-asked=window]");

if (handed && window.opener) {
  const { token, nonce, origin } = handed.dataset;
  window.opener.postMessage({ type: "comments:token", nonce, token }, origin);
  window.close();
}

if (asked && !window.opener) {
  asked.hidden = true;
  document.querySelector("[data-alone]").hidden = false;
}
